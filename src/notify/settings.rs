//! The settings of channels: which each kind has, and which are secrets.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use crate::domain::channel::ChannelKind;
use crate::outbound::is_target;

/// A channel's settings or secrets, by name.
pub type Settings = BTreeMap<String, String>;

/// Letters of a setting at most.
const LONGEST: usize = 2000;

/// A setting: its name, whether it is a secret, and whether it is needed.
type Setting = (&'static str, bool, bool);

/// The settings of a kind.
#[must_use]
pub fn of(kind: ChannelKind) -> &'static [Setting] {
    match kind {
        ChannelKind::Telegram => &[
            ("url", false, false),
            ("token", true, true),
            ("chat", false, true),
        ],
        ChannelKind::Discord | ChannelKind::Slack => &[("url", true, true)],
        ChannelKind::Ntfy => &[
            ("url", false, false),
            ("topic", false, true),
            ("token", true, false),
        ],
        ChannelKind::Gotify => &[("url", false, true), ("token", true, true)],
        ChannelKind::Pushover => &[
            ("url", false, false),
            ("token", true, true),
            ("user", true, true),
        ],
        ChannelKind::Email => &[
            ("host", false, true),
            ("port", false, false),
            ("tls", false, false),
            ("from", false, true),
            ("to", false, true),
            ("username", false, false),
            ("password", true, false),
        ],
        ChannelKind::Webhook => &[("url", true, true), ("secret", true, false)],
    }
}

/// Why settings do not do for a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The kind has no such setting.
    #[error("{kind} has no setting {name}; it has {known}")]
    Unknown {
        /// The kind.
        kind: ChannelKind,
        /// The name.
        name: String,
        /// Those it has.
        known: String,
    },
    /// The kind needs a setting.
    #[error("{kind} needs {name}: add --set {name}=VALUE")]
    Missing {
        /// The kind.
        kind: ChannelKind,
        /// The name.
        name: &'static str,
    },
    /// The value is none that it can have.
    #[error("{name} must be {rule}")]
    Unusable {
        /// The name.
        name: String,
        /// What it must be.
        rule: &'static str,
    },
}

/// True if a kind has a setting of this name.
#[must_use]
pub fn is_known(kind: ChannelKind, name: &str) -> bool {
    of(kind).iter().any(|(known, _, _)| *known == name)
}

/// True if a setting of a kind is a secret.
#[must_use]
pub fn is_secret(kind: ChannelKind, name: &str) -> bool {
    of(kind)
        .iter()
        .any(|(known, is_secret, _)| *known == name && *is_secret)
}

/// Checks settings and secrets together.
///
/// # Errors
///
/// [`SettingError`] for the first that is not right.
pub fn check(kind: ChannelKind, settings: &Settings) -> Result<(), SettingError> {
    for (name, value) in settings {
        if !is_known(kind, name) {
            let known: Vec<&str> = of(kind).iter().map(|(name, _, _)| *name).collect();
            return Err(SettingError::Unknown {
                kind,
                name: name.chars().take(40).collect(),
                known: known.join(", "),
            });
        }
        if let Some(rule) = broken_rule(name, value) {
            return Err(SettingError::Unusable {
                name: name.clone(),
                rule,
            });
        }
    }
    let mut needed = of(kind).iter().filter(|(_, _, is_needed)| *is_needed);
    match needed.find(|(name, _, _)| !settings.contains_key(*name)) {
        Some((name, _, _)) => Err(SettingError::Missing { kind, name }),
        None => Ok(()),
    }
}

fn broken_rule(name: &str, value: &str) -> Option<&'static str> {
    let is_address = value.starts_with("https://") || value.starts_with("http://");
    match name {
        _ if value.trim().is_empty() || value.chars().count() > LONGEST => {
            Some("1 to 2000 characters")
        }
        _ if value.chars().any(char::is_control) => Some("printable"),
        "url" if !is_address || !value.parse().is_ok_and(|uri| is_target(&uri)) => {
            Some("an address such as https://host/path")
        }
        "port" if value.parse::<NonZeroU16>().is_err() => Some("a number from 1 to 65535"),
        "tls" if !["starttls", "tls", "none"].contains(&value) => Some("starttls, tls or none"),
        "from" | "to" if !value.contains('@') => Some("an e-mail address"),
        _ => None,
    }
}
