//! What trades cost: pairing a million orders, storing one more alert as the
//! history behind it grows, and the report on 100,000 and a million trades,
//! beside `QuantStats`' on the same ones.
//!
//!     cargo bench --bench trades
//!
//! Prints the tables of docs/performance.md. `QuantStats` is measured where `python3`
//! can install it (`tests/oracle/run.sh`), which takes a minute the first time.

mod history;
mod quantstats;
mod report;

use std::time::{Duration, Instant};

use algohook::domain::ledger::Ledger;
use algohook::domain::webhook::Settings;

use history::{History, Walk};
use report::ReportTimes;

/// Orders that are paired in memory, with nothing stored.
const FOLDED_ORDERS: usize = 1_000_000;

/// Trades in the database when storing one more alert is timed; the report is
/// timed at the last two.
const HISTORY: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn main() -> anyhow::Result<()> {
    // `cargo test --all-targets` runs this too, and wants it to be quick.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("nothing is measured except by `cargo bench`");
        return Ok(());
    }
    let folded = fold();
    println!("Pairing {FOLDED_ORDERS} orders in memory: {folded:.2?}\n");

    // Beside the build and not in /tmp, which may be memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut history = History::begin(directory.path())?;
    println!("| trades | storing one more alert | report, first | report, again |");
    println!("|---:|---:|---:|---:|");
    let mut reference = None;
    for trades in HISTORY {
        history.grow_to(trades)?;
        let stored = history.time_of_one_more()?;
        history.close();
        let times = report::measure(directory.path())?;
        println!(
            "| {trades} | {stored:.1?} | {:.1?} | {:.2?} |",
            times.first, times.again
        );
        if trades == quantstats::TRADES {
            let theirs = quantstats::measure(&times.exported);
            reference = Some((times, theirs));
        }
        history.open()?;
    }
    compare(reference);
    Ok(())
}

/// The time to pair [`FOLDED_ORDERS`], entries and exits in turn.
fn fold() -> Duration {
    let orders: Vec<_> = Walk::new().orders().take(FOLDED_ORDERS).collect();
    let settings = Settings::default();
    let mut ledger = Ledger::new();
    let mut trades = 0;
    let begun = Instant::now();
    for order in &orders {
        let applied = ledger.apply(order, &settings);
        trades += applied.expect("no order is late").trades.len();
    }
    let taken = begun.elapsed();
    assert_eq!(trades, FOLDED_ORDERS / 2, "every exit closes one trade");
    taken
}

fn compare(reference: Option<(ReportTimes, anyhow::Result<Duration>)>) {
    let Some((times, measured)) = reference else {
        return;
    };
    println!();
    match measured {
        Ok(theirs) => println!(
            "QuantStats' full metrics of the {} trades: {theirs:.1?}, {:.1} times the first report, {:.0} \
             times the same again",
            quantstats::TRADES,
            theirs.as_secs_f64() / times.first.as_secs_f64(),
            theirs.as_secs_f64() / times.again.as_secs_f64(),
        ),
        Err(error) => println!("QuantStats was not measured: {error:#}"),
    }
}
