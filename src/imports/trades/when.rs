//! Times as a list of trades has them: TradingView's own `2026-01-05 14:30`, and what a
//! spreadsheet program makes of it when it saves the file, in any of the languages.
//!
//! `1/2/25` can be five different days of three centuries. Which of day, month and year
//! stands where is the same in all of a file, so all of its dates are looked at: an order
//! in which one of them is no day is none. What then is left open is an error, for a list
//! with swapped days looks right and makes every figure wrong.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::months::month_called;
use super::rows::Moment;
use super::titles::narrow;
use crate::imports::table::{Cell, is_space};

/// The order of the three numbers of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `13/1/2025`, as in most of the world.
    DayMonthYear,
    /// `1/13/2025`, as in the United States.
    MonthDayYear,
    /// `25/1/13`, as in East Asia.
    YearMonthDay,
}

impl Order {
    const ALL: [Self; 3] = [Self::DayMonthYear, Self::MonthDayYear, Self::YearMonthDay];

    /// The only order in which all dates of a file are days; `None` where several are
    /// left, or none is.
    pub fn of<'cell>(cells: impl Iterator<Item = Cell<'cell>>) -> Option<Self> {
        match Self::possible(cells)[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The orders in which all dates of a file are days.
    pub fn possible<'cell>(cells: impl Iterator<Item = Cell<'cell>>) -> Vec<Self> {
        let mut orders = Self::ALL.to_vec();
        let (mut firsts, mut lasts) = (BTreeSet::new(), BTreeSet::new());
        for cell in cells {
            let Cell::Text(text) = cell else { continue };
            let plain = plain(text);
            if let Some(numbers) = Numbers::of(parts(without_offset(&plain).0).0) {
                orders.retain(|order| numbers.date(*order).is_some());
                firsts.insert(numbers.parts[0].to_owned());
                lasts.insert(numbers.parts[2].to_owned());
            }
        }
        // A year of two digits that stands first could be a day, but it changes less than one.
        // Where neither changes, the later of both is the likelier year.
        let may_be_year = match (firsts.first(), lasts.first()) {
            (Some(first), Some(last)) if firsts.len() == 1 && lasts.len() == 1 => {
                year(first) > year(last)
            }
            _ => firsts.len() < lasts.len(),
        };
        if orders.len() > 1 && !may_be_year {
            orders.retain(|order| *order != Self::YearMonthDay);
        }
        orders
    }
}

/// A time, and whether its year was read from two digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadTime {
    /// The time.
    pub moment: Moment,
    /// True if the century was assumed.
    pub has_short_year: bool,
}

/// Reason that a time cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    /// It is not a time.
    #[error("is no time like 2026-01-05 14:30")]
    NoTime,
    /// Either of two days.
    #[error(
        "can have the day or the month first, and no date of the file tells which; export it from TradingView again, or write 2026-01-05 14:30"
    )]
    DayOrMonth,
    /// Either of two years.
    #[error(
        "can have the year or the day first, and no date of the file tells which; export it from TradingView again, or write the year with four digits: 2026-01-05 14:30"
    )]
    YearOrDay,
}

/// Reads a time.
///
/// # Errors
///
/// [`WhenError`].
pub fn read(text: &str, order: Option<Order>) -> Result<ReadTime, WhenError> {
    let plain = plain(text);
    let (text, offset) = without_offset(&plain);
    let whole = |moment| ReadTime {
        moment,
        has_short_year: false,
    };
    let iso = text.replace('/', "-");
    if starts_with_a_year(&iso) {
        if let Ok(instant) = iso.parse() {
            return Ok(whole(Moment::Instant(instant)));
        }
        if let Ok(local) = iso.parse() {
            return in_offset(whole(Moment::Civil(local)), offset);
        }
    }
    let (date, time) = parts(text);
    let time = time_of(time).ok_or(WhenError::NoTime)?;
    let (date, has_short_year) = match Numbers::of(date) {
        None => named_date(date).ok_or(WhenError::NoTime)?,
        Some(numbers) => (numbers.read(order)?, numbers.has_short_year()),
    };
    let read = ReadTime {
        moment: Moment::Civil(DateTime::from_parts(date, time)),
        has_short_year,
    };
    in_offset(read, offset)
}

/// Words between date and time, and behind them, that say nothing.
const FILLERS: [&str; 10] = ["à", "um", "uhr", "г.", "г", "года", "at", "às", "o", "ore"];

/// A text with usual spaces, digits and signs, without words that say nothing.
fn plain(text: &str) -> String {
    let usual = |letter: char| match letter {
        _ if is_space(letter) => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => narrow(other),
    };
    let text: String = text.trim_matches(is_space).chars().map(usual).collect();
    // Hours and minutes of Korea.
    let text = text
        .replace("시 ", ":")
        .replace('시', ":")
        .replace('분', "");
    let is_word = |word: &&str| !FILLERS.contains(&word.to_lowercase().as_str());
    let words: Vec<&str> = text.split(' ').filter(is_word).collect();
    words.join(" ").trim().to_owned()
}

/// Parts a time from the offset behind it: `UTC`, `GMT+2`, `+0200`.
fn without_offset(text: &str) -> (&str, Option<Offset>) {
    let Some((before, word)) = text.rsplit_once(' ') else {
        return (text, None);
    };
    let named = word
        .strip_prefix("UTC")
        .or_else(|| word.strip_prefix("GMT"));
    if named == Some("") {
        return (before, Some(Offset::UTC));
    }
    let said = named.unwrap_or(word);
    let hours = said.strip_prefix('+').map(|hours| (1, hours));
    let Some((sign, hours)) = hours.or_else(|| said.strip_prefix('-').map(|hours| (-1, hours)))
    else {
        return (text, None);
    };
    let digits = hours.replace(':', "");
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 if digits.is_ascii() => digits.split_at(2),
        _ => return (text, None),
    };
    let seconds = number(hours)
        .zip(number(minutes))
        .map(|(hours, minutes)| sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60));
    let offset = seconds.and_then(|seconds| Offset::from_seconds(seconds).ok());
    offset.map_or((text, None), |offset| (before, Some(offset)))
}

/// A local time at an offset that stands behind it.
fn in_offset(read: ReadTime, offset: Option<Offset>) -> Result<ReadTime, WhenError> {
    let (Some(offset), Moment::Civil(local)) = (offset, read.moment) else {
        return Ok(read);
    };
    let instant = offset.to_timestamp(local).map_err(|_| WhenError::NoTime)?;
    Ok(ReadTime {
        moment: Moment::Instant(instant),
        ..read
    })
}

/// True if a text is a time, whatever stands first in it.
pub fn looks_like_time(text: &str) -> bool {
    let in_any = |order| read(text, Some(order)).is_ok();
    Order::ALL.into_iter().any(in_any)
}

/// `2026-1...`: what the ISO reader may be asked, which takes `12-11` for a month otherwise.
fn starts_with_a_year(text: &str) -> bool {
    text.len() > 4 && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
}

/// Date and time of day, which a space parts.
fn parts(text: &str) -> (&str, &str) {
    let colon = text.find(':').or_else(|| dotted_clock(text));
    let Some(colon) = colon else {
        return (text, "");
    };
    // A word before the hour tells the half of the day in East Asia: 下午 2:30.
    let hour = text[..colon].rfind(is_space).unwrap_or(0);
    let before = text[..hour].trim_end();
    let word = before.rsplit(is_space).next().unwrap_or_default();
    let start = before.len() - word.len();
    let is_half = half_of_day(&before[start..]).is_some();
    let (date, time) = text.split_at(if is_half { start } else { hour });
    (date.trim_end_matches([' ', ',']), time.trim())
}

/// Index of the point in the clock of `13.01.2025 15.30`.
fn dotted_clock(text: &str) -> Option<usize> {
    let (date, clock) = text.rsplit_once(' ')?;
    let is_clock = clock.split('.').count() >= 2
        && clock.split('.').all(|part| {
            (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        });
    let is_date = date.contains(|letter: char| letter.is_ascii_digit());
    (is_clock && is_date && Numbers::of(date).is_some())
        .then(|| date.len() + 1 + clock.find('.').unwrap_or(0))
}

/// Hours that a word before or after the clock adds: morning or afternoon.
fn half_of_day(word: &str) -> Option<i16> {
    match word.to_lowercase().replace('.', "").as_str() {
        "am" | "上午" | "午前" | "오전" | "öö" => Some(0),
        "pm" | "下午" | "午後" | "오후" | "ös" => Some(12),
        _ => None,
    }
}

/// `9:30`, `14:30:00`, `2:30 PM` or `下午 2:30`; without a text midnight.
fn time_of(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::midnight());
    }
    let is_clock = |letter: char| letter.is_ascii_digit() || matches!(letter, ':' | '.');
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    let end = text.rfind(|letter: char| letter.is_ascii_digit())? + 1;
    let clock = &text[start..end];
    let words = [text[..start].trim(), text[end..].trim()];
    let half = match words {
        ["", ""] => None,
        ["", word] | [word, ""] => Some(half_of_day(word)?),
        _ => return None,
    };
    if !clock.chars().all(is_clock) {
        return None;
    }
    let mut numbers = clock.split([':', '.']).map(number);
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().unwrap_or(Some(0))?;
    // A part of a second may follow: 14:30:00.000.
    let _ = numbers.next().filter(|_| clock.matches(':').count() == 2);
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let small = |number: i16| i8::try_from(number).ok();
    let is_whole = numbers.next().is_none() && clock.matches(':').count() <= 2;
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0);
    time.ok().filter(|_| is_whole)
}

/// The three numbers of a date that has no name in it.
struct Numbers<'text> {
    parts: [&'text str; 3],
    has_points: bool,
}

impl<'text> Numbers<'text> {
    fn of(date: &'text str) -> Option<Self> {
        let is_between = |letter: char| {
            matches!(letter, '/' | '-' | '.' | '年' | '月' | '년' | '월') || is_space(letter)
        };
        let date = date.trim_end_matches(['日', '일', '.', ' ']);
        let mut parts = date.split(is_between).filter(|part| !part.is_empty());
        let parts = [
            parts.next()?,
            parts.next()?,
            parts.next().filter(|_| parts.next().is_none())?,
        ];
        let is_number = |part: &&str| part.len() <= 4 && number(part).is_some();
        let only_spaces = !date.contains(|letter: char| is_between(letter) && !is_space(letter));
        (parts.iter().all(is_number) && !only_spaces).then_some(Self {
            parts,
            has_points: date.contains('.'),
        })
    }

    fn has_short_year(&self) -> bool {
        self.parts.iter().all(|part| part.len() <= 2)
    }

    /// The date in an order; `None` where it has no such day.
    fn date(&self, order: Order) -> Option<Date> {
        let [one, two, three] = self.parts;
        let starts_with_year = one.len() == 4;
        match order {
            _ if starts_with_year => new_date(year(one)?, number(two)?, number(three)?),
            Order::DayMonthYear => new_date(year(three)?, number(two)?, number(one)?),
            Order::MonthDayYear if self.has_points => None,
            Order::MonthDayYear => new_date(year(three)?, number(one)?, number(two)?),
            // With points the day stands first.
            Order::YearMonthDay if one.len() == 2 && three.len() <= 2 && !self.has_points => {
                new_date(year(one)?, number(two)?, number(three)?)
            }
            Order::YearMonthDay => None,
        }
    }

    fn read(&self, order: Option<Order>) -> Result<Date, WhenError> {
        if let Some(order) = order {
            return self.date(order).ok_or(WhenError::NoTime);
        }
        let orders = Order::ALL.into_iter();
        let mut dates: Vec<Date> = orders.filter_map(|order| self.date(order)).collect();
        dates.dedup();
        match dates[..] {
            [only] => Ok(only),
            [] => Err(WhenError::NoTime),
            _ if self.date(Order::YearMonthDay).is_some() => Err(WhenError::YearOrDay),
            _ => Err(WhenError::DayOrMonth),
        }
    }
}

/// `Jan 5, 2026`, `5-Jan-26`, `5 janv. 2026`, `5 de enero de 2026`; and whether its year
/// has two digits.
fn named_date(text: &str) -> Option<(Date, bool)> {
    let is_between = |letter: char| matches!(letter, '/' | '-' | '.' | ',') || is_space(letter);
    let parts = text.split(is_between);
    let parts: Vec<&str> = parts
        .filter(|part| !part.is_empty() && *part != "de")
        .collect();
    // The day of the week may stand before.
    let [one, two, three] = match parts[..] {
        [one, two, three] => [one, two, three],
        [weekday, one, two, three] if weekday.chars().all(char::is_alphabetic) => [one, two, three],
        _ => return None,
    };
    let (month, day) = match (month_called(one), month_called(two)) {
        (Some(month), None) => (month, number(two)?),
        (None, Some(month)) if one.len() == 4 => {
            return Some((new_date(year(one)?, month, number(three)?)?, false));
        }
        (None, Some(month)) => (month, number(one)?),
        _ => return None,
    };
    Some((new_date(year(three)?, month, day)?, three.len() == 2))
}

/// A year; of two digits those to 29 are of this century, as spreadsheets have it.
fn year(text: &str) -> Option<i16> {
    match (text.len(), number(text)?) {
        (4, year) => Some(year),
        (2, year) if year < 30 => Some(2000 + year),
        (2, year) => Some(1900 + year),
        _ => None,
    }
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_as_programs_write_them() {
        let (day, month) = (Some(Order::DayMonthYear), Some(Order::MonthDayYear));
        for (text, order, expected) in [
            ("2026-01-05 14:30", None, "2026-01-05T14:30:00"),
            ("2026/01/05 14:30:09", None, "2026-01-05T14:30:09"),
            ("2026-01-05", None, "2026-01-05T00:00:00"),
            ("2026-1-5 9:30", None, "2026-01-05T09:30:00"),
            ("2026-01-05, 14:30", None, "2026-01-05T14:30:00"),
            ("2026-01-05 2:30 PM", None, "2026-01-05T14:30:00"),
            ("2026-01-05 12:30am", None, "2026-01-05T00:30:00"),
            ("5.1.2026 9:30", None, "2026-01-05T09:30:00"),
            ("05.01.2026 15.30", None, "2026-01-05T15:30:00"),
            ("Jan 5, 2026, 14:30", None, "2026-01-05T14:30:00"),
            ("5 January 2026", None, "2026-01-05T00:00:00"),
            ("05-Jan-2026 14:30", None, "2026-01-05T14:30:00"),
            ("05-Jan-26 14:30", None, "2026-01-05T14:30:00"),
            ("5 janv. 2026 14:30", None, "2026-01-05T14:30:00"),
            ("5 de enero de 2026 14:30", None, "2026-01-05T14:30:00"),
            ("5. März 2026 14:30", None, "2026-03-05T14:30:00"),
            ("2026年1月5日 下午 2:30", None, "2026-01-05T14:30:00"),
            (
                "5\u{a0}janv.\u{a0}2026\u{a0}à\u{a0}14:30",
                None,
                "2026-01-05T14:30:00",
            ),
            ("05.01.2026, 14:30 Uhr", None, "2026-01-05T14:30:00"),
            ("05 янв. 2026 г. 14:30", None, "2026-01-05T14:30:00"),
            ("2026년 1월 5일 14시 30분", None, "2026-01-05T14:30:00"),
            (
                "２０２６－０１－０５ １４：３０",
                None,
                "2026-01-05T14:30:00",
            ),
            ("Mon 05 Jan 2026 14:30", None, "2026-01-05T14:30:00"),
            (
                "1/5/2026,\u{202f}2:30\u{202f}PM",
                month,
                "2026-01-05T14:30:00",
            ),
            ("2026. 1. 5. 오후 2:30", None, "2026-01-05T14:30:00"),
            ("5/1/2026 14:30", day, "2026-01-05T14:30:00"),
            ("1/5/2026 14:30", month, "2026-01-05T14:30:00"),
            ("1-5-2026", month, "2026-01-05T00:00:00"),
            ("1/1/2026 14:30", None, "2026-01-01T14:30:00"),
            ("1/13/25 15:30", None, "2025-01-13T15:30:00"),
            ("13.01.25 15:30", None, "2025-01-13T15:30:00"),
            ("13/1/99", None, "1999-01-13T00:00:00"),
            ("25/01/13", Some(Order::YearMonthDay), "2025-01-13T00:00:00"),
            ("45/01/13", None, "2045-01-13T00:00:00"),
        ] {
            let expected = match text {
                "45/01/13" => "1945-01-13T00:00:00",
                _ => expected,
            };
            let expected = Moment::Civil(expected.parse().unwrap());
            let read = read(text, order).map(|read| read.moment);
            assert_eq!(read, Ok(expected), "{text}");
        }
        let instant = Moment::Instant("2026-01-05T14:30:00Z".parse().unwrap());
        for text in [
            "2026-01-05T15:30:00+01:00",
            "2026-01-05 14:30 UTC",
            "2026-01-05 15:30 +0100",
            "5.1.2026 16:30 GMT+2",
            "Jan 5, 2026 9:30 UTC-05:00",
        ] {
            assert_eq!(
                read(text, None).map(|read| read.moment),
                Ok(instant),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[0-9a-z :./\u{a0}\u{2009}+é年月日下午시분TPMZ-]{0,24}") {
            for order in [None, Some(Order::DayMonthYear), Some(Order::YearMonthDay)] {
                let _ = read(&text, order);
            }
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Open",
            "14:30",
            "2026-13-05 10:00",
            "2026-01-05 25:00",
            "2026-01-05 13:30 PM",
            "2026-01-05 1:2:3:4",
            "5/1/2026/1",
            "1 2 3 4",
            "1 2 2026",
            "\u{e4}:",
            "5 Ma 2026",
            "٣/1/2026",
            "5/1/026",
            "1815.91",
        ] {
            let day = Some(Order::DayMonthYear);
            assert_eq!(read(text, day), Err(WhenError::NoTime), "{text}");
        }
        assert_eq!(read("5/1/2026 10:00", None), Err(WhenError::DayOrMonth));
        assert_eq!(read("5/1/26 10:00", None), Err(WhenError::DayOrMonth));
        assert_eq!(read("26/08/02 16:30", None), Err(WhenError::YearOrDay));
    }

    #[test]
    fn the_dates_of_a_file_tell_which_stands_first() {
        for (texts, expected) in [
            (
                &["5/1/2026 10:00", "25/1/2026 10:00"][..],
                Some(Order::DayMonthYear),
            ),
            (&["1/5/2026", "1/25/2026"], Some(Order::MonthDayYear)),
            (&["1/5/26", "1/25/26"], Some(Order::MonthDayYear)),
            (&["30/01/05", "31/01/25"], Some(Order::DayMonthYear)),
            (&["45/01/05", "45/01/25"], Some(Order::YearMonthDay)),
            (&["5.1.26"], Some(Order::DayMonthYear)),
            (&["26/08/02 16:30", "26/08/03 01:30"], None),
            (&["13/01/25", "14/01/25"], Some(Order::DayMonthYear)),
            (&["26.08.02", "26.08.03"], Some(Order::DayMonthYear)),
            (&["26/08/02"], None),
            (&["13/01/25"], Some(Order::DayMonthYear)),
            (&["1/5/2026", "2/5/2026"], None),
            (&["25/1/2026", "1/25/2026"], None),
            (&["2026-01-25 10:00", "Open", ""], None),
        ] {
            let cells = texts.iter().map(|text| Cell::Text(text));
            assert_eq!(Order::of(cells), expected, "{texts:?}");
        }
    }

    #[test]
    fn a_short_year_is_said() {
        let short = |text: &str| read(text, None).unwrap().has_short_year;
        assert!(short("13.01.25") && short("13-Jan-25"));
        assert!(!short("13.01.2025") && !short("2025-01-13 10:00"));
    }
}
