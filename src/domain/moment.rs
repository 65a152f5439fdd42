//! Times as people give them: an instant, or a day in whatever zone is meant.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

/// A bound of a range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The first moment of a day, in a zone that is found elsewhere.
    Day(Date),
    /// An instant.
    Time(Timestamp),
}

/// A text that is no [`Moment`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a day like 2026-02-01 or a time like 2026-02-01T14:30:00Z")]
pub struct NotAMoment;

impl Moment {
    /// The instant that it is in a zone.
    #[must_use]
    pub fn at(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Time(time) => time,
            Self::Day(date) => match zone.to_timestamp(date.at(0, 0, 0, 0)) {
                Ok(midnight) => midnight,
                // Only days at the ends of the calendar do not exist in some zone.
                Err(_) if date.year() < 0 => Timestamp::MIN,
                Err(_) => Timestamp::MAX,
            },
        }
    }
}

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        if let Ok(time) = text.parse() {
            return Ok(Self::Time(time));
        }
        // A date's own parser takes one with a time of day, and drops that.
        let date = Date::strptime("%Y-%m-%d", text).map_err(|_| NotAMoment)?;
        Ok(Self::Day(date))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => date.fmt(formatter),
            Self::Time(time) => time.fmt(formatter),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: NotAMoment| {
            serde::de::Error::custom(format!("\"{text:.40}\" is no time; {error}"))
        })
    }
}

/// From one moment until just before another; open where one is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    from: Option<Moment>,
    to: Option<Moment>,
}

/// A range that ends before it begins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("from ({from}) is after to ({to}), so nothing can lie between them; swap the two")]
pub struct EndsBeforeItBegins {
    from: Moment,
    to: Moment,
}

impl Range {
    /// A range of two bounds.
    ///
    /// # Errors
    ///
    /// [`EndsBeforeItBegins`] where that is so in every zone.
    pub fn new(from: Option<Moment>, to: Option<Moment>) -> Result<Self, EndsBeforeItBegins> {
        match (from, to) {
            (Some(from @ Moment::Day(first)), Some(to @ Moment::Day(end))) if first > end => {
                Err(EndsBeforeItBegins { from, to })
            }
            (Some(from @ Moment::Time(first)), Some(to @ Moment::Time(end))) if first > end => {
                Err(EndsBeforeItBegins { from, to })
            }
            _ => Ok(Self { from, to }),
        }
    }

    /// True if it is all of time.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// The moment that it begins with.
    #[must_use]
    pub fn from(&self) -> Option<Moment> {
        self.from
    }

    /// The moment that it ends before.
    #[must_use]
    pub fn to(&self) -> Option<Moment> {
        self.to
    }

    /// Its first instant, and the first one after it, with days of a zone.
    #[must_use]
    pub fn within(&self, zone: &TimeZone) -> (Option<Timestamp>, Option<Timestamp>) {
        let at = |moment: Moment| moment.at(zone);
        (self.from.map(at), self.to.map(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_its_zone_s_midnight_and_an_instant_is_the_same_everywhere() {
        for (text, zone, expected) in [
            ("2026-02-01", "UTC", "2026-02-01T00:00:00Z"),
            ("2026-02-01", "America/New_York", "2026-02-01T05:00:00Z"),
            // The clocks of Beirut skip this midnight.
            ("2026-03-29", "Asia/Beirut", "2026-03-28T22:00:00Z"),
            (
                "2026-02-01T14:30:00+01:00",
                "Asia/Tokyo",
                "2026-02-01T13:30:00Z",
            ),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(moment(text).at(&zone).to_string(), expected, "{text}");
        }
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        assert_eq!(
            moment("9999-12-31").at(&tokyo).as_second() / 86_400,
            2_932_895
        );
    }

    #[test]
    fn a_time_of_day_without_a_zone_is_not_taken_for_its_day() {
        for text in [
            "soon",
            "01/02/2026",
            "2026-02-01T14:30:00",
            "2026-02-30",
            "",
        ] {
            assert_eq!(text.parse::<Moment>(), Err(NotAMoment), "{text}");
        }
    }

    #[test]
    fn a_range_ends_after_it_begins() {
        let range = |from, to| Range::new(Some(moment(from)), Some(moment(to)));
        assert!(range("2026-02-01", "2026-02-01").is_ok());
        assert!(range("2026-02-01T03:00:00Z", "2026-02-01").is_ok());
        let error = range("2026-02-02", "2026-02-01").unwrap_err();
        assert!(error.to_string().contains("from (2026-02-02) is after to"));
        assert!(range("2026-02-02T00:00:01Z", "2026-02-02T00:00:00Z").is_err());
    }
}
