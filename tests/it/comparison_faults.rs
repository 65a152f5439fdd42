//! Faults that happen to real traders, injected into TradingView's exports: each has its own
//! cause or flag, and nothing else is reported.

use std::collections::{BTreeMap, BTreeSet};

use algohook::compare::bar::bar_of;
use algohook::compare::{
    Cause, Causes, Evidence, Fate, Leg, Matching, Outage, Preset, Refused, Tolerance, matching,
};
use algohook::domain::event::{EventId, EventStatus};
use algohook::domain::money::{Decimal, Price, Quantity};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

use crate::compare::legs;
use crate::support::tradingview;

/// A backtest with the length of its bars.
struct Backtest {
    name: String,
    legs: Vec<Leg>,
    bar: SignedDuration,
}

/// Exports that are long enough for a fault that lasts a week.
fn backtests() -> Vec<Backtest> {
    let read = |path: &std::path::PathBuf| {
        let legs = legs(path);
        Some(Backtest {
            name: path.file_stem()?.to_string_lossy().into_owned(),
            bar: bar_of(legs.iter().map(|leg| leg.time))?,
            legs,
        })
    };
    let read = tradingview::exports().iter().filter_map(read).collect();
    let is_long = |one: &Backtest| one.legs.len() >= 120;
    let read: Vec<Backtest> = read;
    read.into_iter().filter(is_long).collect()
}

/// Each export with each seed.
fn tried(mut with: impl FnMut(&Backtest, &mut Xoshiro256PlusPlus)) {
    for backtest in backtests() {
        for seed in tradingview::seeds() {
            with(&backtest, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
        }
    }
}

impl Backtest {
    /// The alert of a leg: anywhere in its bar, and without the name of its signal.
    fn alert(&self, leg: &Leg, random: &mut Xoshiro256PlusPlus) -> Leg {
        let into = SignedDuration::from_secs(random.random_range(0..self.bar.as_secs()));
        Leg {
            time: leg.time + into,
            signal: None,
            ..leg.clone()
        }
    }

    /// The alerts of all legs, in the same order.
    fn alerts(&self, random: &mut Xoshiro256PlusPlus) -> Vec<Leg> {
        let alert = |leg| self.alert(leg, random);
        self.legs.iter().map(alert).collect()
    }

    /// A time between an early and a late one.
    fn time(&self, random: &mut Xoshiro256PlusPlus) -> Timestamp {
        let index = random.random_range(self.legs.len() / 5..self.legs.len() / 2);
        self.legs[index].time
    }

    fn tolerance(&self) -> Tolerance {
        Tolerance {
            bar: self.bar,
            ..Preset::Day.into()
        }
    }

    /// Lays alerts over it, which this sorts.
    fn compared(&self, alerts: &mut [Leg], evidence: &Evidence) -> (Matching, Causes) {
        alerts.sort_by_key(|alert| alert.time);
        let (tolerance, zero) = (self.tolerance(), SignedDuration::ZERO);
        let found = matching(&self.legs, alerts, &tolerance, zero);
        let causes = Causes::of([&self.legs, alerts], &found, &tolerance, zero, evidence);
        (found, causes)
    }
}

/// How many of some are right, and what the others are.
#[derive(Default)]
struct Score {
    all: usize,
    right: usize,
    wrong: BTreeMap<String, usize>,
}

impl Score {
    fn add(&mut self, expected: &str, found: &str) {
        self.all += 1;
        if expected == found {
            self.right += 1;
        } else {
            let what = format!("{expected} -> {found}");
            *self.wrong.entry(what).or_default() += 1;
        }
    }

    /// Fails below a share.
    fn at_least(&self, what: &str, percent: usize) {
        let Self { all, right, wrong } = self;
        println!("{what}: {right} of {all} right; {wrong:?}");
        assert!(*all >= 50, "{what}: {all} are too few");
        assert!(right * 100 >= all * percent, "{what}: {wrong:?}");
    }
}

fn name(cause: Option<&Cause>) -> &'static str {
    match cause {
        Some(Cause::Paused { .. }) => "paused",
        Some(Cause::NotRunning { .. }) => "not running",
        Some(Cause::Silence { .. }) => "silence",
        Some(Cause::OtherOrder { .. }) => "other order",
        Some(Cause::Repeated { .. }) => "repeated",
        Some(_) => "another",
        None => "none",
    }
}

fn is_alone(fates: &[Fate], index: usize) -> bool {
    fates[index] == Fate::Alone
}

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

#[test]
fn two_outages_and_a_pause_that_overlaps_one_are_told_apart() {
    let mut score = Score::default();
    tried(|backtest, random| {
        let begin = backtest.time(random);
        let later = begin + WEEK + WEEK;
        let day = SignedDuration::from_hours(36);
        // Two outages, and a paused week from the middle of the second one.
        let outages = [(begin, begin + day), (later, later + day)];
        let paused = (later + day / 2, later + day / 2 + WEEK);
        let within =
            |time: Timestamp, (from, to): (Timestamp, Timestamp)| from <= time && time < to;
        let mut evidence = Evidence {
            outages: outages
                .map(|(from, to)| Outage {
                    from,
                    to,
                    was_stopped: false,
                })
                .into(),
            ..Evidence::default()
        };
        let mut expected = BTreeMap::new();
        let mut alerts = Vec::new();
        for (index, leg) in backtest.legs.iter().enumerate() {
            let alert = backtest.alert(leg, random);
            if outages.iter().any(|outage| within(alert.time, *outage)) {
                expected.insert(index, "not running");
            } else if within(alert.time, paused) {
                expected.insert(index, "paused");
                evidence.refused.push(Refused {
                    at: alert.time,
                    event: Some(EventId(1)),
                    status: Some(EventStatus::Ignored),
                    side: Some(alert.side),
                });
                evidence.arrivals.push(alert.time);
            } else {
                evidence.arrivals.push(alert.time);
                alerts.push(alert);
            }
        }
        evidence.refused.sort_by_key(|refused| refused.at);
        evidence.arrivals.sort_unstable();
        let (found, causes) = backtest.compared(&mut alerts, &evidence);
        for (index, cause) in expected {
            if is_alone(&found.first, index) {
                score.add(cause, name(causes.missed[index].as_ref()));
            }
        }
    });
    score.at_least("two outages and a pause", 95);
}

#[test]
fn a_part_of_the_quantity_is_a_flag_and_no_missed_and_false_leg() {
    let mut score = Score::default();
    tried(|backtest, random| {
        let mut alerts = backtest.alerts(random);
        let mut changed = BTreeSet::new();
        for (index, alert) in alerts.iter_mut().enumerate() {
            if random.random::<f64>() < 0.1 {
                let part = alert.quantity.get() / Decimal::from(4);
                alert.quantity = Quantity::new(part.round_dp(6)).unwrap();
                changed.insert(index);
            }
        }
        let (found, _) = backtest.compared(&mut alerts, &Evidence::default());
        for index in changed {
            match found.first[index] {
                Fate::Matched(pair) => {
                    let pair = found.pairs[pair];
                    let differs = alerts[pair.second].quantity != backtest.legs[index].quantity;
                    score.add("flagged", if differs { "flagged" } else { "another's" });
                }
                Fate::Alone => score.add("flagged", "missed"),
                Fate::Outside => {}
            }
        }
    });
    score.at_least("a part of the quantity", 98);
}

#[test]
fn an_alert_that_comes_twice_is_told_as_such() {
    let mut score = Score::default();
    tried(|backtest, random| {
        let mut alerts = backtest.alerts(random);
        let mut twice = Vec::new();
        for alert in &alerts {
            if random.random::<f64>() < 0.05 {
                let later = SignedDuration::from_secs(random.random_range(0..4));
                twice.push(Leg {
                    time: alert.time + later,
                    ..alert.clone()
                });
            }
        }
        let second = twice.len();
        alerts.extend(twice);
        let (found, causes) = backtest.compared(&mut alerts, &Evidence::default());
        let alone = (0..alerts.len()).filter(|index| is_alone(&found.second, *index));
        let mut told = 0;
        for index in alone {
            score.add("repeated", name(causes.invented[index].as_ref()));
            told += 1;
        }
        let missed = (0..backtest.legs.len()).filter(|index| is_alone(&found.first, *index));
        for _ in missed {
            score.add("matched", "missed");
        }
        assert!(told <= second, "{}: {told} of {second}", backtest.name);
    });
    score.at_least("alerts that came twice", 95);
}

#[test]
fn a_week_of_alerts_that_are_a_bar_late_is_late_and_not_missed() {
    let mut score = Score::default();
    tried(|backtest, random| {
        let begin = backtest.time(random);
        let mut alerts = backtest.alerts(random);
        let mut late = BTreeSet::new();
        for (index, alert) in alerts.iter_mut().enumerate() {
            if begin <= alert.time && alert.time < begin + WEEK {
                // Most are sent when the next bar opens, some anywhere in it.
                let into = if random.random::<bool>() {
                    5
                } else {
                    backtest.bar.as_secs()
                };
                let into = SignedDuration::from_secs(random.random_range(0..into));
                alert.time = backtest.legs[index].time + backtest.bar + into;
                late.insert(index);
            }
        }
        let (found, causes) = backtest.compared(&mut alerts, &Evidence::default());
        for index in late {
            match found.first[index] {
                Fate::Matched(_) => score.add("matched", "matched"),
                Fate::Alone => score.add("matched", name(causes.missed[index].as_ref())),
                Fate::Outside => {}
            }
        }
        let alone = (0..alerts.len()).filter(|index| is_alone(&found.second, *index));
        for _ in alone {
            score.add("matched", "false");
        }
    });
    score.at_least("a week that is a bar late", 98);
}

/// The times of a book as if its chart had been set to a zone, and were read in another one.
fn read_elsewhere(time: Timestamp, chart: &str, read: &str) -> Timestamp {
    let chart = TimeZone::get(chart).unwrap();
    let read = TimeZone::get(read).unwrap();
    read.to_timestamp(chart.to_datetime(time)).unwrap()
}

#[test]
fn a_chart_with_daylight_saving_is_told_with_both_of_its_shifts() {
    let hour = 3_600;
    for (chart, read, winter, summer) in [
        ("America/New_York", "UTC", 5 * hour, 4 * hour),
        ("Europe/Berlin", "UTC", -hour, -2 * hour),
        ("UTC", "America/Chicago", -6 * hour, -5 * hour),
        ("Australia/Sydney", "UTC", -10 * hour, -11 * hour),
        // Half an hour in summer, and a week a year that is summer there and not in Sydney.
        ("Australia/Lord_Howe", "UTC", -21 * hour / 2, -11 * hour),
        ("Pacific/Chatham", "UTC", -51 * hour / 4, -55 * hour / 4),
    ] {
        let mut score = Score::default();
        let mut dates = Score::default();
        tried(|backtest, random| {
            let mut alerts = backtest.alerts(random);
            alerts.retain(|_| random.random::<f64>() > 0.1);
            alerts.sort_by_key(|alert| alert.time);
            let mut elsewhere = backtest.legs.clone();
            for leg in &mut elsewhere {
                leg.time = read_elsewhere(leg.time, chart, read);
            }
            elsewhere.sort_by_key(|leg| leg.time);
            let zone = if chart == "UTC" { read } else { chart };
            let zone = TimeZone::get(zone).unwrap();
            let is_summer = |leg: &&Leg| zone.to_offset_info(leg.time).dst().is_dst();
            let share = elsewhere.iter().filter(is_summer).count() * 100 / elsewhere.len();
            let zero = SignedDuration::ZERO;
            let found = matching(&elsewhere, &alerts, &backtest.tolerance(), zero).suggested;
            if let Some(seasons) = found.and_then(|shift| shift.seasons)
                && (20..=80).contains(&share)
            {
                let rules = TimeZone::get(seasons.like).unwrap();
                let is_summer = |zone: &TimeZone, leg: &Leg| zone.to_offset_info(leg.time).dst();
                for leg in &backtest.legs {
                    let is_right = is_summer(&rules, leg) == is_summer(&zone, leg);
                    dates.add("season", if is_right { "season" } else { seasons.like });
                }
            }
            let found = found.map_or("none".to_owned(), |shift| match shift.seasons {
                Some(seasons) => {
                    format!(
                        "{} and {}",
                        seasons.winter.as_secs(),
                        seasons.summer.as_secs()
                    )
                }
                None => shift.by.as_secs().to_string(),
            });
            // One season alone shows one shift.
            match share {
                20..=80 => score.add(&format!("{winter} and {summer}"), &found),
                0 => score.add(&winter.to_string(), &found),
                100 => score.add(&summer.to_string(), &found),
                _ => {}
            }
        });
        // Half an hour is two bars of most exports, and fits many by chance.
        let least = if chart == "Australia/Lord_Howe" {
            90
        } else {
            95
        };
        score.at_least(&format!("{chart} read in {read}"), least);
        dates.at_least(&format!("the seasons of {chart} read in {read}"), 99);
    }
}

#[test]
fn prices_that_differ_by_a_factor_are_told_with_the_tolerance_that_fits() {
    for factor in ["0.95", "1.03", "1.25"] {
        let factor: Decimal = factor.parse().unwrap();
        let mut score = Score::default();
        tried(|backtest, random| {
            let mut alerts = backtest.alerts(random);
            alerts.retain(|_| random.random::<f64>() > 0.1);
            for alert in &mut alerts {
                alert.price = Price::new((alert.price.get() * factor).round_dp(4)).unwrap();
            }
            alerts.sort_by_key(|alert| alert.time);
            let (tolerance, zero) = (backtest.tolerance(), SignedDuration::ZERO);
            let found = matching(&backtest.legs, &alerts, &tolerance, zero);
            let Some(scale) = found.suggested_scale else {
                return score.add("found", "none");
            };
            let expected = factor.to_string().parse::<f64>().unwrap();
            let is_right = (scale.factor - expected).abs() < 0.001 && found.suggested.is_none();
            score.add("found", if is_right { "found" } else { "another" });
            // What it asks for matches them.
            let wider = Tolerance {
                price: scale.tolerance,
                ..tolerance
            };
            let matched = matching(&backtest.legs, &alerts, &wider, zero).pairs.len();
            let is_enough = matched * 100 >= alerts.len() * 95;
            score.add("matches", if is_enough { "matches" } else { "does not" });
        });
        score.at_least(&format!("prices times {factor}"), 95);
    }
}
