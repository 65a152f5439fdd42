//! `algohook rebuild`: derives again everything that is derived.

use std::io::Write;

use clap::Args;

use super::open;
use super::output::counted;
use crate::config::Config;
use crate::journal::rebuild::rebuild;

/// Derive orders, trades and positions from the events again, also while a server runs
#[derive(Args)]
#[command(after_help = "Example:\n  algohook rebuild")]
pub struct Rebuild {}

impl Rebuild {
    pub fn run(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        let rebuilt = rebuild(open::turns(config, &store))?;
        writeln!(
            out,
            "Looked at {}, corrected {}; derived the trades of {} again.",
            counted(&rebuilt.checked, "order"),
            rebuilt.corrected,
            counted(&rebuilt.ledgers, "ticker")
        )?;
        if rebuilt.restored > 0 {
            writeln!(
                out,
                "Restored from its event: {}.",
                counted(&rebuilt.restored, "missing order")
            )?;
        }
        if rebuilt.kept > 0 {
            writeln!(
                out,
                "Kept as before: {}, whose messages this version cannot read.",
                counted(&rebuilt.kept, "order")
            )?;
        }
        if rebuilt.without_message > 0 {
            writeln!(
                out,
                "Left as they are: {}, whose messages are no longer kept.",
                counted(&rebuilt.without_message, "order")
            )?;
        }
        if rebuilt.lost > 0 {
            writeln!(
                out,
                "Not restored: {}, whose messages this version cannot read. Restore a backup to get them back.",
                counted(&rebuilt.lost, "missing order")
            )?;
        }
        Ok(())
    }
}
