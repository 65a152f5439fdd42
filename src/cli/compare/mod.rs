//! `algohook compare`: does live trading do what the backtest promised, and the broker what
//! the alerts asked for?

mod commands;
mod execution;

use std::io::Write;

use anyhow::{Context, bail};
use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;

use super::expectation;
use super::open::{self, WebhookArgument};
use super::output::{self, counted, plain};
use crate::compare::{Action, Bridge, ClockShift, Preset};
use crate::config::Config;
use crate::domain::currency;
use crate::domain::moment::{Moment, Range};
use crate::domain::money::Decimal;
use crate::domain::signal::Ticker;
use crate::reports::comparison::{
    Compared, Comparison, ComparisonFilter, LegRow, LegSide, Rows, With, compare,
};
use crate::reports::expectation::ExpectationFilter;

/// Compare a webhook's backtest with its alerts, or its alerts with a broker's fills
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Compare {
    /// The webhook: its id, or its name
    #[arg(value_name = "ID")]
    webhook: WebhookArgument,
    /// The two books: backtest (and alerts), or (alerts and) fills
    #[arg(long, default_value = "backtest")]
    with: With,
    /// The instrument, where the webhook has several backtests, or fills of several
    #[arg(long)]
    ticker: Option<Ticker>,
    /// Alerts on this day or later, or at this time
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// Alerts before this day or time
    #[arg(long, value_name = "TIME")]
    to: Option<Moment>,
    /// Windows that suit a style of trading: scalping, day, swing, daily; of a backtest
    #[arg(long, default_value = "day")]
    preset: Preset,
    /// How long before the opening of its bar an alert may come, or a fill before its alert, as 1m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    backward: Option<SignedDuration>,
    /// How long after the end of its bar an alert may come, or a fill after its alert, as 5m
    /// [default of fills: 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    forward: Option<SignedDuration>,
    /// How far prices may lie apart, in percent [default: 1, of fills 5]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    price: Option<f64>,
    /// Added to the times of the backtest, or of the alerts where fills are compared, as 8h or
    /// -5h30m: the other book is of another zone. Of a backtest also the zone that its times are
    /// in, where they were read as UTC, or two shifts: `5h,4h,America/New_York`
    #[arg(
        long,
        value_name = "TIME|ZONE",
        allow_hyphen_values = true,
        default_value = "0s"
    )]
    shift: ClockShift,
    /// Hold live trades against runs drawn from the backtest: is it still the same strategy?
    #[arg(long, conflicts_with_all = ["from", "to", "preset", "backward", "forward", "price", "shift", "all"])]
    expectation: bool,
    /// List all fills, not only those that differ
    #[arg(long)]
    all: bool,
    /// Print JSON, with all fills
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook compare wh_...
  algohook compare \"BTC Strategy\" --from 2026-01-01 --shift 8h
  algohook compare \"BTC Strategy\" --shift America/New_York
  algohook compare wh_... --expectation
  algohook compare wh_... --with fills";

/// Fills that are listed unless all are asked for.
const LISTED: usize = 40;

/// The farthest that a window or a shift reaches.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24);

fn duration(text: &str) -> Result<SignedDuration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "write it as 90s, 5m, 8h or -5h30m".to_owned())?;
    if duration.abs() > FARTHEST {
        return Err("must be a day at most".to_owned());
    }
    Ok(duration)
}

fn percent(text: &str) -> Result<f64, &'static str> {
    let percent: f64 = text.parse().map_err(|_| "must be a number")?;
    if percent > 0.0 && percent <= 100.0 {
        Ok(percent)
    } else {
        Err("must be above 0 and at most 100")
    }
}

impl Compare {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        for (name, window) in [("--backward", self.backward), ("--forward", self.forward)] {
            if window.is_some_and(|window| window.is_negative()) {
                bail!("{name} must not be negative");
            }
        }
        if self.with == With::Fills && !matches!(self.shift, ClockShift::Constant(_)) {
            bail!(
                "--shift by zone is of backtests; import the fills again with their time zone (--time-zone)"
            );
        }
        let store = open::store(config)?;
        if self.expectation {
            let filter = ExpectationFilter {
                webhook: self.webhook.find(&store)?,
                ticker: self.ticker,
            };
            return expectation::print(&store, &filter, self.json, out);
        }
        let filter = ComparisonFilter {
            webhook: self.webhook.find(&store)?,
            with: self.with,
            ticker: self.ticker,
            range: Range::new(self.from, self.to)?,
            preset: self.preset,
            backward: self.backward,
            forward: self.forward,
            price: self.price,
            shift: self.shift,
        };
        let read = |connection: &crate::store::Connection| compare(connection, &filter);
        let compared = store.readers().run_blocking(read)?;
        let compared = compared.context("nothing was compared")?;
        if self.json {
            return output::json(out, &Printed::from(&compared));
        }
        write_comparison(out, &filter, &compared.comparison)?;
        write_rows(out, &compared.rows, self.with, self.all)
    }
}

/// A comparison with its rows, as JSON.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    rows: &'a Rows,
}

impl<'a> From<&'a Compared> for Printed<'a> {
    fn from(Compared { comparison, rows }: &'a Compared) -> Self {
        Self { comparison, rows }
    }
}

fn write_comparison(
    out: &mut dyn Write,
    filter: &ComparisonFilter,
    comparison: &Comparison,
) -> anyhow::Result<()> {
    let Comparison {
        verdict,
        legs,
        drift,
        bridge,
        execution,
        ..
    } = comparison;
    let [first, second] = books(comparison.with);
    writeln!(out, "{}", verdict.summary)?;
    writeln!(out, "-> {}", verdict.next_step)?;
    for command in commands::of(filter, comparison) {
        writeln!(out, "   {command}")?;
    }
    writeln!(out)?;
    for note in &comparison.notes {
        writeln!(out, "NOTE: {}.", output::printable(note))?;
    }
    writeln!(
        out,
        "{:.0} to {:.0}, {}",
        comparison.from, comparison.to, comparison.ticker
    )?;
    writeln!(
        out,
        "{} matched, {} missed, {} false; outside the common range: {} of the {first}, {} of the {second}",
        legs.matched, legs.missed, legs.false_alerts, legs.backtest_outside, legs.alerts_outside
    )?;
    if let Some(execution) = execution {
        execution::write(out, execution, &comparison.currency)?;
    } else if let (Some(median), Some(p95), Some(price)) =
        (drift.time_median, drift.time_p95, drift.price_percent)
    {
        writeln!(
            out,
            "Alerts come {median:.0} s after the opening of the bar (median; 95 % within {p95:.0} s), at prices \
             {price:+.3} % worse; {} of another quantity",
            counted(&drift.other_quantities, "fill"),
        )?;
    }
    if let Some(bridge) = bridge {
        write_bridge(out, bridge, comparison)?;
    }
    if !comparison.causes.is_empty() {
        writeln!(out)?;
        let row = |count: &crate::reports::comparison::CauseCount| {
            vec![
                count.cause.clone(),
                count.missed.to_string(),
                count.false_alerts.to_string(),
                count.matched.to_string(),
            ]
        };
        let rows: Vec<Vec<String>> = comparison.causes.iter().map(row).collect();
        output::figures(out, &["CAUSE", "MISSED", "FALSE", "PAIRS"], &rows)?;
    }
    Ok(())
}

/// The names of both books.
fn books(with: With) -> [&'static str; 2] {
    match with {
        With::Backtest => ["backtest", "alerts"],
        With::Fills => ["alerts", "fills"],
    }
}

fn write_bridge(
    out: &mut dyn Write,
    bridge: &Bridge,
    comparison: &Comparison,
) -> anyhow::Result<()> {
    let currency = comparison.currency.as_str();
    let [first, second] = books(comparison.with);
    let amount = |amount: Decimal| format!("{} {currency}", currency::shown(amount, currency));
    let trades = bridge.trades;
    let of = |name: &str, count: usize| format!("{name} ({})", counted(&count, "trade"));
    let rows = [
        (first.to_owned(), bridge.expected),
        (of("missed", trades.missed), bridge.missed),
        (of("false", trades.false_trades), bridge.false_trades),
        (of("other exits", trades.exits), bridge.exits),
        ("prices".to_owned(), bridge.price),
        ("quantities".to_owned(), bridge.quantity),
        (
            "commission and slippage settings".to_owned(),
            bridge.commission,
        ),
        ("rounding".to_owned(), bridge.rounding),
        (second.to_owned(), bridge.observed),
    ];
    writeln!(out)?;
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, step)| vec![name, amount(step)])
        .collect();
    Ok(output::figures(out, &["NET PROFIT", ""], &rows)?)
}

fn write_rows(out: &mut dyn Write, rows: &Rows, with: With, all: bool) -> anyhow::Result<()> {
    let wanted = || rows.iter().filter(|row| all || row.is_problem());
    let count = wanted().count();
    if count == 0 {
        return Ok(());
    }
    let shown = if all { count } else { count.min(LISTED) };
    let cells: Vec<Vec<String>> = wanted()
        .take(shown)
        .map(|row| cells_of(&row.row(), with))
        .collect();
    writeln!(out)?;
    let [first, second] = books(with).map(str::to_uppercase);
    output::table(out, &["OUTCOME", &first, &second, "NOTE"], &cells)?;
    if shown < count {
        writeln!(
            out,
            "... and {} more; --all lists every fill, --json has them all",
            count - shown
        )?;
    }
    Ok(())
}

fn cells_of(row: &LegRow, with: With) -> Vec<String> {
    let note = row
        .cause_in_words
        .clone()
        .unwrap_or_else(|| row.flags.join(", "));
    let [first, second] = match with {
        With::Backtest => [&row.backtest, &row.alert],
        With::Fills => [&row.alert, &row.fill],
    };
    let side = |side: &Option<LegSide>| side.as_ref().map(in_words).unwrap_or_default();
    vec![row.outcome.to_string(), side(first), side(second), note]
}

/// A leg in words. Its side is that of the position: the exit of a long one is a sale, and nobody
/// says `exit short` of it.
fn in_words(side: &LegSide) -> String {
    let order = side.order.map(|order| format!(" {order}"));
    let broker = side
        .reference
        .as_ref()
        .map(|name| format!(" {}", output::printable(name)));
    let order = order.or(broker).unwrap_or_default();
    let position = match side.action {
        Action::Entry => side.side,
        Action::Exit => side.side.opposite(),
    };
    format!(
        "{:.0} {} {position} {} at {}{order}",
        side.time,
        side.action,
        plain(side.quantity),
        plain(side.price)
    )
}
