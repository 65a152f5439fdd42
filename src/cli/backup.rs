//! `algohook backup` and `algohook restore`: the whole database as one file.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, prepare_data_dir};
use crate::server::lock::DataDirLock;
use crate::store::{self, Readers, backup};
use crate::vault::Vault;

/// Copy the database to a file, also while a server runs
#[derive(Args)]
#[command(after_help = "Example:\n  algohook backup algohook-2026-01-05.db")]
pub struct Backup {
    /// The file to write; it must not exist yet
    file: PathBuf,
}

/// Put a backup in the place of the database; the server must be stopped
#[derive(Args)]
#[command(after_help = "Example:\n  algohook restore algohook-2026-01-05.db")]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// Replace the database that is there
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        // Of any version: a backup is what comes before an upgrade.
        let readers = Readers::new(store::existing(&config.data_dir)?);
        readers.run_blocking(|connection| backup::backup(connection, &self.file))?;
        let file = self.file.display();
        writeln!(
            out,
            "Wrote {file}. It holds the keys of all webhooks: keep it private."
        )?;
        Ok(())
    }
}

impl Restore {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        prepare_data_dir(&config.data_dir)?;
        let _lock = DataDirLock::acquire(&config.data_dir)?;
        let is_sealed = backup::restore(&self.file, &config.data_dir, self.force)?;
        let (file, data_dir) = (self.file.display(), config.data_dir.display());
        writeln!(out, "Restored {file} into {data_dir}.")?;
        Self::tell_lost_secrets(config, out)?;
        if !is_sealed {
            writeln!(
                out,
                "The file has no digest, as one of an older algohook or of another program: its structure is sound, \
                 whether every value is as it was written is not known."
            )?;
        }
        Ok(())
    }

    /// Names what has to be entered again: secrets that were sealed with the key of the machine
    /// that the backup is from.
    fn tell_lost_secrets(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let readers = Readers::new(store::existing(&config.data_dir)?);
        let vault = Vault::of(&config.data_dir);
        let lost = readers.run_blocking(|connection| Ok(vault.lost(connection)?))?;
        if !lost.is_empty() {
            writeln!(
                out,
                "No backup has the key that other services' secrets are sealed with. Bring master.key back to {} from \
                 your own copy, or enter the secrets again of: {}.",
                config.data_dir.display(),
                lost.join(", ")
            )?;
        }
        Ok(())
    }
}
