//! Telegram's Bot API: requests as bytes, answers as what they say.

use std::time::Duration;

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, DATE};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::formats::struck_out;
use crate::notify::telegram::bot_id;
use crate::outbound::Answer;

/// Updates of one answer.
const AT_ONCE: u32 = 20;

/// Letters of a user's name that are kept.
const LONGEST_NAME: usize = 64;

/// The time for which the service holds a request back while there is no update.
pub const HELD: Duration = Duration::from_secs(25);

/// A bot: the server of its API, and its token.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bot {
    /// The server, without a slash at its end.
    pub server: String,
    /// The token.
    pub token: String,
}

impl Bot {
    /// The public part of the token, by which the bot is known.
    #[must_use]
    pub fn id(&self) -> &str {
        bot_id(&self.token)
    }

    /// Words that nobody is told: the token, and the part of it that is not public.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let secret = self.token.split_once(':').map(|(_, secret)| secret);
        std::iter::once(self.token.as_str()).chain(secret)
    }

    fn url(&self, method: &str) -> String {
        format!("{}/bot{}/{method}", self.server, self.token)
    }
}

/// A message to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Its number; later updates have larger ones.
    pub id: i64,
    /// The message; `None` of updates of other kinds.
    pub message: Option<Message>,
}

/// A message to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The number of the chat.
    pub chat: i64,
    /// The number of the user; none where it was sent in the name of a chat.
    pub user: Option<i64>,
    /// The name that the user goes by.
    pub user_name: String,
    /// Time of sending, by the service's clock.
    pub sent_at: Timestamp,
    /// Its text; none of a picture.
    pub text: Option<String>,
}

/// Updates, and the service's time.
#[derive(Debug)]
pub struct Updates {
    /// The updates, oldest first.
    pub updates: Vec<Update>,
    /// The time by the service's clock, where it says so.
    pub at: Option<Timestamp>,
}

/// The service's refusal to give updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The service's answer, in a sentence without the token.
    pub why: String,
    /// The pause that it asks for.
    pub pause: Option<Duration>,
    /// True if the answer was cut off: fewer updates at once may fit.
    pub is_cut: bool,
}

/// The request for the next updates.
///
/// # Errors
///
/// hyper's, where the address is not valid.
pub fn get_updates(
    bot: &Bot,
    offset: Option<i64>,
    is_single: bool,
    held: Duration,
) -> Result<Request<Bytes>, hyper::http::Error> {
    let mut body = json!({
        "timeout": held.as_secs(),
        "limit": if is_single { 1 } else { AT_ONCE },
        "allowed_updates": ["message"],
    });
    if let Some(offset) = offset {
        body["offset"] = json!(offset);
    }
    post(&bot.url("getUpdates"), &body)
}

/// The request that sends a plain text.
///
/// # Errors
///
/// hyper's, where the address is not valid.
pub fn send_message(
    bot: &Bot,
    chat: i64,
    text: &str,
) -> Result<Request<Bytes>, hyper::http::Error> {
    let body = json!({"chat_id": chat, "text": text});
    post(&bot.url("sendMessage"), &body)
}

fn post(url: &str, body: &serde_json::Value) -> Result<Request<Bytes>, hyper::http::Error> {
    let request = Request::post(url).header(CONTENT_TYPE, "application/json");
    request.body(Bytes::from(body.to_string()))
}

#[derive(Deserialize)]
struct Said {
    ok: bool,
    #[serde(default)]
    result: Vec<SaidUpdate>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

#[derive(Deserialize)]
struct SaidUpdate {
    update_id: i64,
    /// Whatever it holds: one that nobody understands must not keep back those behind it.
    message: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct SaidMessage {
    chat: Numbered,
    from: Option<User>,
    sender_chat: Option<serde_json::Value>,
    date: i64,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Numbered {
    id: i64,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    is_bot: bool,
    first_name: Option<String>,
    username: Option<String>,
}

/// The updates of an answer.
///
/// # Errors
///
/// [`Refused`] where it has none.
pub fn updates(bot: &Bot, answer: &Answer) -> Result<Updates, Refused> {
    let refused = |why: String, pause| Refused {
        why: struck_out(why, bot.secrets()),
        pause,
        is_cut: answer.is_cut,
    };
    let status = answer.status.as_u16();
    let said: Said = serde_json::from_slice(&answer.body).map_err(|_| {
        let what = if answer.is_cut {
            "too much"
        } else {
            "what is no JSON of the Bot API"
        };
        refused(format!("{status}: it said {what}"), None)
    })?;
    if !said.ok || !answer.status.is_success() {
        let pause = said
            .parameters
            .and_then(|parameters| parameters.retry_after);
        let words = said.description.unwrap_or_default();
        let words: String = words.chars().take(200).collect();
        let why = format!("{status}: {words}{}", hint(status));
        return Err(refused(why, pause.map(Duration::from_secs)));
    }
    let date = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    Ok(Updates {
        updates: said.result.into_iter().map(update).collect(),
        at: date.map(|date| date.timestamp()),
    })
}

/// The next step after a refusal, by its status.
fn hint(status: u16) -> &'static str {
    match status {
        401 | 404 => ". The bot's token is not valid: enter it again in the channel's settings",
        409 => {
            ". Something else reads the messages of this bot: another algohook, or a webhook that was set for it. Use \
             a bot of its own"
        }
        _ => "",
    }
}

fn update(said: SaidUpdate) -> Update {
    let message = said
        .message
        .and_then(|message| serde_json::from_value(message).ok())
        .and_then(message);
    Update {
        id: said.update_id,
        message,
    }
}

fn message(said: SaidMessage) -> Option<Message> {
    // In the name of a chat several people write, whom nobody tells apart.
    let is_of_person = said.sender_chat.is_none();
    let user = said.from.filter(|user| is_of_person && !user.is_bot);
    let name = user.as_ref().and_then(|user| {
        let username = user.username.as_ref().map(|name| format!("@{name}"));
        username.or_else(|| user.first_name.clone())
    });
    let name: String = name
        .unwrap_or_default()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(LONGEST_NAME)
        .collect();
    Some(Message {
        chat: said.chat.id,
        user: user.map(|user| user.id),
        user_name: name,
        sent_at: Timestamp::from_second(said.date).ok()?,
        text: said.text,
    })
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, StatusCode};

    use super::*;

    fn bot() -> Bot {
        Bot {
            server: "https://api.telegram.org".to_owned(),
            token: "42:secret-of-the-bot".to_owned(),
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Mon, 05 Jan 2026 14:30:00 GMT".parse().unwrap());
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Bytes::from(body.to_owned()),
            is_cut: false,
        }
    }

    #[test]
    fn updates_are_read_and_what_nobody_understands_keeps_none_back() {
        let body = r#"{"ok":true,"result":[
            {"update_id":7,"message":{"message_id":1,"date":1767623400,"chat":{"id":-5,"type":"group"},
             "from":{"id":9,"is_bot":false,"first_name":"Ann","username":"ann"},"text":"/status"}},
            {"update_id":8,"message":{"date":"soon"}},
            {"update_id":9,"edited_message":{}},
            {"update_id":10,"message":{"date":1767623400,"chat":{"id":-5},"sender_chat":{"id":-5},
             "from":{"id":1087968824,"is_bot":true,"first_name":"Group"},"text":"/halt"}}]}"#;
        let read = updates(&bot(), &answer(200, body)).unwrap();
        assert_eq!(read.at.unwrap().to_string(), "2026-01-05T14:30:00Z");
        let ids: Vec<i64> = read.updates.iter().map(|update| update.id).collect();
        assert_eq!(ids, [7, 8, 9, 10]);
        let first = read.updates[0].message.clone().unwrap();
        assert_eq!(
            (
                first.chat,
                first.user,
                &*first.user_name,
                first.text.as_deref()
            ),
            (-5, Some(9), "@ann", Some("/status"))
        );
        assert_eq!(read.updates[1].message, None);
        let anonymous = read.updates[3].message.as_ref().unwrap();
        assert_eq!(
            anonymous.user, None,
            "an administrator without a name is nobody"
        );
    }

    #[test]
    fn a_refusal_says_what_to_do_and_not_the_token() {
        let body =
            r#"{"ok":false,"error_code":409,"description":"Conflict: bot42:secret-of-the-bot"}"#;
        let refused = updates(&bot(), &answer(409, body)).unwrap_err();
        assert!(refused.why.contains("a bot of its own"), "{refused:?}");
        assert!(!refused.why.contains("secret-of"), "{refused:?}");
        // However the service writes it, or a proxy before it.
        for said in ["/bot42%3Asecret-of-the-bot/getUpdates", "secret-of-the-bot"] {
            let body = format!(r#"{{"ok":false,"description":"no {said}"}}"#);
            let refused = updates(&bot(), &answer(400, &body)).unwrap_err();
            assert!(!refused.why.contains("secret-of"), "{refused:?}");
        }
        let body =
            r#"{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":5}}"#;
        let refused = updates(&bot(), &answer(429, body)).unwrap_err();
        assert_eq!(refused.pause, Some(Duration::from_secs(5)));
        let refused = updates(&bot(), &answer(502, "<html>")).unwrap_err();
        assert_eq!(refused.why, "502: it said what is no JSON of the Bot API");
    }

    #[test]
    fn a_request_names_its_bot_and_where_it_goes_on() {
        let request = get_updates(&bot(), Some(8), false, HELD).unwrap();
        assert_eq!(
            request.uri(),
            "https://api.telegram.org/bot42:secret-of-the-bot/getUpdates"
        );
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(
            body,
            json!({"offset": 8, "timeout": 25, "limit": 20, "allowed_updates": ["message"]})
        );
        assert_eq!(bot().id(), "42");
        assert_eq!(bot_id("nonsense-token"), "nonsense");
    }
}
