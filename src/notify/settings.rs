//! The settings of channels: which each kind has, and which are secrets.

use std::num::NonZeroU16;

use crate::domain::channel::ChannelKind;
use crate::domain::setting::{Setting, SettingTable, Settings, UnfitSetting};
use crate::outbound::is_target;

/// Letters of a setting at most.
const LONGEST: usize = 2000;

/// The settings of a kind.
fn of(kind: ChannelKind) -> SettingTable {
    const TELEGRAM: &[Setting] = &[
        Setting::plain("url"),
        Setting::secret("token").needed(),
        Setting::plain("chat").needed(),
    ];
    const ADDRESS: &[Setting] = &[Setting::secret("url").needed()];
    const NTFY: &[Setting] = &[
        Setting::plain("url"),
        Setting::plain("topic").needed(),
        Setting::secret("token"),
    ];
    const GOTIFY: &[Setting] = &[
        Setting::plain("url").needed(),
        Setting::secret("token").needed(),
    ];
    const PUSHOVER: &[Setting] = &[
        Setting::plain("url"),
        Setting::secret("token").needed(),
        Setting::secret("user").needed(),
    ];
    const EMAIL: &[Setting] = &[
        Setting::plain("host").needed(),
        Setting::plain("port"),
        Setting::plain("tls"),
        Setting::plain("from").needed(),
        Setting::plain("to").needed(),
        Setting::plain("username"),
        Setting::secret("password"),
    ];
    const WEBHOOK: &[Setting] = &[Setting::secret("url").needed(), Setting::secret("secret")];
    SettingTable {
        settings: match kind {
            ChannelKind::Telegram => TELEGRAM,
            ChannelKind::Discord | ChannelKind::Slack => ADDRESS,
            ChannelKind::Ntfy => NTFY,
            ChannelKind::Gotify => GOTIFY,
            ChannelKind::Pushover => PUSHOVER,
            ChannelKind::Email => EMAIL,
            ChannelKind::Webhook => WEBHOOK,
        },
        own_secrets: None,
    }
}

/// True if a kind has a setting of this name.
#[must_use]
pub fn is_known(kind: ChannelKind, name: &str) -> bool {
    of(kind).is_known(name)
}

/// True if a setting of a kind is a secret.
#[must_use]
pub fn is_secret(kind: ChannelKind, name: &str) -> bool {
    of(kind).is_secret(name)
}

/// Checks settings and secrets together.
///
/// # Errors
///
/// [`UnfitSetting`] for the first that is not right.
pub fn check(kind: ChannelKind, settings: &Settings) -> Result<(), UnfitSetting> {
    of(kind).check(kind.as_str(), settings, broken_rule)
}

fn broken_rule(name: &str, value: &str) -> Option<&'static str> {
    let is_address = value.starts_with("https://") || value.starts_with("http://");
    match name {
        _ if value.trim().is_empty() || value.chars().count() > LONGEST => {
            Some("be 1 to 2000 characters")
        }
        _ if value.chars().any(char::is_control) => Some("be printable"),
        "url" if !is_address || !value.parse().is_ok_and(|uri| is_target(&uri)) => {
            Some("be an address such as https://host/path")
        }
        "port" if value.parse::<NonZeroU16>().is_err() => Some("be a number from 1 to 65535"),
        "tls" if !["starttls", "tls", "none"].contains(&value) => Some("be starttls, tls or none"),
        "from" | "to" if !value.contains('@') => Some("be an e-mail address"),
        _ => None,
    }
}
