//! Causes of what is missing: injected into TradingView's own exports, and what the server
//! records of itself.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compare::legs;
use crate::support::{DataDir, Server, tradingview};
use algohook::compare::bar::bar_of;
use algohook::compare::{
    Cause, Causes, Evidence, Fate, Leg, Outage, Preset, Refused, Tolerance, matching,
};
use algohook::domain::event::{EventId, EventStatus};
use algohook::domain::money::{Decimal, Quantity};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use rusqlite::Connection;

fn tolerance(bar: SignedDuration) -> Tolerance {
    Tolerance {
        bar,
        ..Preset::Day.into()
    }
}

/// Legs in a row that a fault takes.
const IN_A_ROW: usize = 12;

/// What became of each leg on purpose: the name of the cause that is right.
struct Injected {
    alerts: Vec<Leg>,
    evidence: Evidence,
    causes: BTreeMap<usize, &'static str>,
}

fn name(cause: &Cause) -> &'static str {
    match cause {
        Cause::Paused { .. } => "paused",
        Cause::NoOrder { .. } => "no order",
        Cause::Rejected => "rejected",
        Cause::NotRunning { .. } => "not running",
        Cause::TooManyTriggers { .. } => "too many triggers",
        Cause::Silence { .. } => "silence",
        Cause::OtherOrder { .. } => "other order",
        _ => "another",
    }
}

/// The alerts of a backtest with faults of every kind: four times a dozen legs in a row (the
/// webhook is paused, the server does not run, the alert expires, it triggers too often), and
/// single ones that fail, have a wrong key, or are of another quantity and side.
fn inject(backtest: &[Leg], bar: SignedDuration, random: &mut Xoshiro256PlusPlus) -> Injected {
    let mut injected = Injected {
        alerts: Vec::new(),
        evidence: Evidence::default(),
        causes: BTreeMap::new(),
    };
    let part = backtest.len() / 5;
    let kinds = ["paused", "not running", "silence", "too many triggers"];
    for (number, kind) in kinds.into_iter().enumerate() {
        let begin = number * part + random.random_range(2..part - IN_A_ROW - 2);
        for index in begin..begin + IN_A_ROW {
            injected.causes.insert(index, kind);
        }
        let (first, last) = (backtest[begin].time, backtest[begin + IN_A_ROW - 1].time);
        if kind == "not running" {
            injected.evidence.outages.push(Outage {
                from: first - bar,
                to: last + bar,
                was_stopped: false,
            });
        }
        if kind == "too many triggers" {
            let burst = (0..15).map(|second| first - SignedDuration::from_secs(second * 10 + 1));
            injected.evidence.arrivals.extend(burst);
        }
    }
    for (index, leg) in backtest.iter().enumerate() {
        let single = ["no order", "rejected", "other order"];
        let is_inner = index > 0 && index + 1 < backtest.len();
        if is_inner && !injected.causes.contains_key(&index) && random.random::<f64>() < 0.06 {
            injected
                .causes
                .insert(index, single[random.random_range(0..single.len())]);
        }
        let time = leg.time + SignedDuration::from_secs(random.random_range(0..bar.as_secs()));
        injected.send(leg, time, index);
    }
    injected.alerts.sort_by_key(|alert| alert.time);
    injected.evidence.arrivals.sort_unstable();
    injected.evidence.refused.sort_by_key(|refused| refused.at);
    injected
}

impl Injected {
    fn send(&mut self, leg: &Leg, time: Timestamp, index: usize) {
        let refused = |event: Option<i64>, status| Refused {
            at: time,
            event: event.map(EventId),
            status,
            side: None,
        };
        let number = i64::try_from(index).unwrap();
        let mut alert = leg.clone();
        (alert.time, alert.signal) = (time, None);
        match self.causes.get(&index).copied() {
            None => self.alerts.push(alert),
            Some("paused") => {
                self.evidence
                    .refused
                    .push(refused(Some(number), Some(EventStatus::Ignored)));
            }
            Some("no order") => {
                self.evidence
                    .refused
                    .push(refused(Some(number), Some(EventStatus::Failed)));
            }
            Some("rejected") => self.evidence.refused.push(refused(None, None)),
            Some("other order") => {
                alert.side = alert.side.opposite();
                alert.quantity = Quantity::new(alert.quantity.get() * Decimal::TWO).unwrap();
                self.alerts.push(alert);
            }
            Some(_) => return,
        }
        self.evidence.arrivals.push(time);
    }
}

#[test]
fn injected_causes_are_named_right() {
    let (mut right, mut all) = (0, 0);
    let mut wrong: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for path in tradingview::exports() {
        let backtest = legs(&path);
        let Some(bar) = bar_of(backtest.iter().map(|leg| leg.time)) else {
            continue;
        };
        if backtest.len() < 5 * (2 * IN_A_ROW) {
            continue;
        }
        for seed in tradingview::seeds() {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            let injected = inject(&backtest, bar, &mut random);
            let zero = SignedDuration::ZERO;
            let found = matching(&backtest, &injected.alerts, &tolerance(bar), zero);
            let sides = [&backtest[..], &injected.alerts];
            let causes = Causes::of(sides, &found, &tolerance(bar), zero, &injected.evidence);
            for (index, cause) in &injected.causes {
                if found.first[*index] != Fate::Alone {
                    continue;
                }
                let named = causes.missed[*index].as_ref().map_or("none", name);
                all += 1;
                right += usize::from(named == *cause);
                if named != *cause {
                    *wrong.entry((*cause, named)).or_default() += 1;
                }
            }
        }
    }
    println!("{right} of {all} right; wrong: {wrong:?}");
    assert!(all > 1_000, "{all}");
    assert!(right * 100 >= all * 95, "{right} of {all}: {wrong:?}");
}

/// Start, last commit before it, and stop of each run.
fn runs(database: &Path) -> Vec<(i64, Option<i64>, Option<i64>)> {
    let connection = Connection::open(database).unwrap();
    let mut select = connection
        .prepare("SELECT started_at, last_commit, stopped_at FROM runs ORDER BY id")
        .unwrap();
    let runs = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    runs.unwrap().map(Result::unwrap).collect()
}

#[test]
fn the_server_notes_when_it_ran() {
    let data = Server::start().stop();
    let first = runs(&data.database());
    assert_eq!(first.len(), 1);
    assert!(
        first[0].2.is_some_and(|stopped| stopped >= first[0].0),
        "{first:?}"
    );
    let data: DataDir = Server::with(data, &[]).kill();
    let second = runs(&data.database());
    assert_eq!((second.len(), second[1].2), (2, None), "{second:?}");
    let data = Server::with(data, &[]).stop();
    let third = runs(&data.database());
    assert_eq!(third.len(), 3);
    // The run that was killed ended after its start, which was its last commit.
    assert_eq!(third[2].1, Some(second[1].0), "{third:?}");
}
