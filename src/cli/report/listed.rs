//! A backtest's list besides its trades: excursions, and the figures of
//! TradingView's own report beside ours.

use std::io::Write;

use crate::cli::output;
use crate::imports::trades::Sided;
use crate::reports::{ReportFilter, compared};
use crate::store::Store;
use crate::store::backtests::{self, KeptBacktest};

/// Writes it for each backtest that a filter wants.
pub fn write(store: &Store, filter: &ReportFilter, out: &mut dyn Write) -> anyhow::Result<()> {
    for webhook in filter.named_once() {
        let (kept, rows) = store.readers().run_blocking(|connection| {
            let rows = compared::of_kept(connection, webhook, filter.ticker.as_ref())?;
            Ok((backtests::all(connection, webhook)?, rows))
        })?;
        let is_wanted = |one: &&KeptBacktest| {
            filter
                .ticker
                .as_ref()
                .is_none_or(|ticker| ticker.may_be(&one.ticker))
        };
        for backtest in kept.iter().filter(is_wanted) {
            excursions(out, backtest)?;
        }
        if !rows.is_empty() {
            writeln!(out)?;
            let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
            let rows: Vec<Vec<String>> = rows
                .iter()
                .map(|row| {
                    let Sided { all: theirs, .. } = &row.theirs;
                    let unit = if row.is_percent { " %" } else { "" };
                    vec![
                        output::printable(&format!("{}{unit}", row.name)),
                        output::printable(&text(theirs)),
                        text(&row.ours.all),
                    ]
                })
                .collect();
            output::table(
                out,
                &["ALL TRADES", "TRADINGVIEW SAYS", "ALGOHOOK COMPUTES"],
                &rows,
            )?;
        }
    }
    Ok(())
}

fn excursions(out: &mut dyn Write, backtest: &KeptBacktest) -> anyhow::Result<()> {
    let all = &backtest.excursions.all;
    let figures = [
        ("Mean favorable excursion (MFE)", &all.average_favorable),
        ("Mean adverse excursion (MAE)", &all.average_adverse),
        ("Mean bars held", &all.average_bars),
    ];
    if figures.iter().any(|(_, figure)| figure.is_some()) {
        let ticker = output::printable(backtest.ticker.as_str());
        writeln!(out, "\nOf the list of {ticker}:")?;
        for (name, figure) in figures {
            if let Some(figure) = figure {
                writeln!(out, "{name:<32} {figure}")?;
            }
        }
    }
    Ok(())
}
