//! `algohook rebuild`: derives again what can be derived.

use std::io::Write;

use clap::Args;

use super::open;
use super::output::counted;
use crate::config::Config;
use crate::store::ledgers;
use crate::store::rebuild::rebuild_part;

/// Derive from the events again what can be derived, also while a server runs
#[derive(Args)]
#[command(after_help = "Example:\n  algohook rebuild")]
pub struct Rebuild {}

impl Rebuild {
    pub fn run(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        let (mut checked, mut changed, mut unreadable) = (0, 0, 0);
        let mut after = 0;
        loop {
            let part = store
                .writer()
                .run_blocking(move |context| rebuild_part(context, after))?;
            checked += part.checked;
            changed += part.changed;
            unreadable += part.unreadable;
            match part.last {
                Some(last) => after = last,
                None => break,
            }
        }
        let marked = store
            .writer()
            .run_blocking(|context| ledgers::mark_stale(context, None))?;
        while store.writer().run_blocking(ledgers::derive_next)? {}
        writeln!(
            out,
            "Looked at {}, corrected {changed}; derived the trades of {} again.",
            counted(&checked, "order"),
            counted(&marked, "ticker")
        )?;
        if unreadable > 0 {
            writeln!(
                out,
                "Not derived again: {}, whose payloads cannot be read any more.",
                counted(&unreadable, "order")
            )?;
        }
        Ok(())
    }
}
