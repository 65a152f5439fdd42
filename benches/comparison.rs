//! How long two books of 100,000 legs take to compare, and how much memory.
//!
//! A backtest of 15-minute bars and its alerts: 6 % missing, 4 % false, each anywhere in its
//! bar, without signal names and positions, so that everything is aligned and nothing certain.
//! An earlier export of the backtest has another past for every fiftieth leg.

use std::time::Instant;

use algohook::compare::cause::Export;
use algohook::compare::splits::splits;
use algohook::compare::{Action, Causes, Drift, Evidence, Leg, Preset, Rate, Tolerance, matching};
use algohook::domain::money::{Decimal, Price, Quantity};
use algohook::domain::signal::{Direction, Ticker};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

/// Legs of the backtest.
const LEGS: i64 = 100_000;

/// Rounds, of which the fastest counts.
const ROUNDS: usize = 5;

fn main() {
    // `cargo test` runs it too, with arguments of its own.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let (backtest, alerts) = books();
    let bar = SignedDuration::from_mins(15);
    let tolerance = Tolerance {
        bar,
        ..Preset::Day.into()
    };
    let zero = SignedDuration::ZERO;
    let evidence = Evidence {
        arrivals: alerts.iter().map(|leg| leg.time).collect(),
        exports: vec![repainted(&backtest, bar)],
        ..Evidence::default()
    };
    let before = peak_memory();
    let mut fastest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let known = splits(&backtest, alerts.clone(), &tolerance, zero);
        let found = matching(&backtest, &alerts, &tolerance, zero);
        let sides = [&backtest[..], &alerts];
        let causes = Causes::of(sides, &found, &tolerance, zero, &evidence);
        let drift = Drift::of(&backtest, &alerts, &found, zero);
        let rate = Rate::of(&found).map_or(0.0, |rate| rate.percent);
        std::hint::black_box((known, causes, drift));
        let seconds = begin.elapsed().as_secs_f64();
        fastest = fastest.min(seconds);
        println!(
            "{} and {} legs: {seconds:.3} s, {rate:.2} % matched",
            backtest.len(),
            alerts.len()
        );
    }
    println!(
        "fastest {fastest:.3} s; peak memory {} MB, of which the books {before} MB",
        peak_memory()
    );
}

/// An earlier export, in which every fiftieth leg was a bar later.
fn repainted(backtest: &[Leg], bar: SignedDuration) -> Export {
    let mut legs = backtest.to_vec();
    for leg in legs.iter_mut().step_by(50) {
        leg.time += bar;
    }
    legs.sort_by_key(|leg| leg.time);
    Export {
        imported_at: legs.last().map_or(Timestamp::UNIX_EPOCH, |leg| leg.time) + bar + bar,
        legs,
    }
}

fn books() -> (Vec<Leg>, Vec<Leg>) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let ticker: Ticker = "BTCUSDT".parse().expect("a ticker");
    let begin = 1_600_000_200;
    let (mut backtest, mut alerts) = (Vec::new(), Vec::new());
    let mut price = 100.0;
    for number in 0..LEGS {
        price *= 1.0 + (random.random::<f64>() - 0.5) / 500.0;
        let bar = begin + number * 900;
        let leg = |second: i64, price: f64| Leg {
            ticker: ticker.clone(),
            side: if number % 2 == 0 {
                Direction::Long
            } else {
                Direction::Short
            },
            action: if number % 4 < 2 {
                Action::Entry
            } else {
                Action::Exit
            },
            is_action_stated: true,
            time: Timestamp::from_second(second).expect("a time"),
            price: Price::new(Decimal::try_from(price).expect("a number").round_dp(2))
                .expect("a price"),
            quantity: Quantity::new(Decimal::ONE).expect("a quantity"),
            signal: None,
            position_after: None,
            order: None,
        };
        backtest.push(leg(bar, price));
        let late = random.random_range(0..900);
        if random.random::<f64>() >= 0.06 {
            alerts.push(leg(bar + late, price * 1.0001));
        }
        if random.random::<f64>() < 0.04 {
            alerts.push(leg(bar + random.random_range(0..900), price));
        }
    }
    alerts.sort_by_key(|leg| leg.time);
    (backtest, alerts)
}

/// The most memory that this process had, in megabytes; 0 where nobody says.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
