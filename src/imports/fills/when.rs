//! The times of fills, in the forms that brokers write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::imports::table::is_space;

/// A time and the seconds that it is told to: 0 of finer ones, 1, or 60.
pub type StatedTime = (Timestamp, u32);

/// The fault of a text that is no time.
pub const NO_TIME: &str = "is no time; write one like 2026-01-05T14:30:00Z";

/// The fault of a day without a time of day.
pub const NO_CLOCK: &str =
    "has no time of day; export fills with their times, for they are matched by the second";

/// Reads a time; one without a zone is of `zone`.
///
/// # Errors
///
/// What is wrong with it.
pub fn read(text: &str, zone: &TimeZone) -> Result<StatedTime, &'static str> {
    let text = text.trim_matches(is_space);
    if let Some(told) = unix(text) {
        return Ok(told);
    }
    let (text, zone) = match text.strip_suffix("UTC") {
        Some(text) => (text.trim_end(), &TimeZone::UTC),
        None => (text, zone),
    };
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok((instant, told_to(text)));
    }
    let civil = compact(text)
        .or_else(|| clock_first(text))
        .or_else(|| plain(text))
        .ok_or_else(|| if is_day(text) { NO_CLOCK } else { NO_TIME })?;
    civil_in(civil, zone, told_to(text))
}

/// A time of a spreadsheet's cell.
///
/// # Errors
///
/// What is wrong with it.
pub fn of_civil(civil: DateTime, zone: &TimeZone) -> Result<StatedTime, &'static str> {
    civil_in(civil, zone, 1)
}

fn civil_in(civil: DateTime, zone: &TimeZone, precision: u32) -> Result<StatedTime, &'static str> {
    let instant = zone.to_timestamp(civil).map_err(|_| NO_TIME)?;
    Ok((instant, precision))
}

/// Seconds or milliseconds since 1970, as APIs have them.
fn unix(text: &str) -> Option<StatedTime> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    match text.len() {
        10 => Some((Timestamp::from_second(number).ok()?, 1)),
        13 => Some((Timestamp::from_millisecond(number).ok()?, 0)),
        16 => Some((Timestamp::from_microsecond(number).ok()?, 0)),
        _ => None,
    }
}

/// By how many colons and points the text has, how finely it tells.
fn told_to(text: &str) -> u32 {
    let clock = text
        .rsplit(['T', ' ', ',', ';'])
        .find(|part| part.contains(':'));
    match clock {
        // `20260105;093000` has seconds.
        None => 1,
        Some(clock) => {
            let clock = clock.trim_end_matches('Z');
            let before_offset = clock.split(['+', '-']).next().unwrap_or(clock);
            match (
                before_offset.matches(':').count(),
                before_offset.contains('.'),
            ) {
                (_, true) => 0,
                (0 | 1, false) => 60,
                _ => 1,
            }
        }
    }
}

/// `20260105;093000`, as a Flex query writes it with any separator.
fn compact(text: &str) -> Option<DateTime> {
    let (day, clock) = text.split_once([';', ' ', ',', 'T'])?;
    let clock = clock.trim();
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if day.len() != 8 || !all_digits(day) {
        return None;
    }
    let day: Date = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..])
        .parse()
        .ok()?;
    let time: Time = if clock.len() == 6 && all_digits(clock) {
        format!("{}:{}:{}", &clock[..2], &clock[2..4], &clock[4..])
            .parse()
            .ok()?
    } else {
        clock.parse().ok()?
    };
    Some(day.to_datetime(time))
}

/// `14:30 2026-01-05`, as Bybit writes it.
fn clock_first(text: &str) -> Option<DateTime> {
    let (clock, day) = text.split_once(' ')?;
    let (time, day): (Time, Date) = (clock.parse().ok()?, day.trim().parse().ok()?);
    Some(day.to_datetime(time))
}

/// `2026-01-05 14:30:00`, also with slashes or a comma.
fn plain(text: &str) -> Option<DateTime> {
    let text = text
        .replace('/', "-")
        .replace(", ", " ")
        .replace([',', ';'], " ");
    is_day(&text[..text.find([' ', 'T'])?]).then_some(())?;
    text.parse().ok()
}

fn is_day(text: &str) -> bool {
    let text = text.replace('/', "-");
    let is_compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_compact || text.len() == 10 && text.parse::<Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_brokers_write_them() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        for (text, expected, precision) in [
            ("2019-05-24T15:34:06.977Z", "2019-05-24T15:34:06.977Z", 0),
            ("2026-01-05T14:30:00Z", "2026-01-05T14:30:00Z", 1),
            ("2026-01-05 14:30:00+02:00", "2026-01-05T12:30:00Z", 1),
            ("2026-01-05 09:30:00", "2026-01-05T14:30:00Z", 1),
            ("2026-01-05, 09:30:00", "2026-01-05T14:30:00Z", 1),
            ("2026/01/05 09:30", "2026-01-05T14:30:00Z", 60),
            ("20260105;093000", "2026-01-05T14:30:00Z", 1),
            ("20260105 093000", "2026-01-05T14:30:00Z", 1),
            ("2026-01-05;09:30:00", "2026-01-05T14:30:00Z", 1),
            ("20260105;09:30:00", "2026-01-05T14:30:00Z", 1),
            ("09:30 2026-01-05", "2026-01-05T14:30:00Z", 60),
            ("09:30:01 2026-01-05", "2026-01-05T14:30:01Z", 1),
            ("2026-01-10 10:00:00.250", "2026-01-10T15:00:00.25Z", 0),
            ("2026-01-05 14:30:00 UTC", "2026-01-05T14:30:00Z", 1),
            ("1767623400", "2026-01-05T14:30:00Z", 1),
            ("1767623400250", "2026-01-05T14:30:00.25Z", 0),
        ] {
            let expected: Timestamp = expected.parse().unwrap();
            assert_eq!(read(text, &new_york), Ok((expected, precision)), "{text}");
        }
        for (text, fault) in [
            ("2026-01-05", NO_CLOCK),
            ("20260105", NO_CLOCK),
            ("2026/01/05", NO_CLOCK),
            ("yesterday", NO_TIME),
            ("5.1.2026 14:30", NO_TIME),
            ("", NO_TIME),
        ] {
            assert_eq!(read(text, &new_york), Err(fault), "{text}");
        }
    }
}
