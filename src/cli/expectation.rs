//! `algohook compare --expectation`: is it still the same strategy?

use std::io::Write;

use anyhow::Context;

use super::output::{self, counted};
use crate::analytics::expectation::{ExpectedFigure, FigureDifference};
use crate::domain::currency;
use crate::domain::departure::OutcomeUnit;
use crate::domain::money::Decimal;
use crate::reports::expectation::{ExpectationFilter, ExpectedFrom, LiveExpectation, expectation};
use crate::store::{Connection, Store};

/// Reads and prints an expectation.
pub fn print(
    store: &Store,
    filter: &ExpectationFilter,
    is_json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let read = |connection: &Connection| expectation(connection, filter);
    let found = store.readers().run_blocking(read)?;
    let found = found.context("nothing can be expected")?;
    if is_json {
        return output::json(out, &found);
    }
    write(out, &found)
}

fn write(out: &mut dyn Write, found: &LiveExpectation) -> anyhow::Result<()> {
    writeln!(out, "{}", found.verdict.summary)?;
    writeln!(out, "-> {}\n", found.verdict.next_step)?;
    for note in &found.notes {
        writeln!(out, "NOTE: {}.", output::printable(note))?;
    }
    write_source(out, found)?;
    let rows = rows(found);
    if !rows.is_empty() {
        writeln!(out)?;
        output::figures(out, &["", "LIVE", "EXPECTED", "95 % OF RUNS", "P"], &rows)?;
    }
    write_honest(out, found)
}

fn write_source(out: &mut dyn Write, found: &LiveExpectation) -> anyhow::Result<()> {
    let figures = &found.figures;
    let source = match found.source.kind {
        ExpectedFrom::Backtest => "the backtest",
        ExpectedFrom::FirstHalf => "the first half of the live trades",
    };
    let drawn = match figures.sampling.block_length {
        1 => "one by one".to_owned(),
        length => format!("in blocks of {length} on average, for they depend on each other"),
    };
    writeln!(
        out,
        "{}: {} of {source}, drawn {drawn}; {} runs of {} trades",
        found.ticker,
        counted(&figures.expected_trades, "trade"),
        figures.runs,
        figures.horizon
    )?;
    match (&found.source.frozen_at, &found.source.digest) {
        (Some(frozen_at), Some(digest)) => {
            writeln!(out, "Frozen on {frozen_at:.0}, file {digest:.12}")?;
        }
        (None, Some(_)) => writeln!(
            out,
            "Not frozen yet: the server does that once a live trade has closed"
        )?,
        _ => {}
    }
    Ok(())
}

fn rows(found: &LiveExpectation) -> Vec<Vec<String>> {
    let figures = &found.figures;
    let amount = |amount: Decimal| match figures.unit {
        OutcomeUnit::Money => format!(
            "{} {}",
            currency::shown(amount, &found.currency),
            found.currency
        ),
        OutcomeUnit::Percent => format!("{} %", amount.round_dp(2)),
    };
    let mut rows = Vec::new();
    if let Some(standing) = &figures.standing {
        rows.push(vec![
            format!("total of {}", counted(&standing.trades, "trade")),
            amount(standing.total),
            amount(standing.median),
            String::new(),
            format!("{:.1} % as low", standing.as_low),
        ]);
    }
    rows.extend(figures.differences.iter().map(|one| row(one, figures.unit)));
    if let Some(drawdown) = &figures.drawdown {
        rows.push(vec![
            "largest fall".to_owned(),
            amount(drawdown.fall),
            amount(drawdown.median),
            String::new(),
            format!("{:.1} % as large", drawdown.as_large),
        ]);
    }
    rows
}

fn row(one: &FigureDifference, unit: OutcomeUnit) -> Vec<String> {
    let name = match (one.figure, unit) {
        (ExpectedFigure::WinRate, _) => "win rate, %",
        (ExpectedFigure::TradesPerDay, _) => "trades a day",
        (ExpectedFigure::AverageWin, OutcomeUnit::Money) => "average win",
        (ExpectedFigure::AverageWin, OutcomeUnit::Percent) => "average win, %",
        (ExpectedFigure::AverageLoss, OutcomeUnit::Money) => "average loss",
        (ExpectedFigure::AverageLoss, OutcomeUnit::Percent) => "average loss, %",
    };
    let range = one.low.zip(one.high);
    let mark = if one.is_different { " !" } else { "" };
    vec![
        name.to_owned(),
        format!("{:.2}", one.live),
        format!("{:.2}", one.expected),
        range.map_or_else(String::new, |(low, high)| format!("{low:.2} to {high:.2}")),
        format!("{:.4}{mark}", one.probability),
    ]
}

fn write_honest(out: &mut dyn Write, found: &LiveExpectation) -> anyhow::Result<()> {
    let figures = &found.figures;
    let Some(rate) = &figures.win_rate else {
        return Ok(());
    };
    let (low, high) = (rate.interval.low, rate.interval.high);
    writeln!(
        out,
        "\nWin rate {:.1} % of {}, with 95 % confidence between {:.1} and {:.1} %; known to 5 points after {} trades",
        rate.percent,
        counted(&rate.interval.n, "trade"),
        low.unwrap_or_default(),
        high.unwrap_or(100.0),
        rate.trades_needed
    )?;
    if let Some(probability) = figures.probability_above_zero {
        writeln!(
            out,
            "Probability that the true expectancy is above zero: {probability:.1} %"
        )?;
    }
    if let Some(best) = &found.best_of {
        writeln!(
            out,
            "The best of {} strategies; probability that its Sharpe ratio is above zero all the same: {:.1} %",
            best.compared, best.probability
        )?;
    }
    Ok(())
}
