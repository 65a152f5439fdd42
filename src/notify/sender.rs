//! Sends the messages of channels.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::channel::ChannelKind;
use crate::domain::notice::Notices;
use crate::formats::struck_out;
use crate::outbound::Client;
use crate::outbox::{Consumer, Sending, Sent};
use crate::store::outbox::OutboxRow;
use crate::store::{Store, StoreError, channels, chats};
use crate::vault::Vault;

use super::message::Message;
use super::{Target, email, render};
use crate::domain::setting::Settings;

/// Time for one e-mail, from the connection to the answer.
const MAIL_LIMIT: Duration = Duration::from_secs(20);

/// Sends the rows of channels.
pub struct Notifier<C> {
    /// The database.
    pub store: Arc<Store>,
    /// Opens sealed secrets.
    pub vault: Vault,
    /// HTTPS client with address checks.
    pub client: Client,
    /// The time of day.
    pub clock: C,
    /// The public address of the page, where there is one.
    pub page: Option<String>,
}

/// A row's message, its destination and its secrets.
struct Parts {
    kind: ChannelKind,
    settings: Settings,
    secrets: Settings,
    message: Message,
}

impl<C: Clock> Consumer for Notifier<C> {
    fn send<'a>(&'a self, row: &'a OutboxRow) -> Sending<'a> {
        Box::pin(self.send_once(row))
    }
}

impl<C: Clock> Notifier<C> {
    async fn send_once(&self, row: &OutboxRow) -> Sent {
        let parts = match self.parts(row).await {
            Ok(parts) => parts,
            Err(sent) => return sent,
        };
        let to = Target {
            settings: &parts.settings,
            secrets: &parts.secrets,
        };
        let sent = if parts.kind == ChannelKind::Email {
            let sending = email::send(&self.client, &parts.message, &to, &row.about);
            let silent =
                || Sent::Ambiguous("the mail server did not answer in 20 seconds".to_owned());
            tokio::time::timeout(MAIL_LIMIT, sending)
                .await
                .unwrap_or_else(|_| silent())
        } else {
            let request = super::request(
                parts.kind,
                &parts.message,
                &to,
                &row.about,
                self.clock.now(),
            );
            match request {
                Ok(request) => with_own_pause(Sent::of(self.client.deliver(request).await)),
                Err(error) => return Sent::Refused(error.to_string()),
            }
        };
        let secrets: Vec<&str> = parts.secrets.values().map(String::as_str).collect();
        sent.with_answer(|answer| struck_out(answer, secrets.iter().copied()))
    }

    /// Reads what is needed; else what is to be noted of the row.
    async fn parts(&self, row: &OutboxRow) -> Result<Parts, Sent> {
        let Some((id, purpose)) = channels::of_lane(&row.lane) else {
            return Err(Sent::Refused(format!("{} is no channel", row.lane)));
        };
        let is_chat = purpose == "chat";
        let notices: Notices = serde_json::from_slice(&row.body)
            .map_err(|error| Sent::Refused(format!("the message cannot be read: {error}")))?;
        let (vault, page) = (self.vault.clone(), self.page.clone());
        let read = self.store.readers().run(move |connection| {
            let mut terms = channels::get(connection, id)?.terms;
            if is_chat {
                // An answer goes where the question came from.
                let commander = chats::get(connection, id)?.and_then(|chat| chat.commander);
                let commander = commander.ok_or_else(|| gone("the chat"))?;
                let chat = commander.chat.to_string();
                terms.settings.insert("chat".to_owned(), chat);
            }
            let secrets = vault.read(connection, channels::owner_of(id));
            let message = render::message(connection, &notices, page.as_deref())?;
            Ok((terms, secrets, message))
        });
        let (terms, secrets, message) = read.await.map_err(|error| Sent::not_tried(&error))?;
        let secrets = secrets.map_err(|error| match error {
            error if error.is_loss() => Sent::Refused(error.to_string()),
            error => Sent::not_tried(&error.into()),
        })?;
        Ok(Parts {
            kind: terms.kind,
            settings: terms.settings,
            secrets,
            message,
        })
    }
}

fn gone(what: &str) -> StoreError {
    StoreError::NotFound(what.to_owned())
}

/// Takes the pause that Telegram and Discord ask for in the body of a 429.
fn with_own_pause(sent: Sent) -> Sent {
    let Sent::NotTaken {
        answer,
        retry_after: None,
    } = sent
    else {
        return sent;
    };
    let body = answer.split_once(": ").map_or("", |(_, body)| body);
    let said: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let pause = said["parameters"]["retry_after"]
        .as_f64()
        .or(said["retry_after"].as_f64());
    let retry_after = pause.and_then(|pause| Duration::try_from_secs_f64(pause).ok());
    Sent::NotTaken {
        answer,
        retry_after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_in_the_body_is_obeyed() {
        let pause = |body: &str| {
            let answer = format!("429: {body}");
            match with_own_pause(Sent::NotTaken {
                answer,
                retry_after: None,
            }) {
                Sent::NotTaken { retry_after, .. } => retry_after,
                sent => panic!("{sent:?}"),
            }
        };
        let telegram = r#"{"ok":false,"error_code":429,"parameters":{"retry_after":12}}"#;
        assert_eq!(pause(telegram), Some(Duration::from_secs(12)));
        assert_eq!(
            pause(r#"{"retry_after": 0.25}"#),
            Some(Duration::from_millis(250))
        );
        assert_eq!(pause("later"), None);
        assert_eq!(pause(r#"{"retry_after": -1}"#), None);
    }
}
