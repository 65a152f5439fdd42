//! The result of importing a list of trades, in the terminal.

use std::io::Write;

use crate::cli::output;
use crate::domain::terms::Contract;
use crate::imports::trades::terms::{CommissionTerm, Source, Term, words};
use crate::store::backtests::ImportedTrades;
use crate::text::counted;

/// Writes what importing a list came to, or would.
pub fn write(out: &mut dyn Write, imported: &ImportedTrades, dry_run: bool) -> anyhow::Result<()> {
    let ImportedTrades {
        ticker,
        currency,
        time_zone,
        trades,
        open,
        net_profit,
        ..
    } = imported;
    write_notes(out, imported)?;
    if imported.is_empty {
        return Ok(());
    }
    let what = match (imported.is_known, dry_run) {
        (true, _) => "This backtest is there already; nothing changes",
        (false, true) => "Would be imported",
        (false, false) => "Imported",
    };
    writeln!(
        out,
        "{what}: {trades} closed and {open} open trades in {ticker}, net profit {net_profit} {currency}, times in {time_zone}."
    )?;
    write_terms(out, imported)?;
    let verb = if dry_run { "would replace" } else { "replaced" };
    for replaced in &imported.replaced {
        let (old, of) = (replaced.trades, &replaced.ticker);
        writeln!(
            out,
            "They {verb} the backtest of {of}: {trades} closed trades in place of the {old} that it had."
        )?;
    }
    Ok(())
}

/// Writes the terms of a list, each with its source.
fn write_terms(out: &mut dyn Write, imported: &ImportedTrades) -> anyhow::Result<()> {
    let terms = &imported.terms;
    for (name, term) in [
        ("Initial capital", &terms.initial_capital),
        ("Point value", &terms.point_value),
    ] {
        writeln!(
            out,
            "  {name}: {}, {}",
            term.value,
            who(term.source, &certainty(term))
        )?;
    }
    if let Some(contract) = terms
        .contract
        .filter(|term| term.value == Contract::Inverse)
    {
        let said = who(contract.source, "");
        writeln!(out, "  Contract: {}, {said}", contract.value)?;
    }
    let CommissionTerm {
        value,
        source,
        is_listed,
        ..
    } = &terms.commission;
    let value = value
        .as_ref()
        .map_or_else(|| "not known, taken as none".to_owned(), words);
    let listed = if *is_listed {
        "; each trade has its own, as the list says"
    } else {
        ""
    };
    let said = who(*source, "");
    writeln!(out, "  Commission: {value}, {said}{listed}")?;
    Ok(())
}

fn who(source: Source, certainty: &str) -> String {
    match source {
        Source::Owner => "as you say".to_owned(),
        Source::Properties => "as the sheet Properties says".to_owned(),
        Source::Rows => format!("by its rows{certainty}"),
        Source::Settings => "as the webhook's settings say".to_owned(),
    }
}

/// The support that the rows give a number.
fn certainty(term: &Term) -> String {
    let Some(rows) = &term.rows else {
        return String::new();
    };
    let (agreeing, of) = (rows.agreeing, rows.of);
    let of = counted(&of, "trade");
    match rows.most {
        Some(most) if most == rows.least => format!(" ({agreeing} of {of})"),
        Some(most) => format!(
            " ({agreeing} of {of}; between {} and {})",
            rows.least.round_sf(7).unwrap_or(rows.least).normalize(),
            most.round_sf(7).unwrap_or(most).normalize()
        ),
        None => format!(" ({agreeing} of {of}; at least {})", rows.least),
    }
}

fn write_notes(out: &mut dyn Write, imported: &ImportedTrades) -> anyhow::Result<()> {
    for (number, note) in imported.notes.iter().enumerate() {
        let note = output::printable(note);
        write!(out, "NOTE: {note}.")?;
        if number == 0 && imported.is_ticker_guessed {
            let (another, verb) = match imported.ticker.as_str() {
                "unknown" => ("BTCUSDT", "names it"),
                "ETHUSDT" => ("BTCUSDT", "says another"),
                _ => ("ETHUSDT", "says another"),
            };
            write!(out, " --ticker {another} {verb}.")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
