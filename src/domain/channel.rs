//! A channel: where the owner is told of what happens.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event::{NotAnId, numbered_id, text_enum};

numbered_id! {
    /// The number of a channel, `ch_2` outside.
    ChannelId, "ch"
}

text_enum! {
    /// The kind of a channel.
    ChannelKind, "kind of channel" {
        /// A chat of Telegram.
        Telegram = "telegram",
        /// A channel of Discord, by its webhook.
        Discord = "discord",
        /// A channel of Slack, by its incoming webhook.
        Slack = "slack",
        /// A topic of ntfy.
        Ntfy = "ntfy",
        /// An application of Gotify.
        Gotify = "gotify",
        /// Pushover.
        Pushover = "pushover",
        /// E-mail over SMTP.
        Email = "email",
        /// JSON to an address of the owner's, signed.
        Webhook = "webhook",
    }
}

text_enum! {
    /// Topic of a message to a channel.
    Topic, "topic" {
        /// An order was made.
        Order = "order",
        /// Alerts could not be read.
        Failed = "failed",
        /// TradingView states another position.
        OutOfSync = "out-of-sync",
        /// No alert came for longer than allowed.
        Silence = "silence",
        /// Alerts were over the limit.
        Limited = "limited",
        /// Requests were turned away.
        Rejected = "rejected",
        /// Live trades are not those of the backtest.
        Drift = "drift",
        /// The server itself: backups, background tasks, the certificate, room, the clock, a migration.
        Server = "server",
        /// A forward was not taken, or nobody knows.
        Forward = "forward",
        /// A login from a new place.
        Login = "login",
        /// Yesterday, every morning.
        Daily = "daily",
        /// The week before, every Monday.
        Weekly = "weekly",
    }
}

impl Topic {
    /// True if it tells of a fault: then quiet hours do not hold it back.
    #[must_use]
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::Order | Self::Daily | Self::Weekly)
    }
}

/// The topics that a channel tells: all of them, or some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tells {
    /// All, those of later versions too.
    All,
    /// These.
    Some(BTreeSet<Topic>),
}

impl Tells {
    /// True if a topic is told.
    #[must_use]
    pub fn has(&self, topic: Topic) -> bool {
        match self {
            Self::All => true,
            Self::Some(topics) => topics.contains(&topic),
        }
    }
}

impl fmt::Display for Tells {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("all"),
            Self::Some(topics) => {
                let names: Vec<&str> = topics.iter().map(|topic| topic.as_str()).collect();
                formatter.write_str(&names.join(","))
            }
        }
    }
}

/// A text that names no topics.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no topic; write all, or some of {all} with commas between", all = names())]
pub struct NotTopics(String);

fn names() -> String {
    let names: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
    names.join(", ")
}

impl FromStr for Tells {
    type Err = NotTopics;

    fn from_str(text: &str) -> Result<Self, NotTopics> {
        if text.trim() == "all" {
            return Ok(Self::All);
        }
        let topic = |name: &str| {
            name.trim()
                .parse()
                .map_err(|_| NotTopics(name.chars().take(40).collect()))
        };
        text.split(',')
            .map(topic)
            .collect::<Result<_, _>>()
            .map(Self::Some)
    }
}

impl Serialize for Tells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Some(topics) => topics.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Tells {
    /// `"all"`, names with commas between, or a list of names.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            List(BTreeSet<Topic>),
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
            Written::List(topics) => Ok(Self::Some(topics)),
        }
    }
}

/// Hours in which only faults are told: `22:00-07:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    to: Time,
}

/// A text that names no hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write quiet hours as 22:00-07:00")]
pub struct NotHours;

impl FromStr for QuietHours {
    type Err = NotHours;

    fn from_str(text: &str) -> Result<Self, NotHours> {
        let (from, to) = text.split_once('-').ok_or(NotHours)?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| NotHours);
        let (from, to) = (time(from)?, time(to)?);
        if from == to {
            Err(NotHours)
        } else {
            Ok(Self { from, to })
        }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.strftime("%H:%M"), self.to.strftime("%H:%M"));
        write!(formatter, "{from}-{to}")
    }
}

impl QuietHours {
    /// The end of the quiet hours that a moment is in; none outside of them.
    #[must_use]
    pub fn end(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = zone.to_datetime(now);
        let time = local.time();
        let is_quiet = if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            time >= self.from || time < self.to
        };
        let day = if time < self.to {
            local.date()
        } else {
            local.date().checked_add(1.day()).ok()?
        };
        is_quiet
            .then(|| zone.to_timestamp(day.to_datetime(self.to)).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_named_or_all() {
        assert_eq!("all".parse(), Ok(Tells::All));
        let some: Tells = "order, failed".parse().unwrap();
        assert!(some.has(Topic::Failed) && !some.has(Topic::Login) && Tells::All.has(Topic::Login));
        let error = "orders".parse::<Tells>().unwrap_err().to_string();
        assert!(error.contains("out-of-sync"), "{error}");
        let listed: Tells = serde_json::from_str(r#"["order","failed"]"#).unwrap();
        assert_eq!(listed, some);
        assert_eq!(
            serde_json::from_str::<Tells>("\"all\"").unwrap(),
            Tells::All
        );
    }

    #[test]
    fn quiet_hours_end_in_the_morning_of_their_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let night: QuietHours = "22:00-07:00".parse().unwrap();
        let end = |at: &str| {
            night
                .end(at.parse().unwrap(), &zone)
                .map(|end| end.to_string())
        };
        assert_eq!(
            end("2026-01-05T21:30:00Z").as_deref(),
            Some("2026-01-06T06:00:00Z")
        );
        assert_eq!(
            end("2026-01-06T05:59:00Z").as_deref(),
            Some("2026-01-06T06:00:00Z")
        );
        assert_eq!(end("2026-01-06T06:00:00Z"), None);
        assert_eq!(end("2026-01-05T20:59:00Z"), None);
        let noon: QuietHours = "12:00-13:30".parse().unwrap();
        let at = "2026-01-05T11:15:00Z".parse().unwrap();
        assert_eq!(
            noon.end(at, &zone).unwrap().to_string(),
            "2026-01-05T12:30:00Z"
        );
        for text in ["", "22-7", "22:00-22:00", "25:00-07:00"] {
            assert_eq!(text.parse::<QuietHours>(), Err(NotHours), "{text}");
        }
    }
}
