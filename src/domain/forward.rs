//! A forward: another service that a webhook's alerts are passed on to.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event::{NotAnId, numbered_id, text_enum};

numbered_id! {
    /// The number of a forward, `fwd_3` outside.
    ForwardId, "fwd"
}

text_enum! {
    /// The form in which an alert is passed on.
    ForwardFormat, "format" {
        /// The bytes that came, without the webhook's key.
        AsReceived = "as-received",
        /// An alert of algohook's own, for another algohook.
        Algohook = "algohook",
        /// A text of the owner's with the alert's fields in it.
        Template = "template",
        /// TradersPost's message.
        TradersPost = "traderspost",
        /// The message of a signal bot of 3Commas.
        ThreeCommas = "3commas",
        /// PickMyTrade's message.
        PickMyTrade = "pickmytrade",
        /// A command of Alertatron's.
        Alertatron = "alertatron",
    }
}

text_enum! {
    /// The alerts that are passed on.
    ForwardWhen, "choice of alerts" {
        /// Those that make an order.
        Order = "order",
        /// All that arrive, whatever becomes of them.
        Event = "event",
    }
}

/// The longest time for which an order may be late: a week.
pub const LONGEST_AGE: u32 = 7 * 24 * 3600;

/// The time after which an order that was not passed on is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxAge {
    /// So many seconds after its arrival.
    Seconds(u32),
    /// It is passed on however late it is.
    Unlimited,
}

impl MaxAge {
    /// The age that a format has where nobody says it: an order that is a minute late is worse
    /// than none, but another algohook wants to know of every alert.
    #[must_use]
    pub fn usual(format: ForwardFormat) -> Self {
        match format {
            ForwardFormat::Algohook => Self::Unlimited,
            _ => Self::Seconds(60),
        }
    }

    /// The same as a duration; none where there is no end.
    #[must_use]
    pub fn duration(self) -> Option<SignedDuration> {
        match self {
            Self::Seconds(seconds) => Some(SignedDuration::from_secs(i64::from(seconds))),
            Self::Unlimited => None,
        }
    }

    /// The same in seconds; none where there is no end.
    #[must_use]
    pub fn seconds(self) -> Option<u32> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::Unlimited => None,
        }
    }
}

/// A text that is no age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time from 1s to 7d, such as 60s, 5m or 2h, or \"off\"")]
pub struct NotAnAge;

impl FromStr for MaxAge {
    type Err = NotAnAge;

    fn from_str(text: &str) -> Result<Self, NotAnAge> {
        if text == "off" {
            return Ok(Self::Unlimited);
        }
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 24 * 3600,
            _ => return Err(NotAnAge),
        };
        let number: u32 = digits.parse().map_err(|_| NotAnAge)?;
        let seconds = number.checked_mul(unit).ok_or(NotAnAge)?;
        match seconds {
            1..=LONGEST_AGE => Ok(Self::Seconds(seconds)),
            _ => Err(NotAnAge),
        }
    }
}

impl fmt::Display for MaxAge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(formatter, "{seconds}s"),
            Self::Unlimited => formatter.write_str("off"),
        }
    }
}

impl Serialize for MaxAge {
    /// Seconds, or null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.seconds().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MaxAge {
    /// Seconds as a number, a text as `60s`, or `"off"`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u32),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Number(seconds) => seconds.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_with_units_and_have_bounds() {
        for (text, seconds) in [
            ("60s", 60),
            ("60", 60),
            ("5m", 300),
            ("2h", 7200),
            ("7d", 604_800),
        ] {
            assert_eq!(text.parse(), Ok(MaxAge::Seconds(seconds)), "{text}");
        }
        assert_eq!("off".parse(), Ok(MaxAge::Unlimited));
        for text in [
            "",
            "0",
            "0s",
            "8d",
            "5 m",
            "-1s",
            "1.5h",
            "99999999999s",
            "5x",
            "s",
        ] {
            assert_eq!(text.parse::<MaxAge>(), Err(NotAnAge), "{text}");
        }
        assert_eq!(
            serde_json::from_str::<MaxAge>("60").unwrap(),
            MaxAge::Seconds(60)
        );
        assert_eq!(
            serde_json::from_str::<MaxAge>("\"1m\"").unwrap(),
            MaxAge::Seconds(60)
        );
    }
}
