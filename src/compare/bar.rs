//! The bar of a chart: the one that alerts name, where the list's times can be openings of it, or
//! the longest one that all of them can be openings of.
//!
//! Openings are whole numbers of bars apart on the clock of the chart. Where that clock keeps
//! daylight saving, as of an exchange in New York or Berlin, they are so within a season, and an
//! hour off between summer and winter.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::rules::Rule;

/// Bars that a chart can have, in seconds: the greatest is a week.
const LONGEST_BAR: i64 = 7 * 86_400;

/// A bar of a day in seconds: it begins by the date, and its fills come when the session does.
const DAY: i64 = 86_400;

/// Times that show a bar beyond a change of the clocks: of fewer, parts of an hour fit by chance.
const MANY: usize = 20;

/// One in so many times may be no opening of a bar that alerts name: the session of a holiday
/// begins at another hour, and zones of one rule change their clocks some hours apart.
const ODD: usize = 20;

/// Times that show well enough whether most are openings of a bar.
const SHOWN: usize = 2_000;

/// The bar by which books are compared: the named one where the times of the list can be
/// openings of it. Plain price alerts name a minute whatever their chart is, so that a minute is
/// believed only where the times leave no longer one.
#[must_use]
pub fn bar_between(
    named: Option<SignedDuration>,
    times: impl IntoIterator<Item = Timestamp>,
) -> Option<SignedDuration> {
    let seconds = distinct(times);
    let Some(of_times) = divisor(&seconds).filter(|bar| *bar <= LONGEST_BAR) else {
        return named;
    };
    let believed = named.map(|named| named.as_secs());
    let believed = believed.filter(|named| *named > 0 && *named != 60);
    if believed.is_some_and(|named| of_times % named == 0) {
        return named;
    }
    let is_by_saving = is_of_saving(&seconds, of_times);
    if believed.is_none() && !is_by_saving {
        return bar(of_times);
    }
    let step = seconds.len() / SHOWN + 1;
    let mut longest = of_times;
    for rule in rules(&seconds) {
        let in_winter = || in_winter(&seconds, &rule);
        if believed.is_some_and(|named| are_openings(in_winter().step_by(step), named)) {
            return named;
        }
        if is_by_saving {
            let divisor = divisor_beyond(of_times, in_winter());
            longest = longest.max(divisor.min(LONGEST_BAR));
        }
    }
    if believed.is_some_and(|named| are_openings(seconds.iter().copied().step_by(step), named)) {
        return named;
    }
    bar(longest)
}

/// True of a bar that is at least a day long.
#[must_use]
pub fn is_of_days(bar: SignedDuration) -> bool {
    bar.as_secs() >= DAY
}

/// The bar of a chart without daylight saving: the greatest common divisor of the times between
/// legs. `None` where there are too few times to tell.
#[must_use]
pub fn bar_of(times: impl IntoIterator<Item = Timestamp>) -> Option<SignedDuration> {
    divisor(&distinct(times)).and_then(bar)
}

/// The bar of a chart as alerts name it (TradingView's `{{interval}}`): minutes, or a number with
/// `S`, `D` or `W`. `None` of anything else.
#[must_use]
pub fn bar_named(interval: &str) -> Option<SignedDuration> {
    let digits = interval.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: i64 = if digits.is_empty() {
        1
    } else {
        digits.parse().ok()?
    };
    let unit = match &interval[digits.len()..] {
        "" => 60,
        "S" => 1,
        "D" => DAY,
        "W" => LONGEST_BAR,
        _ => return None,
    };
    let seconds = number.checked_mul(unit)?;
    (!interval.is_empty()).then(|| bar(seconds)).flatten()
}

fn bar(seconds: i64) -> Option<SignedDuration> {
    (1..=LONGEST_BAR)
        .contains(&seconds)
        .then(|| SignedDuration::from_secs(seconds))
}

/// Each time once, in seconds, in order.
fn distinct(times: impl IntoIterator<Item = Timestamp>) -> Vec<i64> {
    let mut seconds: Vec<i64> = times.into_iter().map(Timestamp::as_second).collect();
    seconds.sort_unstable();
    seconds.dedup();
    seconds
}

/// The greatest common divisor of the times between some; `None` of fewer than three.
fn divisor(seconds: &[i64]) -> Option<i64> {
    let apart = seconds.windows(2).map(|pair| pair[1] - pair[0]);
    (seconds.len() >= 3).then(|| apart.fold(0, greatest_common_divisor))
}

/// True where a change of the clocks may be what leaves no longer bar.
fn is_of_saving(seconds: &[i64], of_times: i64) -> bool {
    seconds.len() >= MANY && of_times > 0 && 3_600 % of_times == 0
}

/// The rules of daylight saving of the time that some cover.
fn rules(seconds: &[i64]) -> Vec<Rule> {
    let (Some(first), Some(last)) = (seconds.first(), seconds.last()) else {
        return Vec::new();
    };
    let micros = |seconds: i64| seconds.saturating_mul(1_000_000);
    Rule::all((micros(*first), micros(*last)))
}

/// Times as a clock would tell them that stays at its winter's.
fn in_winter<'a>(seconds: &'a [i64], rule: &'a Rule) -> impl Iterator<Item = i64> + 'a {
    let saving = rule.saving / 1_000_000;
    seconds.iter().map(move |&second| {
        let is_summer = rule.is_summer(second.saturating_mul(1_000_000));
        second + if is_summer { saving } else { 0 }
    })
}

/// The greatest common divisor of the times between some, `least` at the lowest: most are seen to
/// have none beyond it after a few.
fn divisor_beyond(least: i64, mut seconds: impl Iterator<Item = i64>) -> i64 {
    let first = seconds.next().unwrap_or_default();
    let mut divisor = 0;
    for second in seconds {
        divisor = greatest_common_divisor(divisor, (second - first).abs());
        if divisor != 0 && divisor <= least {
            return least;
        }
    }
    divisor
}

/// True where almost all of some times are whole numbers of a bar apart.
fn are_openings(seconds: impl Iterator<Item = i64>, bar: i64) -> bool {
    let mut places: HashMap<i64, usize> = HashMap::new();
    let mut all = 0;
    for second in seconds {
        *places.entry(second.rem_euclid(bar)).or_default() += 1;
        all += 1;
    }
    let most = places.into_values().max().unwrap_or_default();
    most + all / ODD >= all
}

fn greatest_common_divisor(one: i64, other: i64) -> i64 {
    if other == 0 {
        one
    } else {
        greatest_common_divisor(other, one % other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    #[test]
    fn alerts_name_a_bar_in_minutes_seconds_days_or_weeks() {
        let named = |text| bar_named(text).map(|bar| bar.as_secs());
        let texts = ["15", "240", "30S", "D", "1D", "1W", "1M", "", "x5", "-5"];
        assert_eq!(
            texts.map(named),
            [
                Some(900),
                Some(14_400),
                Some(30),
                Some(86_400),
                Some(86_400),
                Some(604_800),
                None,
                None,
                None,
                None
            ]
        );
    }

    fn between(named: Option<i64>, seconds: &[i64]) -> Option<i64> {
        let times = seconds
            .iter()
            .map(|&second| Timestamp::from_second(1_767_225_600 + second).unwrap());
        let named = named.map(SignedDuration::from_secs);
        bar_between(named, times).map(|bar| bar.as_secs())
    }

    #[test]
    fn the_bar_is_the_one_that_alerts_name_where_the_times_allow_it() {
        let (quarters, days) = ([0, 900, 2_700, 3_600], [0, 86_400, 172_800]);
        // A strategy that trades at one time of day, on bars of 15 minutes.
        assert_eq!(between(Some(900), &days), Some(900));
        assert_eq!(between(Some(900), &[0]), Some(900));
        assert_eq!(between(None, &quarters), Some(900));
        // A plain alert's minute, and another chart's interval.
        assert_eq!(between(Some(60), &quarters), Some(900));
        assert_eq!(between(Some(3_600), &quarters), Some(900));
        assert_eq!(between(None, &[0]), None);
    }

    /// Openings at some hours of the weekdays of half a year, by the clock of a zone; every
    /// `step`th of them.
    fn openings(zone: &str, hours: &[i8], minute: i8, step: usize) -> Vec<Timestamp> {
        let zone = TimeZone::get(zone).unwrap();
        let days = date(2026, 1, 5).series(jiff::Span::new().days(1)).take(180);
        let days = days.filter(|day| day.weekday().to_monday_zero_offset() < 5);
        let times = days.flat_map(|day| hours.iter().map(move |&hour| day.at(hour, minute, 0, 0)));
        let times = times.map(|time| zone.to_timestamp(time).unwrap());
        times.step_by(step).collect()
    }

    #[test]
    fn a_change_of_the_clocks_leaves_the_bar_as_it_is() {
        let hour = 3_600;
        let bar = |named: Option<i64>, times: &[Timestamp]| {
            let named = named.map(SignedDuration::from_secs);
            bar_between(named, times.iter().copied()).map(|bar| bar.as_secs() / 60)
        };
        let futures = openings("America/New_York", &[2, 6, 10, 14, 18, 22], 0, 5);
        assert_eq!(bar(Some(4 * hour), &futures), Some(240));
        assert_eq!(bar(None, &futures), Some(240));
        let index = openings("Europe/Berlin", &[9, 11, 13, 15], 0, 3);
        assert_eq!(bar(Some(2 * hour), &index), Some(120));
        for (zone, minute) in [("America/New_York", 30), ("Australia/Lord_Howe", 0)] {
            let days = openings(zone, &[9], minute, 1);
            assert_eq!(bar(Some(24 * hour), &days), Some(1_440), "{zone}");
            assert_eq!(bar(None, &days), Some(1_440), "{zone}");
        }
        // Quarters of an hour at one time of day, as the alerts name them.
        let open = openings("America/New_York", &[9], 30, 2);
        assert_eq!(bar(Some(900), &open), Some(15));
        // A chart of hours and alerts of another one, in a zone that changes its clocks.
        let hours: Vec<i8> = (9..16).collect();
        let hourly = openings("America/New_York", &hours, 30, 3);
        assert_eq!(bar(Some(4 * hour), &hourly), Some(60));
        assert_eq!(bar(None, &hourly), Some(60));
        // An odd opening on a holiday.
        let mut odd = openings("America/New_York", &[2, 6, 10, 14, 18, 22], 0, 5);
        odd[7] += SignedDuration::from_hours(1);
        assert_eq!(bar(Some(4 * hour), &odd), Some(240));
    }
}
