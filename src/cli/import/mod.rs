//! `algohook import`: alerts that never arrived, history, and backtests.

mod fills;
mod listed;

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::open::{self, WebhookArgument};
use super::output;
use crate::config::Config;
use crate::desk::imports::{
    Imported, LARGEST_FILE, Reading, RemovedBacktests, bring_in_alerts, bring_in_trades,
    new_backtest, remove_backtests,
};
use crate::domain::signal::{Direction, Ticker};
use crate::imports::source::Source;
use crate::imports::trades::Choices;
use crate::imports::trades::terms::StatedTerms;
use crate::imports::{Unreadable, alerts};
use crate::journal::imports::{AlertSelection, ImportedAlerts, Steps, prepare, preview};
use crate::store::audit::Actor;
use crate::store::backtests::{self, BacktestSize};
use crate::store::spool::Spool;
use crate::store::{WriteContext, webhooks};

/// Missing alerts that are listed in the terminal.
const LISTED: usize = 20;

/// Names of alerts that are listed in the terminal.
const NAMED: usize = 5;

/// Bring in alerts that never arrived, history, TradingView's backtest, or a broker's fills
#[derive(Subcommand)]
pub enum Import {
    Alerts(Alerts),
    Trades(Trades),
    Fills(fills::Fills),
    /// A file without what it is.
    #[command(external_subcommand)]
    Unsaid(
        #[allow(
            dead_code,
            reason = "the parser needs a place for what was said instead"
        )]
        Vec<OsString>,
    ),
}

/// Bring in alerts from TradingView's alert log (CSV) or from JSON lines
///
/// Alerts that were recorded already are recognised; the missing ones become
/// events at their own time. Importing the same file twice changes nothing.
/// A JSON line is {"time": "2026-01-05T14:30:00Z", "payload": {...}}.
#[derive(Args)]
#[command(after_help = ALERTS_EXAMPLE)]
pub struct Alerts {
    /// The file
    file: PathBuf,
    /// The webhook that the alerts belong to: its id, or its name
    #[arg(long, value_name = "ID")]
    webhook: WebhookArgument,
    /// Of a log: take alerts of this name although their message does not show the
    /// webhook's key; may be given several times
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Seconds that a recorded alert may lie apart and be the same
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    tolerance: u32,
    /// Say what is missing, and import nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const ALERTS_EXAMPLE: &str = "\
Examples:
  algohook import alerts TradingView_Alerts_Log.csv --webhook wh_... --dry-run
  algohook import alerts history.jsonl --webhook \"BTC Strategy\"";

/// Bring in TradingView's list of trades (CSV or XLSX) as the webhook's backtest
///
/// It is kept apart from the trades of alerts, one list for each ticker; importing
/// another one replaces it, importing the same file twice changes nothing.
#[derive(Args)]
#[command(after_help = TRADES_EXAMPLE)]
pub struct Trades {
    /// The file
    #[arg(required_unless_present = "remove")]
    file: Option<PathBuf>,
    /// The webhook whose strategy was tested: its id, or its name
    #[arg(long, value_name = "ID")]
    webhook: WebhookArgument,
    /// The instrument [default: as the file or its name says, else the ticker of the
    /// webhook's alerts where they have one only, else "unknown"; what was guessed is said]
    #[arg(long)]
    ticker: Option<Ticker>,
    /// Zone of the chart's times [default: as the file says, else the webhook's]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Money at the start [default: as the file or its rows say, else the webhook's]
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    initial_capital: Option<String>,
    /// Money that one contract gains when the price rises by 1 [default: likewise]
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    point_value: Option<String>,
    /// What every fill cost: "0.1%", "1.5 per order", "2 per contract" or 0 [default: as
    /// the file or its rows say]
    #[arg(long, value_name = "COMMISSION", allow_hyphen_values = true)]
    commission: Option<String>,
    /// Currency of profit [default: as the file says, else the webhook's]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// The column that something stands in, by its number or its title, where the header
    /// is not understood: date=3, profit="Gewinn EUR"; may be given several times
    #[arg(long = "column", value_name = "NAME=COLUMN")]
    columns: Vec<String>,
    /// Remove the webhook's backtest in the ticker, or without --ticker all of them
    #[arg(long, conflicts_with_all = ["file", "time_zone", "initial_capital", "point_value", "commission", "currency", "columns"])]
    remove: bool,
    /// Say what would be imported or removed, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const TRADES_EXAMPLE: &str = "\
Examples:
  algohook import trades List_of_trades.csv --webhook wh_... --time-zone America/New_York
  algohook report wh_... --backtest
  algohook import trades --remove --webhook wh_... --ticker BTCUSDT";

impl Import {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        match self {
            Self::Alerts(alerts) => alerts.run(config, out),
            Self::Trades(trades) => trades.run(config, out),
            Self::Fills(fills) => fills.run(config, out),
            Self::Unsaid(_) => super::wrong_use(
                "say what the file is: algohook import alerts FILE, algohook import trades FILE or algohook import fills FILE",
            ),
        }
    }
}

impl Alerts {
    fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let file = read(&self.file)?;
        let now = Timestamp::now();
        let file = alerts::read(&*file).map_err(|error| unreadable(&self.file, error))?;
        file.require_names(&self.names)?;
        let selection = AlertSelection {
            names: self.names,
            tolerance: SignedDuration::from_secs(i64::from(self.tolerance)),
        };
        let store = open::store(config)?;
        let webhook = self.webhook.find(&store)?;
        let read = |connection: &_| prepare(connection, &webhook, file, &selection, now);
        let prepared = store.readers().run_blocking(read)?;
        let imported = if self.dry_run {
            let read = |connection: &_| preview(connection, prepared);
            store.readers().run_blocking(read)?
        } else {
            let begin = |connection: &_| Steps::of(connection, prepared);
            let steps = store.readers().run_blocking(begin)?;
            let actor = Actor::command_line(now);
            bring_in_alerts(open::turns(config, &store), &actor, &webhook, steps)?
        };
        if self.json {
            return output::json(
                out,
                &Imported {
                    dry_run: self.dry_run,
                    alerts: Some(imported),
                    trades: None,
                    fills: None,
                },
            );
        }
        write_alerts(out, &imported, self.dry_run)
    }
}

fn write_alerts(
    out: &mut dyn Write,
    imported: &ImportedAlerts,
    dry_run: bool,
) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = imported
        .alerts
        .iter()
        .take(LISTED)
        .map(|alert| {
            let ticker = alert.ticker.as_ref().map_or("-", Ticker::as_str);
            let direction = alert.direction.map_or("-", Direction::action);
            let error = alert.error.as_deref().unwrap_or_default();
            vec![
                alert.row.to_string(),
                alert.time.to_string(),
                output::printable(ticker),
                direction.to_owned(),
                output::printable(error),
            ]
        })
        .collect();
    if !rows.is_empty() {
        output::table(out, &["ROW", "TIME", "TICKER", "ORDER", "ERROR"], &rows)?;
        if imported.new > rows.len() {
            writeln!(out, "... and {} more", imported.new - rows.len())?;
        }
        writeln!(out)?;
    }
    for note in &imported.notes {
        writeln!(out, "NOTE: {}.", output::printable(note))?;
    }
    let what = if dry_run { "missing" } else { "imported" };
    writeln!(
        out,
        "{} of {} alerts {what}, {} recorded already.",
        imported.new, imported.rows, imported.known
    )?;
    if imported.failed > 0 {
        let failed = imported.failed;
        let text = if dry_run {
            "would make no order; the column ERROR says why (--json lists all)"
        } else {
            "make no order; the event log says why (algohook events --status failed)"
        };
        writeln!(out, "{failed} of them {text}.")?;
    }
    if imported.without_order > 0 {
        let count = imported.without_order;
        writeln!(
            out,
            "{count} left out: they made no order where they were exported."
        )?;
    }
    if imported.without_message > 0 {
        let count = imported.without_message;
        writeln!(
            out,
            "{count} left out: their messages were no longer kept where they were exported. Import the export of \
             orders for them."
        )?;
    }
    if imported.known_without_order > 0 {
        let waiting = imported.known_without_order;
        writeln!(
            out,
            "{waiting} of those recorded made no order; they can be processed from the event log."
        )?;
    }
    write_left_out(out, imported)
}

fn write_left_out(out: &mut dyn Write, imported: &ImportedAlerts) -> anyhow::Result<()> {
    let of_other = imported.of_other_webhook;
    for (count, reason, names) in [
        (of_other, "the key of another webhook of this server", None),
        (
            imported.other_key - of_other,
            "another key (an older key?)",
            Some(&imported.other_key_names),
        ),
        (
            imported.without_key,
            "no key",
            Some(&imported.without_key_names),
        ),
    ] {
        if count == 0 {
            continue;
        }
        write!(out, "{count} left out: their message shows {reason}.")?;
        match names.map(Vec::as_slice) {
            None => {}
            Some([]) => write!(out, " They have no name that --name could take them by.")?,
            Some(names) => {
                let shown = names.iter().take(NAMED);
                let shown: Vec<String> = shown
                    .map(|named| format!("--name \"{}\"", output::printable(&named.name)))
                    .collect();
                let shown = shown.join(" ");
                write!(out, " To take them all the same: {shown}")?;
                if names.len() > NAMED {
                    write!(out, " and {} more names", names.len() - NAMED)?;
                }
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

impl Trades {
    fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        match self.file.clone() {
            Some(path) => self.bring_in(&path, config, out),
            None => self.remove(config, out),
        }
    }

    fn remove(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        let (webhook, ticker) = (self.webhook.find(&store)?, self.ticker);
        let removed = if self.dry_run {
            let read = |connection: &_| backtests::removable(connection, &webhook, ticker.as_ref());
            store.readers().run_blocking(read)?
        } else {
            let actor = Actor::command_line(Timestamp::now());
            let write = move |context: &mut WriteContext<'_>| {
                remove_backtests(context, &actor, &webhook, ticker.as_ref())
            };
            store.writer().run_removal_blocking(write)?
        };
        if self.json {
            return output::json(out, &RemovedBacktests { removed });
        }
        let what = if self.dry_run {
            "Would remove"
        } else {
            "Removed"
        };
        for BacktestSize { ticker, trades } in removed {
            let ticker = output::printable(ticker.as_str());
            writeln!(
                out,
                "{what} the backtest of {ticker} with {trades} closed trades."
            )?;
        }
        Ok(())
    }

    fn bring_in(self, path: &Path, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let file = read(path)?;
        let zone = match &self.time_zone {
            Some(name) => Some(TimeZone::get(name).with_context(|| {
                format!("\"{name}\" is no time zone; write one like Europe/Berlin")
            })?),
            None => None,
        };
        let columns = Choices::read(self.columns.iter().map(String::as_str))?;
        let stated = StatedTerms::read([
            self.initial_capital.as_deref(),
            self.point_value.as_deref(),
            self.commission.as_deref(),
            self.currency.as_deref(),
        ])?;
        let store = open::store(config)?;
        let webhook = self.webhook.find(&store)?;
        let settings = store
            .readers()
            .run_blocking(|connection| webhooks::get(connection, &webhook))?
            .settings;
        let name = path.file_name();
        let name = name.map(|name| name.to_string_lossy().into_owned());
        let reading = Reading {
            ticker: self.ticker,
            zone,
            file_name: name,
            columns,
            stated,
        };
        let new = new_backtest(&*file, &settings, reading, Timestamp::now())
            .map_err(|error| unreadable(path, error))?;
        let imported = if self.dry_run {
            let read = |connection: &_| backtests::preview(connection, &webhook, &new);
            store.readers().run_blocking(read)?
        } else {
            open::act(&store, move |context, actor| {
                bring_in_trades(context, actor, &webhook, &new)
            })?
        };
        if self.json {
            return output::json(
                out,
                &Imported {
                    dry_run: self.dry_run,
                    alerts: None,
                    trades: Some(imported),
                    fills: None,
                },
            );
        }
        listed::write(out, &imported, self.dry_run)
    }
}

fn read(path: &Path) -> anyhow::Result<Box<dyn Source>> {
    let shown = path.display();
    let failed = || format!("cannot read {shown}");
    let opened = std::fs::File::open(path).with_context(failed)?;
    let is_on_disk = opened.metadata().with_context(failed)?.is_file();
    let file: Box<dyn Source> = if is_on_disk {
        Box::new(Spool::of(opened).with_context(failed)?)
    } else {
        // No more than is needed to know that it is too large; a pipe has no size to ask for.
        let mut read = Vec::new();
        let mut most = opened.take(LARGEST_FILE as u64 + 1);
        most.read_to_end(&mut read).with_context(failed)?;
        Box::new(read)
    };
    if file.size() > LARGEST_FILE as u64 {
        bail!("{shown} is larger than {LARGEST_FILE} bytes; import it in parts");
    }
    Ok(file)
}

fn unreadable(path: &Path, error: Unreadable) -> anyhow::Error {
    let what = not_imported(path);
    let Unreadable::Rows(faults) = error else {
        return anyhow::Error::new(error).context(what);
    };
    let lines = faults.named.iter().map(|fault| format!("\n  {fault}"));
    let more = match faults.more {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    anyhow!("{what}: {}{more}", lines.collect::<String>())
}

fn not_imported(path: &Path) -> String {
    format!("{} was not imported", path.display())
}
