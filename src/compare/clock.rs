//! A correction of the clock of a book: a backtest whose chart was set to another zone than it
//! was read in.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The correction of a book's times.
#[derive(Debug, Clone, PartialEq)]
pub enum ClockShift {
    /// The same all the year.
    Constant(SignedDuration),
    /// One in winter and another in summer.
    Seasons {
        /// While daylight saving is not in force.
        winter: SignedDuration,
        /// While it is.
        summer: SignedDuration,
        /// A zone with its dates.
        like: TimeZone,
    },
    /// The times are those of this zone, and were read as UTC.
    Zone(TimeZone),
}

/// The farthest that a constant reaches.
pub(super) const FARTHEST: SignedDuration = SignedDuration::from_hours(24);

/// The forms of a shift, for errors.
const WRITE: &str = "write it as 8h, -5h30m, America/New_York, or 5h,4h,America/New_York (in winter, in summer, a zone \
                     with their dates)";

impl Default for ClockShift {
    fn default() -> Self {
        Self::Constant(SignedDuration::ZERO)
    }
}

impl ClockShift {
    /// The constant part of the shift, beside what [`ClockShift::corrected`] does.
    #[must_use]
    pub fn constant(&self) -> SignedDuration {
        match self {
            Self::Constant(by) => *by,
            Self::Seasons { .. } | Self::Zone(_) => SignedDuration::ZERO,
        }
    }

    /// The time that is meant, where that hangs on the day.
    #[must_use]
    pub fn corrected(&self, time: Timestamp) -> Timestamp {
        let meant = match self {
            Self::Constant(_) => Some(time),
            Self::Seasons {
                winter,
                summer,
                like,
            } => time
                .checked_add(if is_summer(time, *winter, like) {
                    *summer
                } else {
                    *winter
                })
                .ok(),
            Self::Zone(zone) => {
                let wall = TimeZone::UTC.to_datetime(time);
                zone.to_timestamp(wall).ok()
            }
        };
        meant.unwrap_or(time)
    }
}

/// True if daylight saving is in force at a time that has to be corrected itself, as it is told
/// in winter.
pub(super) fn is_summer(time: Timestamp, winter: SignedDuration, like: &TimeZone) -> bool {
    let corrected = time.checked_add(winter).unwrap_or(time);
    like.to_offset_info(corrected).dst().is_dst()
}

/// As it is read.
impl fmt::Display for ClockShift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |zone: &TimeZone| zone.iana_name().unwrap_or("UTC").to_owned();
        match self {
            Self::Constant(by) => write!(formatter, "{}s", by.as_secs()),
            Self::Seasons {
                winter,
                summer,
                like,
            } => write!(
                formatter,
                "{}s,{}s,{}",
                winter.as_secs(),
                summer.as_secs(),
                name(like)
            ),
            Self::Zone(zone) => formatter.write_str(&name(zone)),
        }
    }
}

impl FromStr for ClockShift {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || WRITE.to_owned();
        let by = |text: &str| -> Result<SignedDuration, String> {
            let by: SignedDuration = text.trim().parse().map_err(|_| wrong())?;
            if by.abs() > FARTHEST {
                return Err("must be a day at most".to_owned());
            }
            Ok(by)
        };
        let zone = |name: &str| TimeZone::get(name.trim()).map_err(|_| wrong());
        let parts: Vec<&str> = text.split(',').collect();
        match parts[..] {
            [winter, summer, like] => Ok(Self::Seasons {
                winter: by(winter)?,
                summer: by(summer)?,
                like: zone(like)?,
            }),
            [name]
                if name
                    .trim()
                    .starts_with(|letter: char| letter.is_ascii_alphabetic()) =>
            {
                zone(name).map(Self::Zone)
            }
            [constant] => by(constant).map(Self::Constant),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(shift: &str, time: &str) -> String {
        let shift: ClockShift = shift.parse().unwrap();
        shift.corrected(time.parse().unwrap()).to_string()
    }

    #[test]
    fn a_shift_is_written_as_it_is_read() {
        for text in ["-9000s", "18000s,14400s,America/New_York", "Asia/Tokyo"] {
            let shift: ClockShift = text.parse().unwrap();
            assert_eq!(shift.to_string(), text);
        }
    }

    #[test]
    fn a_zone_moves_summer_and_winter_by_their_own() {
        // The opening in New York, read as UTC.
        for shift in ["America/New_York", "5h,4h,America/New_York"] {
            assert_eq!(
                corrected(shift, "2026-01-05T09:30:00Z"),
                "2026-01-05T14:30:00Z"
            );
            assert_eq!(
                corrected(shift, "2026-07-06T09:30:00Z"),
                "2026-07-06T13:30:00Z"
            );
        }
        assert_eq!(
            corrected("Asia/Tokyo", "2026-07-06T09:00:00Z"),
            "2026-07-06T00:00:00Z"
        );
        // A day after the clocks changed there, and two weeks before they do in London.
        assert_eq!(
            corrected("6h,5h,America/New_York", "2026-03-09T08:30:00Z"),
            "2026-03-09T13:30:00Z"
        );
        assert_eq!(
            corrected("1h,0s,Europe/London", "2026-03-09T08:30:00Z"),
            "2026-03-09T09:30:00Z"
        );
    }

    #[test]
    fn a_constant_shift_corrects_no_single_time() {
        let shift: ClockShift = "-5h30m".parse().unwrap();
        assert_eq!(shift.constant(), SignedDuration::from_mins(-330));
        assert_eq!(
            corrected("-5h30m", "2026-01-05T09:30:00Z"),
            "2026-01-05T09:30:00Z"
        );
        for wrong in [
            "",
            "25h",
            "Mars/Olympus",
            "5h,4h",
            "5h,4h,",
            "8 o'clock",
            "1h,2h,3h",
        ] {
            assert!(wrong.parse::<ClockShift>().is_err(), "{wrong}");
        }
    }
}
