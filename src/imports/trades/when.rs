//! Times as a list of trades has them: TradingView's own `2026-01-05 14:30`, and what a
//! spreadsheet program makes of it when it saves the file.

use jiff::civil::{Date, DateTime, Time};

use super::rows::Moment;

/// Which of the two stands first in `05/01/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// As in most of the world.
    Day,
    /// As in the United States.
    Month,
}

impl First {
    /// What the dates of a file tell, by one of the two that is above 12 somewhere;
    /// `None` where none is, or both are.
    pub fn of<'text>(texts: impl Iterator<Item = &'text str>) -> Option<Self> {
        let (mut day, mut month) = (false, false);
        for text in texts {
            if let Some((first, second)) = unclear(text) {
                day |= first > 12;
                month |= second > 12;
            }
        }
        match (day, month) {
            (true, false) => Some(Self::Day),
            (false, true) => Some(Self::Month),
            _ => None,
        }
    }
}

/// Why a time cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    /// It is none.
    #[error("is no time like 2026-01-05 14:30")]
    NoTime,
    /// Either of two days.
    #[error(
        "can have the day or the month first, and no date of the file tells which; export it from TradingView again, or write 2026-01-05 14:30"
    )]
    DayOrMonth,
}

/// Reads a time.
///
/// # Errors
///
/// [`WhenError`].
pub fn read(text: &str, first: Option<First>) -> Result<Moment, WhenError> {
    let iso = text.replace('/', "-");
    if let Ok(instant) = iso.parse() {
        return Ok(Moment::Instant(instant));
    }
    if let Ok(local) = iso.parse() {
        return Ok(Moment::Civil(local));
    }
    let (date, time) = parts(text);
    let time = time_of(time).ok_or(WhenError::NoTime)?;
    let local = |date: Option<Date>| {
        let date = date.ok_or(WhenError::NoTime)?;
        Ok(Moment::Civil(DateTime::from_parts(date, time)))
    };
    let Some((one, other)) = unclear(text) else {
        return local(date_of(date));
    };
    let year = number(date.rsplit(is_between).next().unwrap_or_default());
    let year = year.ok_or(WhenError::NoTime)?;
    match first {
        Some(First::Day) => local(new_date(year, other, one)),
        Some(First::Month) => local(new_date(year, one, other)),
        None if one == other => local(new_date(year, one, other)),
        None => Err(WhenError::DayOrMonth),
    }
}

/// Date and time of day, which a space parts.
fn parts(text: &str) -> (&str, &str) {
    let start = text.find(':').and_then(|colon| text[..colon].rfind(' '));
    let (date, time) = text.split_at(start.unwrap_or(text.len()));
    (date.trim_end_matches([' ', ',']), time.trim())
}

/// `9:30`, `14:30:00` or `2:30 PM`; without a text midnight.
fn time_of(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::midnight());
    }
    let upper = text.to_ascii_uppercase();
    let (clock, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(clock), _) => (clock.trim_end(), Some(0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12)),
        _ => (upper.as_str(), None),
    };
    let mut numbers = clock.split(':').map(number);
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().unwrap_or(Some(0))?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let small = |number: i16| i8::try_from(number).ok();
    let is_whole = numbers.next().is_none();
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0);
    time.ok().filter(|_| is_whole)
}

/// A date that can be read in one way only: `2026-1-5`, `5.1.2026`, `Jan 5, 2026`,
/// `5-Jan-2026`.
fn date_of(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text
        .split(is_between)
        .filter(|part| !part.is_empty())
        .collect();
    let [one, two, three] = parts[..] else {
        return None;
    };
    match (month_called(one), month_called(two)) {
        (Some(month), _) => new_date(year(three)?, month, number(two)?),
        (_, Some(month)) => new_date(year(three)?, month, number(one)?),
        _ if text.contains('.') && one.len() <= 2 => {
            new_date(year(three)?, number(two)?, number(one)?)
        }
        _ => new_date(year(one)?, number(two)?, number(three)?),
    }
}

/// The first two numbers of a date that can have day or month first: `5/1/2026`.
fn unclear(text: &str) -> Option<(i16, i16)> {
    let (date, _) = parts(text);
    let mut parts = date.split(['/', '-']).map(str::trim);
    let (one, two, three) = (parts.next()?, parts.next()?, parts.next()?);
    let is_numbers = one.len() <= 2 && two.len() <= 2 && year(three).is_some();
    if !is_numbers || parts.next().is_some() {
        return None;
    }
    Some((number(one)?, number(two)?))
}

fn is_between(letter: char) -> bool {
    matches!(letter, '/' | '-' | '.' | ',' | ' ')
}

fn month_called(text: &str) -> Option<i16> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_ascii_lowercase();
    let place = MONTHS
        .iter()
        .position(|month: &&str| text.len() >= 3 && month.starts_with(&text))?;
    i16::try_from(place + 1).ok()
}

/// A year of four digits; two could be of another century.
fn year(text: &str) -> Option<i16> {
    number(text).filter(|_| text.len() == 4)
}

fn number(text: &str) -> Option<i16> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}

fn new_date(year: i16, month: i16, day: i16) -> Option<Date> {
    let small = |number: i16| i8::try_from(number).ok();
    Date::new(year, small(month)?, small(day)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_programs_write_them() {
        let (day, month) = (Some(First::Day), Some(First::Month));
        for (text, first, expected) in [
            ("2026-01-05 14:30", None, "2026-01-05T14:30:00"),
            ("2026/01/05 14:30:09", None, "2026-01-05T14:30:09"),
            ("2026-01-05", None, "2026-01-05T00:00:00"),
            ("2026-1-5 9:30", None, "2026-01-05T09:30:00"),
            ("2026-01-05, 14:30", None, "2026-01-05T14:30:00"),
            ("2026-01-05 2:30 PM", None, "2026-01-05T14:30:00"),
            ("2026-01-05 12:30am", None, "2026-01-05T00:30:00"),
            ("5.1.2026 9:30", None, "2026-01-05T09:30:00"),
            ("Jan 5, 2026, 14:30", None, "2026-01-05T14:30:00"),
            ("5 January 2026", None, "2026-01-05T00:00:00"),
            ("05-Jan-2026 14:30", None, "2026-01-05T14:30:00"),
            ("5/1/2026 14:30", day, "2026-01-05T14:30:00"),
            ("1/5/2026 14:30", month, "2026-01-05T14:30:00"),
            ("1-5-2026", month, "2026-01-05T00:00:00"),
            ("1/1/2026 14:30", None, "2026-01-01T14:30:00"),
        ] {
            let expected = Moment::Civil(expected.parse().unwrap());
            assert_eq!(read(text, first), Ok(expected), "{text}");
        }
        let instant = Moment::Instant("2026-01-05T14:30:00Z".parse().unwrap());
        assert_eq!(read("2026-01-05T15:30:00+01:00", None), Ok(instant));
        for text in [
            "",
            "Open",
            "14:30",
            "2026-13-05 10:00",
            "5/1/26 10:00",
            "2026-01-05 25:00",
            "2026-01-05 13:30 PM",
            "2026-01-05 1:2:3:4",
            "5/1/2026/1",
            "1 2 3 4",
            "\u{e4}:",
            "5 Ma 2026",
            "٣/1/2026",
        ] {
            assert_eq!(read(text, day), Err(WhenError::NoTime), "{text}");
        }
        assert_eq!(read("5/1/2026 10:00", None), Err(WhenError::DayOrMonth));
    }

    #[test]
    fn the_dates_of_a_file_tell_which_stands_first() {
        for (texts, expected) in [
            (&["5/1/2026 10:00", "25/1/2026 10:00"][..], Some(First::Day)),
            (&["1/5/2026", "1/25/2026"], Some(First::Month)),
            (&["1/5/2026", "2/5/2026"], None),
            (&["25/1/2026", "1/25/2026"], None),
            (&["2026-01-25 10:00", "Open", ""], None),
        ] {
            assert_eq!(First::of(texts.iter().copied()), expected, "{texts:?}");
        }
    }
}
