//! The settings of formats: which each has, which it needs, and which are secrets.

use crate::domain::forward::ForwardFormat;
use crate::domain::setting::{Setting, SettingTable, Settings, UnfitSetting};

/// Letters that a setting has at most.
const LONGEST: usize = 500;

/// Prefix of the secrets of a template, which the owner names.
const OF_TEMPLATE: &str = "secret.";

/// The settings of a format.
fn of(format: ForwardFormat) -> SettingTable {
    const ALGOHOOK: &[Setting] = &[Setting::secret("authKey")];
    const THREE_COMMAS: &[Setting] = &[
        Setting::plain("botUuid").needed(),
        Setting::secret("secret").needed(),
        Setting::plain("exchange"),
        Setting::plain("maxLag"),
    ];
    const PICK_MY_TRADE: &[Setting] = &[
        Setting::secret("token").needed(),
        Setting::plain("platform").needed(),
        Setting::plain("instType"),
        Setting::plain("accountId"),
        Setting::plain("connectionName"),
        Setting::plain("strategyName"),
    ];
    const ALERTATRON: &[Setting] = &[Setting::plain("keys").needed()];
    SettingTable {
        settings: match format {
            ForwardFormat::Algohook => ALGOHOOK,
            ForwardFormat::ThreeCommas => THREE_COMMAS,
            ForwardFormat::PickMyTrade => PICK_MY_TRADE,
            ForwardFormat::Alertatron => ALERTATRON,
            ForwardFormat::AsReceived | ForwardFormat::Template | ForwardFormat::TradersPost => &[],
        },
        own_secrets: (format == ForwardFormat::Template).then_some(OF_TEMPLATE),
    }
}

/// True if a setting of a format is a secret.
#[must_use]
pub fn is_secret(format: ForwardFormat, name: &str) -> bool {
    of(format).is_secret(name)
}

/// True if a format has a setting of this name.
#[must_use]
pub fn is_known(format: ForwardFormat, name: &str) -> bool {
    of(format).is_known(name)
}

/// Checks the settings and secrets of a format together.
///
/// # Errors
///
/// [`UnfitSetting`] for the first that is not right.
pub fn check(format: ForwardFormat, settings: &Settings) -> Result<(), UnfitSetting> {
    of(format).check(format.as_str(), settings, |_, value| {
        let is_printable = value.chars().all(|letter| !letter.is_control());
        let is_empty = value.trim().is_empty();
        let is_unusable = is_empty || value.chars().count() > LONGEST || !is_printable;
        is_unusable.then_some("have 1 to 500 printable characters")
    })
}
