//! The public face: hooks, and the page where its owner wants it there.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue, LOCATION, STRICT_TRANSPORT_SECURITY};
use hyper::{Method, Request, Response, StatusCode};

use super::hook_address;
use super::host::Hosts;
use super::listener::Handler;
use super::routes::{Routes, plain};
use crate::http::body::Body;
use crate::http::client::Client;
use crate::store::misdirected::Misdirection;
use crate::tls::challenges::Challenges;

/// Browsers come back over HTTPS only, for a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

const NOTHING_HERE: &str = "There is nothing here.\n";

const OTHER_HOST: &str = "\
algohook does not answer to this name, by which another site could act as this one.
Open it by its IP address or as localhost. Where the name is yours, also that of a proxy in front, start
algohook with --public-url, such as --public-url https://hooks.example.com.
";

const UNENCRYPTED: &str = "\
Alerts are not taken over plain HTTP, where anybody on the way can read their keys.
Write https:// in the webhook URL of the alert, and rotate the key: it was just sent in the clear.
";

/// The face of a listener; one type for all, so that the binary has one HTTP server.
pub enum Face {
    /// Everything, to the owner.
    Local(Local),
    /// The public face.
    Public(Public),
    /// The way to HTTPS.
    PlainHttp(PlainHttp),
}

impl Handler for Face {
    async fn handle(&self, request: Request<Incoming>, client: Client) -> Response<Body> {
        match self {
            Self::Local(local) => local.handle(request, client).await,
            Self::Public(public) => public.handle(request, client).await,
            Self::PlainHttp(plain) => plain.handle(request, client).await,
        }
    }
}

/// The face of the local listener: everything, under its own names.
pub struct Local {
    /// Everything that there is to answer.
    pub routes: Arc<Routes>,
    /// The names that it goes by.
    pub hosts: Hosts,
}

impl Handler for Local {
    async fn handle(&self, request: Request<Incoming>, client: Client) -> Response<Body> {
        let path = request.uri().path();
        // An alert has its key, and is never turned away for the name that it came by. Nothing
        // else is excused, not even what says that a trusted proxy passed it on: a page that
        // a browser on the proxy's machine shows can say so, too.
        let is_for_anybody = hook_address::is_hook(request.method(), path) || path == "/healthz";
        if is_for_anybody || self.hosts.admit(request.uri(), request.headers()) {
            return self.routes.handle(request, client).await;
        }
        plain(StatusCode::MISDIRECTED_REQUEST, OTHER_HOST)
    }
}

/// The face of the public listener.
pub struct Public {
    /// Everything that there is to answer.
    pub routes: Arc<Routes>,
    /// True if the page and the API are answered here too.
    pub with_ui: bool,
}

impl Handler for Public {
    async fn handle(&self, request: Request<Incoming>, client: Client) -> Response<Body> {
        let path = request.uri().path();
        let mut response = if hook_address::is_hook(request.method(), path) {
            self.routes.hooks.handle(request, client).await
        } else if self.with_ui && path != "/metrics" {
            self.routes.handle(request, client).await
        } else {
            self.routes.hooks.note_elsewhere(&request, &client).await;
            plain(StatusCode::NOT_FOUND, NOTHING_HERE)
        };
        let headers = response.headers_mut();
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
        response
    }
}

/// The face of plain HTTP: the way to HTTPS.
pub struct PlainHttp {
    /// Everything that there is to answer.
    pub routes: Arc<Routes>,
    /// True if alerts are taken.
    pub with_hooks: bool,
    /// The challenges that a certificate authority may look for.
    pub challenges: Arc<Challenges>,
    /// Address of HTTPS, as `https://hooks.example.com`; never taken from the request.
    pub https: Option<String>,
}

impl Handler for PlainHttp {
    async fn handle(&self, request: Request<Incoming>, client: Client) -> Response<Body> {
        let path = request.uri().path();
        if hook_address::is_hook(request.method(), path) {
            // A hook never redirects: TradingView would not follow.
            if self.with_hooks {
                return self.routes.hooks.handle(request, client).await;
            }
            if request.method() == Method::POST {
                let hooks = &self.routes.hooks;
                hooks.note(Misdirection::Unencrypted, path, &client).await;
            }
            return plain(StatusCode::FORBIDDEN, UNENCRYPTED);
        }
        if let Some(answer) = self.challenges.at(path) {
            return plain(StatusCode::OK, answer);
        }
        // Nor does anything else that is sent: what only nearly is a hook's may be an alert.
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        self.routes.hooks.note_elsewhere(&request, &client).await;
        match &self.https {
            Some(https) if is_read && request.headers().contains_key(HOST) => {
                redirect(https, &request)
            }
            _ => plain(StatusCode::NOT_FOUND, NOTHING_HERE),
        }
    }
}

fn redirect(https: &str, request: &Request<Incoming>) -> Response<Body> {
    let path = request.uri().path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    let mut response = plain(StatusCode::PERMANENT_REDIRECT, "Over HTTPS, please.\n");
    // What hyper parsed as a path has nothing that a header cannot hold.
    if path.starts_with('/')
        && let Ok(location) = HeaderValue::try_from(format!("{https}{path}"))
    {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
