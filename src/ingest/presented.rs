//! The keys that a delivery shows, and whether one of them is the webhook's.
//!
//! A key is in the message as `auth_key`, or, where its owner wants that, in the URL or in the
//! message's own secret field. It is compared in constant time wherever it stands.

use super::registry::Webhook;
use crate::domain::format::Format;
use crate::domain::webhook::AuthKey;
use crate::payload::{Alert, PresentedKey};
use crate::store::webhooks::StoredWebhook;

/// The keys that a delivery shows, in its message and in its URL, to a webhook.
pub struct Presented<'a> {
    /// The webhook's key.
    key: &'a AuthKey,
    /// True if the webhook takes it from the URL.
    in_path: bool,
    /// True if the webhook takes it from a message's own secret field.
    in_field: bool,
    /// The key behind the id in the URL.
    path_key: Option<&'a PresentedKey>,
}

/// The outcome of looking at the keys of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It shows the webhook's key.
    Right,
    /// It shows another.
    Wrong,
    /// It shows none, and what to do about that.
    Missing(Option<String>),
}

impl<'a> Presented<'a> {
    /// The keys of a delivery that goes to a webhook.
    pub(super) fn to(webhook: &'a Webhook, path_key: Option<&'a PresentedKey>) -> Self {
        Self {
            key: webhook.auth_key(),
            in_path: webhook.key_in_path,
            in_field: webhook.key_in_field,
            path_key,
        }
    }

    /// The keys of a delivery that goes to a stored webhook.
    #[must_use]
    pub fn to_stored(webhook: &'a StoredWebhook, path_key: Option<&'a PresentedKey>) -> Self {
        Self {
            key: &webhook.auth_key,
            in_path: webhook.settings.key_in_path,
            in_field: webhook.settings.key_in_field,
            path_key,
        }
    }

    fn is_right(&self, key: &PresentedKey) -> bool {
        self.key.is(key.as_str())
    }

    /// True if the URL shows the key, and may.
    fn is_by_path(&self) -> bool {
        self.in_path && self.path_key.is_some_and(|key| self.is_right(key))
    }

    /// The verdict on a message that cannot be read, in which these keys were found.
    #[must_use]
    pub fn verdict_of_broken(&self, keys: &[PresentedKey]) -> Verdict {
        let is_right = |key: &PresentedKey| self.is_right(key);
        match keys {
            [] if self.is_by_path() => Verdict::Right,
            [] => Verdict::Missing(None),
            keys if keys.iter().any(is_right) => Verdict::Right,
            _ => Verdict::Wrong,
        }
    }

    /// A key that a message states under its own name counts alone: what is in the URL does
    /// not make a message right that was written for another webhook.
    #[must_use]
    pub fn verdict(&self, alert: &Alert) -> Verdict {
        if let Some(stated) = &alert.auth_key {
            return if self.is_right(stated) {
                Verdict::Right
            } else {
                Verdict::Wrong
            };
        }
        let has_right_secret = || alert.secrets.iter().any(|key| self.is_right(key));
        if self.is_by_path() || self.in_field && has_right_secret() {
            return Verdict::Right;
        }
        let is_shown =
            self.in_path && self.path_key.is_some() || self.in_field && !alert.secrets.is_empty();
        if is_shown {
            return Verdict::Wrong;
        }
        Verdict::Missing(self.remedy(alert))
    }

    /// The remedy where a message shows no key that counts.
    fn remedy(&self, alert: &Alert) -> Option<String> {
        if let Some(name) = &alert.misspelt {
            return Some(format!("Rename \"{name}\" to \"auth_key\"."));
        }
        let in_message = in_message(alert);
        if self.path_key.is_some() {
            return Some(format!(
                "This webhook does not take its key from the URL: switch that on in its settings (keyInPath), or {in_message}."
            ));
        }
        if alert.secrets.iter().any(|key| self.is_right(key)) {
            return Some(format!(
                "This webhook does not take its key from secret, token or password: switch that on in its settings (keyInField), or {in_message}."
            ));
        }
        if alert.format == Format::Algohook {
            return None;
        }
        Some(format!(
            "The message is read as {} and has no key. Switch on the key in the URL in the webhook's settings (keyInPath) and paste the new URL, or {in_message}.",
            alert.format.name()
        ))
    }
}

/// The way to put the key into a message without making another one of it: a field of ours in the
/// message of another service makes it a message of ours, unless the webhook has its format.
fn in_message(alert: &Alert) -> String {
    let is_json = alert.recorded.trim_ascii_start().starts_with(b"{");
    match alert.format {
        _ if !is_json => "write auth_key=KEY behind the rest of the message".to_owned(),
        Format::Auto | Format::Algohook => {
            "put the key into the message as \"auth_key\"".to_owned()
        }
        format => format!(
            "set the webhook's format to {format} and put the key into the message as \"auth_key\": without that format, the message is then read as algohook's own"
        ),
    }
}
