//! `algohook compact`: gives the room of deleted events back.

use std::io::Write;

use clap::Args;

use crate::config::Config;
use crate::server::lock::{DataDirLock, running_server};
use crate::store::compact;

/// Write the database anew without what was deleted, to give its room back
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Compact {}

const EXAMPLE: &str = "\
Example:
  algohook compact

It says how much free room it needs, which is what the database holds, and does nothing where
there is less. Beside a running server it needs twice as much, and is given up where alerts
would have to wait; stop the server for a large database.";

impl Compact {
    pub fn run(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let data_dir = &config.data_dir;
        let sizes = compact::sizes_in(data_dir)?;
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        if let Some(free) = sizes.free {
            writeln!(
                out,
                "Writing the database anew needs {} MiB of free room; {} MiB are free.",
                mib(sizes.needed),
                free >> 20
            )?;
        }
        let compacted = if running_server(data_dir).is_some() {
            compact::compact_beside_server(data_dir)?
        } else {
            let _lock = DataDirLock::acquire(data_dir)?;
            compact::compact(data_dir)?
        };
        let (before, after) = (mib(compacted.before), mib(compacted.after));
        Ok(writeln!(
            out,
            "The database took {before} MiB and takes {after} MiB now."
        )?)
    }
}
