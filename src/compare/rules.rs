//! The rules of daylight saving that zones have, from the database of zones: of a backtest's time,
//! one zone for each.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{Dst, TimeZone};

/// A rule of daylight saving: its dates, and by how much it moves the clocks.
pub(super) struct Rule {
    /// A zone that has it.
    pub(super) like: &'static str,
    /// In microseconds.
    pub(super) saving: i64,
    /// From when until when, in microseconds since 1970; oldest first.
    summers: Vec<(i64, i64)>,
}

/// Zones that are named where others have the same rule.
const KNOWN: [&str; 5] = [
    "America/New_York",
    "Europe/London",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
];

/// Areas whose zones have no outdated names.
const AREAS: [&str; 9] = [
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// All zones, the known ones first.
static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = jiff::tz::db().available();
    let mut names: Vec<String> = names.map(|name| name.as_str().to_owned()).collect();
    names.retain(|name| {
        let area = name.split_once('/').map(|(area, _)| area);
        area.is_some_and(|area| AREAS.contains(&area))
    });
    let place = |name: &str| KNOWN.iter().position(|known| *known == name);
    names.sort_by_cached_key(|name| (place(name).unwrap_or(KNOWN.len()), name.clone()));
    names
});

/// A day in microseconds.
const DAY: i64 = 24 * 3_600_000_000;

/// Added to changes of the clocks on one Sunday it makes them fall on one day, whichever zone has
/// them.
const TO_SUNDAY: i64 = 11 * 3_600_000_000;

impl Rule {
    /// Those of which any part lies in a time, each once.
    pub(super) fn all((from, to): (i64, i64)) -> Vec<Self> {
        let mut rules: Vec<Self> = Vec::new();
        for name in ZONES.iter() {
            let Some(rule) = Self::of(name, (from - 2 * DAY, to + 2 * DAY)) else {
                continue;
            };
            if rules.iter().all(|known| known.key() != rule.key()) {
                rules.push(rule);
            }
        }
        rules
    }

    /// That of a zone; `None` where its clocks do not change in a time.
    fn of(like: &'static str, (from, to): (i64, i64)) -> Option<Self> {
        let zone = TimeZone::get(like).ok()?;
        let begin = Timestamp::from_microsecond(from).ok()?;
        let before = zone.to_offset_info(begin);
        let (mut is_summer, mut offset) = (before.dst() == Dst::Yes, before.offset().seconds());
        let (mut summers, mut saving) = (Vec::new(), None);
        let mut since = from;
        for change in zone.following(begin) {
            let at = change.timestamp().as_microsecond();
            if at > to {
                break;
            }
            let (was_summer, was) = (is_summer, offset);
            is_summer = change.dst() == Dst::Yes;
            offset = change.offset().seconds();
            if is_summer == was_summer {
                continue;
            }
            saving = saving.or(Some(i64::from(offset - was).abs() * 1_000_000));
            if is_summer {
                since = at;
            } else {
                summers.push((since, at));
            }
        }
        if is_summer {
            summers.push((since, i64::MAX));
        }
        let saving = saving.filter(|saving| *saving > 0)?;
        Some(Self {
            like,
            saving,
            summers,
        })
    }

    /// Equal keys mean equal rules.
    fn key(&self) -> (i64, Vec<(i64, i64)>) {
        let day = |at: i64| at.saturating_add(TO_SUNDAY) / DAY;
        let days = self.summers.iter().map(|&(from, to)| (day(from), day(to)));
        (self.saving, days.collect())
    }

    /// True if daylight saving is in force.
    pub(super) fn is_summer(&self, at: i64) -> bool {
        let next = self.summers.partition_point(|(from, _)| *from <= at);
        next.checked_sub(1)
            .is_some_and(|last| at < self.summers[last].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::clock::is_summer;
    use jiff::SignedDuration;

    fn micros(time: &str) -> i64 {
        time.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn each_rule_of_a_year_is_there_once_and_has_the_dates_of_its_zone() {
        let year = ("2025-02-01T00:00:00Z", "2026-02-01T00:00:00Z");
        let rules = Rule::all((micros(year.0), micros(year.1)));
        let names: Vec<&str> = rules.iter().map(|rule| rule.like).collect();
        assert_eq!(names[..5], KNOWN);
        assert!(names.len() < 20, "{names:?}");
        for name in ["America/Chicago", "Europe/Berlin", "Pacific/Chatham"] {
            assert!(!names.contains(&name), "{names:?}");
        }
        let minutes = |like: &str| {
            let rule = rules.iter().find(|rule| rule.like == like);
            rule.map(|rule| rule.saving / 60_000_000)
        };
        assert_eq!(minutes("Australia/Lord_Howe"), Some(30));
        assert_eq!(minutes("America/New_York"), Some(60));
        for rule in &rules {
            let zone = TimeZone::get(rule.like).unwrap();
            for hour in 0..365 * 24 {
                let at = micros(year.0) + hour * DAY / 24;
                let time = Timestamp::from_microsecond(at).unwrap();
                let expected = is_summer(time, SignedDuration::ZERO, &zone);
                assert_eq!(rule.is_summer(at), expected, "{} {time}", rule.like);
            }
        }
        // A month in which no clock changes has none.
        let june = (
            micros("2025-06-08T00:00:00Z"),
            micros("2025-06-20T00:00:00Z"),
        );
        assert_eq!(Rule::all(june).len(), 0);
    }
}
