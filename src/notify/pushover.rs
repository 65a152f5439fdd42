//! Pushover: its messages API, as plain text.

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;

use super::message::{Message, Severity, cut, plain};
use super::{Target, Unsendable};

/// Characters of a message and of its title.
const MOST: usize = 1024;
const MOST_OF_TITLE: usize = 250;

pub(super) fn request(message: &Message, to: &Target<'_>) -> Result<Request<Bytes>, Unsendable> {
    let url = format!("{}/1/messages.json", to.base("https://api.pushover.net"));
    let priority = if message.severity == Severity::Fault {
        "1"
    } else {
        "0"
    };
    let text = Message {
        link: None,
        ..message.clone()
    }
    .text(MOST, plain, false);
    let title = cut(&message.title, MOST_OF_TITLE, |_| 1);
    let mut fields = vec![
        ("token", to.need("token")?),
        ("user", to.need("user")?),
        ("title", &title),
        // An empty message is refused.
        ("message", if text.is_empty() { &title } else { &text }),
        ("priority", priority),
    ];
    if let Some(link) = &message.link {
        fields.push(("url", link));
    }
    let body = serde_html_form::to_string(&fields).map_err(|_| Unsendable::Text)?;
    let request = Request::post(url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(body));
    request.map_err(|_| Unsendable::Address)
}
