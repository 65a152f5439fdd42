//! `algohook import fills`: what a broker filled.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{not_imported, read, unreadable};
use crate::cli::open::{self, WebhookArgument};
use crate::cli::output::{self, counted};
use crate::config::Config;
use crate::desk::imports::{
    Imported, UndoneFills, bring_in_fills, fill_options, undo_fills, undoable_fills,
};
use crate::domain::fill::FillImportId;
use crate::domain::signal::Ticker;
use crate::imports::fills as files;
use crate::journal::fills::{self, FillSymbol, ImportedFills, Steps, SymbolMap};
use crate::journal::turns::Turns;
use crate::store::audit::Actor;
use crate::store::{Store, StoreError, fills as stored, webhooks};

/// Bring in a broker's fills, to compare alerts with
///
/// Reads Alpaca's account activities (JSON, CSV), the trade histories of Binance and Bybit,
/// Flex queries and activity statements of Interactive Brokers (CSV), and plain columns:
/// time,symbol,side,qty,price,fee,feeCurrency,orderId,fillId. Fills of instruments that the
/// webhook does not trade are left out. Importing the same file twice changes nothing.
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Fills {
    /// The file
    #[arg(required_unless_present_any = ["undo", "list"])]
    file: Option<PathBuf>,
    /// The webhook whose alerts were filled: its id, or its name
    #[arg(long, value_name = "ID")]
    webhook: WebhookArgument,
    /// The ticker that a symbol of the broker is, as `MNQH6=CME_MINI:MNQ1!`; may be given several
    /// times
    #[arg(long = "symbol", value_name = "SYMBOL=TICKER")]
    symbols: Vec<String>,
    /// The instrument of a file without a column for it
    #[arg(long)]
    ticker: Option<Ticker>,
    /// Zone of times without one [default: the broker's, else the webhook's]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// List the files that were imported
    #[arg(long, conflicts_with_all = ["file", "undo", "symbols", "ticker", "time_zone", "dry_run"])]
    list: bool,
    /// Undo an import by its number, as `fim_3`
    #[arg(long, value_name = "IMPORT", conflicts_with_all = ["file", "symbols", "ticker", "time_zone", "dry_run"])]
    undo: Option<FillImportId>,
    /// Say what would be imported, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook import fills activities.json --webhook wh_... --dry-run
  algohook import fills flex.csv --webhook \"MNQ Strategy\" --symbol MNQH6=CME_MINI:MNQ1!
  algohook import fills --webhook wh_... --list
  algohook import fills --webhook wh_... --undo fim_3
  algohook compare wh_... --with fills";

impl Fills {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        if self.list {
            return self.list(&store, out);
        }
        if let Some(import) = self.undo {
            return self.undo(open::turns(config, &store), import, out);
        }
        match self.file.clone() {
            Some(path) => self.bring_in(open::turns(config, &store), &path, out),
            // The parser asks for one of the three.
            None => Ok(()),
        }
    }

    fn bring_in(self, turns: Turns<'_>, path: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = turns.store;
        let zone = match &self.time_zone {
            Some(name) => Some(TimeZone::get(name).with_context(|| {
                format!("\"{name}\" is no time zone; write one like Europe/Berlin")
            })?),
            None => None,
        };
        let symbols = SymbolMap::read(self.symbols.iter().map(String::as_str))?;
        let (file, now) = (read(path)?, Timestamp::now());
        let webhook = self.webhook.find(store)?;
        let settings = store
            .readers()
            .run_blocking(|connection| webhooks::get(connection, &webhook))?
            .settings;
        let options = fill_options(&settings, zone, self.ticker, now);
        let file = files::read(&*file, &options).map_err(|error| unreadable(path, error))?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let prepare = |connection: &_| fills::prepare(connection, &webhook, file, name, &symbols);
        let prepared = store.readers().run_blocking(prepare)?;
        let prepared = prepared.with_context(|| not_imported(path))?;
        let imported = if self.dry_run {
            prepared.summary().clone()
        } else {
            let steps = Steps::of(prepared, now);
            bring_in_fills(turns, &Actor::command_line(now), steps)?
        };
        if self.json {
            let imported = Imported {
                dry_run: self.dry_run,
                alerts: None,
                trades: None,
                fills: Some(imported),
            };
            return output::json(out, &imported);
        }
        write(out, &imported, self.dry_run)
    }

    fn undo(
        self,
        turns: Turns<'_>,
        import: FillImportId,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let store = turns.store;
        let webhook = self.webhook.find(store)?;
        let find = |connection: &_| undoable_fills(connection, import, Some(&webhook));
        let undone = match store.readers().run_blocking(find) {
            Err(StoreError::NotFound(_)) => {
                bail!("the webhook has no import {import}; --list shows those that it has")
            }
            found => found?,
        };
        let actor = Actor::command_line(Timestamp::now());
        undo_fills(turns, &actor, import)?;
        if self.json {
            return output::json(out, &UndoneFills { undone });
        }
        writeln!(
            out,
            "Undid {import}: removed {}; {} stay, for another file has them, too.",
            counted(&undone.only_here, "fill"),
            undone.fills - undone.only_here
        )?;
        Ok(())
    }

    fn list(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let webhook = self.webhook.find(store)?;
        let find = |connection: &_| {
            let webhook = webhooks::get(connection, &webhook)?;
            stored::imports(connection, webhook.row)
        };
        let imports = store.readers().run_blocking(find)?;
        if self.json {
            return output::json(out, &imports);
        }
        if imports.is_empty() {
            writeln!(out, "No fills were imported.")?;
            return Ok(());
        }
        let rows = imports.iter().map(|import| {
            vec![
                import.id.to_string(),
                format!("{:.0}", import.imported_at),
                import.venue.to_string(),
                output::printable(import.file_name.as_deref().unwrap_or("-")),
                import.fills.to_string(),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        Ok(output::table(
            out,
            &["IMPORT", "TIME", "FROM", "FILE", "FILLS"],
            &rows,
        )?)
    }
}

fn write(out: &mut dyn Write, imported: &ImportedFills, dry_run: bool) -> anyhow::Result<()> {
    for note in &imported.notes {
        writeln!(out, "NOTE: {}.", output::printable(note))?;
    }
    let guessed = [
        (
            imported.is_zone_assumed,
            "--time-zone ZONE names the time zone of the file",
        ),
        (
            imported.is_symbol_guessed,
            "--symbol SYMBOL=TICKER names a ticker",
        ),
    ];
    for (_, option) in guessed.iter().filter(|(is_guessed, _)| *is_guessed) {
        writeln!(out, "  {option}.")?;
    }
    let what = match (imported.new, dry_run) {
        (0, _) => "Nothing changes".to_owned(),
        (new, true) => format!("Would import {}", counted(&new, "fill")),
        (new, false) => format!("Imported {}", counted(&new, "fill")),
    };
    let range = imported
        .first
        .zip(imported.last)
        .map_or(String::new(), |(first, last)| {
            format!(", from {first:.0} to {last:.0}")
        });
    writeln!(
        out,
        "{what}: {} of the file were there already{range}.",
        imported.known
    )?;
    let list = |symbols: &[FillSymbol]| {
        let named = symbols.iter().map(|symbol| {
            let name = output::printable(symbol.symbol.as_str());
            match &symbol.ticker {
                Some(ticker) if *ticker != symbol.symbol => {
                    format!(
                        "{name} as {} ({})",
                        output::printable(ticker.as_str()),
                        symbol.fills
                    )
                }
                _ => format!("{name} ({})", symbol.fills),
            }
        });
        named.collect::<Vec<_>>().join(", ")
    };
    if !imported.taken.is_empty() {
        writeln!(out, "  Instruments: {}", list(&imported.taken))?;
    }
    if !imported.left_out.is_empty() {
        writeln!(
            out,
            "  Left out, for this webhook does not trade them: {}. --symbol SYMBOL=TICKER takes one.",
            list(&imported.left_out)
        )?;
    }
    if imported.others > 0 {
        writeln!(
            out,
            "  {} left out that are no fills.",
            counted(&imported.others, "row")
        )?;
    }
    if let Some(import) = imported.import {
        writeln!(
            out,
            "  To undo it: algohook import fills --undo {import} --webhook ..."
        )?;
    }
    Ok(())
}
