//! Answers made smaller on their way, where the client takes gzip.

use std::io::{self, Write};
use std::mem;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::Response;
use hyper::body::{Body as _, Bytes};
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, VARY};

use super::body::{Body, full};

/// Smaller answers fit into one packet as they are.
const WORTH_COMPRESSING: u64 = 1024;

/// An answer of so many bytes is compressed in less than a millisecond; a larger one on a thread
/// that answers no alert.
const AT_ONCE: usize = 16 * 1024;

/// A tenth larger than the smallest, in a third of the time.
const LEVEL: Compression = Compression::new(4);

/// Header in which a browser says who made a page send a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// True if a client takes an encoding.
#[must_use]
pub fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let stated = headers.get_all(ACCEPT_ENCODING).iter();
    let mut offers = stated
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    offers.any(|offer| {
        let (name, quality) = offer.split_once(';').unwrap_or((offer, ""));
        let is_refused = matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case(encoding) && !is_refused
    })
}

/// True if a page of another site, or of another port, made a browser ask. Whoever watches the line
/// would learn from the length of a compressed answer how close a guess was.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get(FETCH_SITE);
    site.is_some_and(|site| site != "same-origin" && site != "none")
}

/// The answer, compressed where its client takes that and it is worth it. It must not hold a
/// secret beside a text that somebody else may choose.
pub async fn compressed(response: Response<Body>, asked: &HeaderMap) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    head.headers
        .insert(VARY, HeaderValue::from_static("accept-encoding"));
    let length = body.size_hint().exact();
    let is_small = length.is_some_and(|length| length < WORTH_COMPRESSING);
    if is_small || !accepts(asked, "gzip") || is_from_elsewhere(asked) {
        return Response::from_parts(head, body);
    }
    let body = match length {
        Some(_) => whole(body).await,
        None => Ok(as_it_comes(body)),
    };
    match body {
        Ok(body) => {
            let gzip = HeaderValue::from_static("gzip");
            head.headers.insert(CONTENT_ENCODING, gzip);
            Response::from_parts(head, body)
        }
        Err(body) => Response::from_parts(head, body),
    }
}

/// A body that is all there; the body itself where it could not be compressed.
async fn whole(body: Body) -> Result<Body, Body> {
    let Ok(collected) = body.collect().await;
    let bytes = collected.to_bytes();
    let made = if bytes.len() <= AT_ONCE {
        gzip(&bytes)
    } else {
        let bytes = bytes.clone();
        let made = tokio::task::spawn_blocking(move || gzip(&bytes)).await;
        made.map_err(io::Error::other).flatten()
    };
    match made {
        Ok(made) => Ok(full(made)),
        Err(error) => {
            tracing::error!(%error, "an answer could not be compressed");
            Err(full(bytes))
        }
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), LEVEL);
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A body that comes in parts, of which one waits at a time.
fn as_it_comes(body: Body) -> Body {
    let (sender, compressed) = Channel::<Bytes>::new(1);
    tokio::spawn(async move {
        if let Err(error) = pass_on(body, sender).await {
            tracing::error!(%error, "an answer could not be compressed");
        }
    });
    compressed.boxed()
}

/// Compresses every part until the last, or until nobody reads any more.
async fn pass_on(mut body: Body, mut sender: Sender<Bytes>) -> io::Result<()> {
    let mut encoder = GzEncoder::new(Vec::new(), LEVEL);
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(part) = frame.into_data() else {
            continue;
        };
        let work = tokio::task::spawn_blocking(move || {
            encoder.write_all(&part)?;
            let made = mem::take(encoder.get_mut());
            Ok::<_, io::Error>((encoder, made))
        });
        let made;
        (encoder, made) = work.await.map_err(io::Error::other)??;
        if !made.is_empty() && sender.send_data(made.into()).await.is_err() {
            return Ok(());
        }
    }
    // Whoever has left need not be told of the end.
    let _ = sender.send_data(encoder.finish()?.into()).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use hyper::header::CONTENT_LENGTH;

    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        };
        headers.iter().map(header).collect()
    }

    async fn answer(body: Body, headers: &[(&'static str, &'static str)]) -> (HeaderMap, Vec<u8>) {
        let response = compressed(Response::new(body), &asked(headers)).await;
        let (head, body) = response.into_parts();
        let Ok(body) = body.collect().await;
        (head.headers, body.to_bytes().to_vec())
    }

    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
        plain
    }

    #[tokio::test]
    async fn what_is_compressed_is_the_same_once_unpacked() {
        for length in [1024, AT_ONCE, AT_ONCE + 1, 1 << 20] {
            let plain: Vec<u8> = (0..=250).cycle().take(length).collect();
            let (headers, sent) = answer(full(plain.clone()), &[("accept-encoding", "gzip")]).await;
            assert_eq!(headers[CONTENT_ENCODING], "gzip");
            assert_eq!(headers[VARY], "accept-encoding");
            assert!(!headers.contains_key(CONTENT_LENGTH));
            assert!(sent.len() < length);
            assert_eq!(unpacked(&sent), plain);
        }
    }

    #[tokio::test]
    async fn a_body_in_parts_is_compressed_as_it_comes() {
        let (mut sender, body) = Channel::<Bytes>::new(1);
        let parts: Vec<Bytes> = (0..50)
            .map(|at| Bytes::from(format!("row {at}\n").repeat(1_000)))
            .collect();
        let sent = parts.clone();
        tokio::spawn(async move {
            for part in sent {
                sender.send_data(part).await.unwrap();
            }
        });
        let (headers, sent) = answer(body.boxed(), &[("accept-encoding", "br, gzip")]).await;
        assert_eq!(headers[CONTENT_ENCODING], "gzip");
        assert_eq!(unpacked(&sent), parts.concat());
    }

    #[tokio::test]
    async fn what_is_small_or_not_wanted_stays_as_it_is() {
        let (small, large) = (vec![b'a'; 1023], vec![b'a'; 4096]);
        let gzip = ("accept-encoding", "gzip");
        for (body, headers) in [
            (&small, vec![gzip]),
            (&large, vec![]),
            (&large, vec![("accept-encoding", "identity")]),
            (&large, vec![("accept-encoding", "gzip;q=0, br")]),
            (&large, vec![gzip, ("sec-fetch-site", "cross-site")]),
            (&large, vec![gzip, ("sec-fetch-site", "same-site")]),
        ] {
            let (found, sent) = answer(full(body.clone()), &headers).await;
            assert!(!found.contains_key(CONTENT_ENCODING), "{headers:?}");
            assert_eq!(found[VARY], "accept-encoding");
            assert_eq!(&sent, body);
        }
        let own = [gzip, ("sec-fetch-site", "same-origin")];
        let (found, _) = answer(full(large), &own).await;
        assert_eq!(found[CONTENT_ENCODING], "gzip");
    }
}
