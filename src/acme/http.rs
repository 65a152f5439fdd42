//! The way to the authority: one HTTPS connection for each request.

use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::Response;
use hyper::body::Bytes;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};

use super::issue::AcmeError;
use crate::outbound::{self, Limits, Reach, Roots, RootsError};

/// Bounds of one request. A chain of certificates has some kilobytes.
const LIMITS: Limits = Limits {
    connecting: Duration::from_secs(15),
    overall: Duration::from_secs(30),
    answer: 1024 * 1024,
};

/// Talks to an authority whose certificate is signed by a root that is trusted.
#[derive(Clone)]
pub struct Client(outbound::Client);

impl Client {
    /// A client that trusts Mozilla's roots, or only those of a file.
    pub fn new(own_roots: Option<&Path>) -> Result<Self, AcmeError> {
        let roots = own_roots.map_or(Roots::Mozilla, Roots::File);
        // The owner says where the authority is: it may be one of his own network.
        let client = outbound::Client::new(roots, Reach::Anywhere, LIMITS);
        client.map(Self).map_err(|error| match error {
            RootsError::File { path, why } => AcmeError::Roots {
                path: path.display().to_string(),
                why,
            },
            RootsError::Tls(error) => AcmeError::Tls(error.to_string()),
        })
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        self.exchange(request).await.map_err(Error::Other)
    }

    async fn exchange(
        self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<BytesResponse, Box<dyn std::error::Error + Send + Sync>> {
        if request.uri().scheme_str() != Some("https") {
            return Err("an authority has to be asked over https://".into());
        }
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let answer = self.0.send(Request::from_parts(head, body)).await?;
        if answer.is_cut {
            return Err("its answer is larger than any should be".into());
        }
        let mut response = Response::new(Full::new(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(BytesResponse::from(response))
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().send(request))
    }
}
