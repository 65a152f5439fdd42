//! A webhook: the address that one strategy's alerts are sent to, its key and
//! its settings.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::format::{Format, ReadingRules, SellWhileFlat};
use super::money::Decimal;
use super::sender::SenderPolicy;
use super::silence::Silence;
use super::terms::Contract;

/// Letters and digits only, so that a double click selects the whole text.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Random letters after `wh_`: 22 x log2(62) = 131 bits.
const ID_LETTERS: usize = 22;

/// Random letters of a key: 32 x log2(62) = 190.5 bits.
const KEY_LETTERS: usize = 32;

/// `count` letters and digits, each equally likely, made of `random` bytes.
///
/// `random` fills its argument with random bytes; bytes that would favour some
/// letters are thrown away and asked for again.
///
/// # Errors
///
/// The error of `random`.
pub fn random_letters<E>(
    count: usize,
    mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<String, E> {
    let fair = 256 - 256 % ALPHABET.len();
    let mut letters = String::with_capacity(count);
    let mut bytes = [0_u8; 64];
    while letters.len() < count {
        random(&mut bytes)?;
        let fair_bytes = bytes
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < fair);
        for byte in fair_bytes.take(count - letters.len()) {
            letters.push(char::from(ALPHABET[byte % ALPHABET.len()]));
        }
    }
    Ok(letters)
}

/// The public name of a webhook in its URL: `wh_` and 22 random letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookId(String);

impl WebhookId {
    /// A new id from a source of random bytes.
    ///
    /// # Errors
    ///
    /// The error of `random`.
    pub fn generate<E>(random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        Ok(Self(format!("wh_{}", random_letters(ID_LETTERS, random)?)))
    }

    /// The id as it stands in the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no webhook id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a webhook id; an id looks like wh_ and {ID_LETTERS} letters and digits")]
pub struct NotAWebhookId(String);

impl FromStr for WebhookId {
    type Err = NotAWebhookId;

    fn from_str(text: &str) -> Result<Self, NotAWebhookId> {
        let letters = text.strip_prefix("wh_").unwrap_or("");
        if letters.len() == ID_LETTERS && letters.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAWebhookId(text.chars().take(40).collect()))
        }
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for WebhookId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The secret that every alert of a webhook carries as `auth_key`.
///
/// Its `Debug` form hides the value, so that no log can show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthKey(String);

impl AuthKey {
    /// A new key from a source of random bytes.
    ///
    /// # Errors
    ///
    /// The error of `random`.
    pub fn generate<E>(random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        random_letters(KEY_LETTERS, random).map(Self)
    }

    /// A key that was stored before.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// True if a text is the key, in a time that does not tell how much of it was right.
    #[must_use]
    pub fn is(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }

    /// The key itself: for the owner's eyes, never for a log.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuthKey(***)")
    }
}

/// State of a webhook; an active one makes orders of its alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WebhookState {
    /// Alerts become orders.
    Active,
    /// Alerts are recorded as `ignored` and make no order.
    Paused,
    /// As paused, and left out of totals, lists of all webhooks and what needs attention.
    Archived,
}

/// The settings of a strategy, and of the reading of its numbers.
///
/// Changing one re-derives the webhook's trades; the orders stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Money at the start, in `currency`; zero or more.
    pub initial_capital: Decimal,
    /// Currency of prices, profit and capital, for instance `USD`.
    pub currency: String,
    /// Money that one contract gains when the price rises by 1; of an inverse contract, the
    /// money that one is worth.
    pub point_value: Decimal,
    /// Point values of single tickers, in place of `point_value`. A ticker is meant with and
    /// without its exchange, in any case, and of a known future in any month.
    pub point_values: BTreeMap<String, Decimal>,
    /// `linear`, or `inverse` where profit is in the coin that the contract is about: quantity
    /// x point value x (1/entry - 1/exit).
    pub contract: Contract,
    /// Contracts of single tickers, in place of `contract`.
    pub contracts: BTreeMap<String, Contract>,
    /// Tick sizes of single tickers, in place of the slippage's.
    pub tick_sizes: BTreeMap<String, Decimal>,
    /// The broker's commission.
    pub commission: Commission,
    /// The assumed slippage of a market or stop order.
    pub slippage: Slippage,
    /// IANA name of the zone that days, hours and months are counted in.
    pub time_zone: String,
    /// Trading days a year: 365 for markets that never close, 252 for exchanges.
    pub trading_days: u16,
    /// Risk-free rate in percent a year.
    pub risk_free_rate: f64,
    /// The effect of an entry against the open position.
    pub reversal: Reversal,
    /// Seconds within which the same message again is a resend; 0 turns that off.
    pub duplicate_window: u32,
    /// The silence after which the webhook needs attention.
    pub silence: Option<Silence>,
    /// The senders whose alerts are taken: `any`, `address` or `certificate`; the server's setting where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub senders: Option<SenderPolicy>,
    /// The format of its messages; `auto` finds it in the content of each.
    pub format: Format,
    /// True if the key may stand in the URL, after the id: for messages that have no room for one.
    /// URLs end up in the logs of proxies.
    pub key_in_path: bool,
    /// True if the message's `secret`, `token` or `password` may be the key.
    pub key_in_field: bool,
    /// The meaning of "sell" without a long position, where the format does not document it.
    pub sell_while_flat: SellWhileFlat,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            initial_capital: Decimal::from(10_000),
            currency: "USD".to_owned(),
            point_value: Decimal::ONE,
            point_values: BTreeMap::new(),
            contract: Contract::Linear,
            contracts: BTreeMap::new(),
            tick_sizes: BTreeMap::new(),
            commission: Commission {
                kind: CommissionKind::Percent,
                value: Decimal::ZERO,
            },
            slippage: Slippage::default(),
            time_zone: "UTC".to_owned(),
            trading_days: 365,
            risk_free_rate: 2.0,
            reversal: Reversal::Net,
            duplicate_window: 60,
            silence: None,
            senders: None,
            format: Format::Auto,
            key_in_path: false,
            key_in_field: false,
            sell_while_flat: SellWhileFlat::Nothing,
        }
    }
}

/// A commission for every fill, entry and exit alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Commission {
    /// The unit of `value`.
    pub kind: CommissionKind,
    /// Percent of the fill's value, or money; zero or more.
    pub value: Decimal,
}

/// The unit that a commission is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CommissionKind {
    /// Percent of price x quantity x point value.
    Percent,
    /// Money for each order, shared by the lots it opens and closes.
    PerOrder,
    /// Money for each contract.
    PerContract,
}

/// The assumed slippage of an order without a broker's fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Slippage {
    /// The unit of `value`.
    pub kind: SlippageKind,
    /// Percent of the price, or ticks; zero or more.
    pub value: Decimal,
    /// Size of one tick in price units; used by [`SlippageKind::Ticks`].
    pub tick_size: Decimal,
}

impl Default for Slippage {
    fn default() -> Self {
        Self {
            kind: SlippageKind::Ticks,
            value: Decimal::ZERO,
            tick_size: Decimal::new(1, 2),
        }
    }
}

/// The unit of assumed slippage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SlippageKind {
    /// Ticks of `tick_size`.
    Ticks,
    /// Percent of the intended price.
    Percent,
}

/// The effect of an entry against the open position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reversal {
    /// The quantity first closes the position, the rest opens: TradingView's
    /// contracts already contain both.
    Net,
    /// All of the position is closed, then the full quantity opens.
    Full,
}

/// Characters that a webhook's or token's name has at most.
pub const LONGEST_NAME: usize = 100;

/// A name that cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name must have 1 to {LONGEST_NAME} printable characters")]
pub struct NotAName;

/// A name as its owner gives it, without the spaces around it.
///
/// # Errors
///
/// [`NotAName`] where nothing readable or too much is left.
pub fn name_of(text: &str) -> Result<String, NotAName> {
    let name = text.trim();
    let is_good =
        (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    is_good.then(|| name.to_owned()).ok_or(NotAName)
}

/// Checks one rule of a setting.
pub(super) fn rule(
    holds: bool,
    field: &'static str,
    rule: &'static str,
) -> Result<(), SettingError> {
    if holds {
        Ok(())
    } else {
        Err(SettingError { field, rule })
    }
}

/// A setting that is out of range, with what it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("settings.{field} {rule}")]
pub struct SettingError {
    /// The setting, as the JSON names it.
    pub field: &'static str,
    /// The rule for the setting.
    pub rule: &'static str,
}

impl Settings {
    /// The zone of the webhook's days. It was checked when the setting was made, but another
    /// machine may know fewer zones: UTC then.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The rules that the webhook's messages are read by.
    #[must_use]
    pub fn reading_rules(&self) -> ReadingRules {
        ReadingRules {
            format: self.format,
            sell_while_flat: self.sell_while_flat,
        }
    }

    /// True if with `other` orders make other trades; the rest of the settings only says
    /// how these are reported.
    #[must_use]
    pub fn pairs_otherwise(&self, other: &Self) -> bool {
        self.point_value != other.point_value
            || self.point_values != other.point_values
            || self.contract != other.contract
            || self.contracts != other.contracts
            || self.tick_sizes != other.tick_sizes
            || self.commission != other.commission
            || self.slippage != other.slippage
            || self.reversal != other.reversal
    }

    /// Checks what the types alone do not.
    ///
    /// # Errors
    ///
    /// The first [`SettingError`] found.
    pub fn validate(&self) -> Result<(), SettingError> {
        let in_range = |value: Decimal| value >= Decimal::ZERO && value <= super::money::LARGEST;
        let million = Decimal::from(1_000_000);
        let currency_letters = self
            .currency
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric());
        rule(
            in_range(self.initial_capital),
            "initialCapital",
            "must be 0 to 10^18",
        )?;
        rule(
            currency_letters && (1..=10).contains(&self.currency.len()),
            "currency",
            "must be 1 to 10 letters or digits, such as USD or USDT",
        )?;
        self.validate_terms()?;
        rule(
            in_range(self.commission.value),
            "commission.value",
            "must be 0 to 10^18",
        )?;
        rule(
            self.commission.kind != CommissionKind::Percent
                || self.commission.value <= Decimal::from(100),
            "commission.value",
            "must be 0 to 100 percent",
        )?;
        rule(
            self.slippage.value >= Decimal::ZERO && self.slippage.value <= million,
            "slippage.value",
            "must be 0 to 1000000",
        )?;
        rule(
            self.slippage.kind != SlippageKind::Percent || self.slippage.value < Decimal::from(100),
            "slippage.value",
            "must be 0 to below 100 percent",
        )?;
        rule(
            TimeZone::get(&self.time_zone).is_ok(),
            "timeZone",
            "must be an IANA time zone such as UTC or America/New_York",
        )?;
        rule(
            matches!(self.trading_days, 252 | 365),
            "tradingDays",
            "must be 365 (markets that never close) or 252 (exchanges)",
        )?;
        rule(
            (0.0..=100.0).contains(&self.risk_free_rate),
            "riskFreeRate",
            "must be 0 to 100 percent a year",
        )?;
        rule(
            self.duplicate_window <= 3600,
            "duplicateWindow",
            "must be 0 (off) to 3600 seconds",
        )?;
        rule(
            self.silence.is_none_or(|silence| silence.seconds > 0),
            "silence.seconds",
            "must be above 0; leave silence null to turn it off",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> impl FnMut(&mut [u8]) -> Result<(), std::convert::Infallible> {
        let mut next = 0_u8;
        move |bytes| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_add(1);
            }
            Ok(())
        }
    }

    #[test]
    fn an_id_is_read_back_from_its_text() {
        let Ok(id) = WebhookId::generate(counting());
        assert_eq!(id.as_str().len(), 25);
        assert_eq!(id.as_str().parse(), Ok(id));
        for wrong in [
            "",
            "wh_",
            "wh_short",
            "wx_ABCDEFGHIJKLMNOPQRSTUV",
            "wh_ABCDEFGHIJKLMNOPQRSTU/",
        ] {
            assert!(wrong.parse::<WebhookId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_letter_is_equally_likely() {
        let Ok(letters) = random_letters(62 * 4, counting());
        for letter in ALPHABET {
            assert_eq!(letters.bytes().filter(|byte| byte == letter).count(), 4);
        }
    }

    #[test]
    fn a_key_does_not_show_in_debug_output() {
        let Ok(key) = AuthKey::generate(counting());
        assert_eq!(key.reveal().len(), 32);
        assert!(!format!("{key:?}").contains(key.reveal()));
    }

    #[test]
    fn default_settings_are_valid_and_round_trip() {
        let settings = Settings::default();
        assert_eq!(settings.validate(), Ok(()));
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings);
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), settings);
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let wrong = |json: &str| {
            serde_json::from_str::<Settings>(json)
                .unwrap()
                .validate()
                .unwrap_err()
                .field
        };
        assert_eq!(wrong(r#"{"initialCapital": "-1"}"#), "initialCapital");
        assert_eq!(wrong(r#"{"timeZone": "Mars/Olympus"}"#), "timeZone");
        assert_eq!(wrong(r#"{"tradingDays": 300}"#), "tradingDays");
        assert_eq!(
            wrong(r#"{"commission": {"kind": "percent", "value": "101"}}"#),
            "commission.value"
        );
        assert_eq!(
            wrong(r#"{"silence": {"seconds": 0, "counted": "always"}}"#),
            "silence.seconds"
        );
    }
}
