//! The settings of formats: which each has, which it needs, and which are secrets.

use std::collections::BTreeMap;

use crate::domain::forward::ForwardFormat;

/// A format's own settings, by name.
pub type Settings = BTreeMap<String, String>;

/// Letters that a setting has at most.
const LONGEST: usize = 500;

/// Prefix of the secrets of a template, which the owner names.
const OF_TEMPLATE: &str = "secret.";

/// A setting that a format has.
struct Setting {
    name: &'static str,
    is_secret: bool,
    is_needed: bool,
}

const fn plain(name: &'static str) -> Setting {
    Setting {
        name,
        is_secret: false,
        is_needed: false,
    }
}

const fn secret(name: &'static str) -> Setting {
    Setting {
        name,
        is_secret: true,
        is_needed: true,
    }
}

const fn needed(name: &'static str) -> Setting {
    Setting {
        name,
        is_secret: false,
        is_needed: true,
    }
}

/// The settings of a format.
fn of(format: ForwardFormat) -> &'static [Setting] {
    const ALGOHOOK: &[Setting] = &[Setting {
        name: "authKey",
        is_secret: true,
        is_needed: false,
    }];
    const THREE_COMMAS: &[Setting] = &[
        needed("botUuid"),
        secret("secret"),
        plain("exchange"),
        plain("maxLag"),
    ];
    const PICK_MY_TRADE: &[Setting] = &[
        secret("token"),
        needed("platform"),
        plain("instType"),
        plain("accountId"),
        plain("connectionName"),
        plain("strategyName"),
    ];
    const ALERTATRON: &[Setting] = &[needed("keys")];
    match format {
        ForwardFormat::Algohook => ALGOHOOK,
        ForwardFormat::ThreeCommas => THREE_COMMAS,
        ForwardFormat::PickMyTrade => PICK_MY_TRADE,
        ForwardFormat::Alertatron => ALERTATRON,
        ForwardFormat::AsReceived | ForwardFormat::Template | ForwardFormat::TradersPost => &[],
    }
}

/// Why settings do not do for a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The format has no such setting.
    #[error("{format} has no setting {name}; it has {known}")]
    Unknown {
        /// The format.
        format: ForwardFormat,
        /// The name.
        name: String,
        /// Those it has.
        known: String,
    },
    /// The format needs a setting.
    #[error("{format} needs {name}: add --set {name}=VALUE")]
    Missing {
        /// The format.
        format: ForwardFormat,
        /// The name.
        name: &'static str,
    },
    /// The value is no text that a message can have.
    #[error("{0} must have 1 to {LONGEST} printable characters")]
    Unusable(String),
}

/// True if a setting of a format is a secret.
#[must_use]
pub fn is_secret(format: ForwardFormat, name: &str) -> bool {
    let is_of_template = format == ForwardFormat::Template && name.starts_with(OF_TEMPLATE);
    is_of_template
        || of(format)
            .iter()
            .any(|setting| setting.name == name && setting.is_secret)
}

/// True if a format has a setting of this name.
#[must_use]
pub fn is_known(format: ForwardFormat, name: &str) -> bool {
    is_secret(format, name) || of(format).iter().any(|setting| setting.name == name)
}

/// Checks the settings and secrets of a format together.
///
/// # Errors
///
/// [`SettingError`] for the first that is not right.
pub fn check(format: ForwardFormat, settings: &Settings) -> Result<(), SettingError> {
    for (name, value) in settings {
        if !is_known(format, name) {
            return Err(SettingError::Unknown {
                format,
                name: name.chars().take(40).collect(),
                known: known(format),
            });
        }
        let is_printable = value.chars().all(|letter| !letter.is_control());
        if value.trim().is_empty() || value.chars().count() > LONGEST || !is_printable {
            return Err(SettingError::Unusable(name.clone()));
        }
    }
    let mut needed = of(format).iter().filter(|setting| setting.is_needed);
    match needed.find(|setting| !settings.contains_key(setting.name)) {
        Some(setting) => Err(SettingError::Missing {
            format,
            name: setting.name,
        }),
        None => Ok(()),
    }
}

fn known(format: ForwardFormat) -> String {
    if format == ForwardFormat::Template {
        return "secret.NAME for each {{secret.NAME}} in it".to_owned();
    }
    let names: Vec<&str> = of(format).iter().map(|setting| setting.name).collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}
