//! Backups by themselves: every so often, and only so many are kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::config::BackupConfig;
use crate::store::{Result, Store, StoreError, backup};

/// How often it is looked whether one is due: machines sleep, and clocks are set.
const LOOK_EVERY: Duration = Duration::from_mins(5);

/// What the name of every backup of ours begins and ends with; others are left alone.
const PREFIX: &str = "algohook-";
const SUFFIX: &str = ".db";

/// Takes backups for as long as it is polled.
pub async fn run(store: Arc<Store>, config: BackupConfig) {
    loop {
        if is_due(&config)
            && let Err(error) = back_up(&store, &config).await
        {
            let folder = config.folder.display();
            tracing::error!(%error, %folder, "no backup could be taken; it is tried again in 5 minutes");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn is_due(config: &BackupConfig) -> bool {
    let newest = backups(&config.folder)
        .iter()
        .filter_map(|file| std::fs::metadata(file).ok()?.modified().ok())
        .max();
    let age = newest.map(|newest| SystemTime::now().duration_since(newest).unwrap_or_default());
    age.is_none_or(|age| age >= config.every)
}

async fn back_up(store: &Store, config: &BackupConfig) -> Result<()> {
    let (folder, keep) = (config.folder.clone(), config.keep);
    let name = format!(
        "{PREFIX}{}{SUFFIX}",
        Timestamp::now().strftime("%Y%m%d-%H%M%S")
    );
    let target = folder.join(name);
    let taken = target.clone();
    let copy = move |connection: &rusqlite::Connection| {
        make_private(&folder)?;
        backup::backup(connection, &target)?;
        remove_old(&folder, keep);
        Ok(())
    };
    store.readers().run(copy).await?;
    tracing::info!(file = %taken.display(), "took a backup");
    Ok(())
}

fn make_private(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| StoreError::File {
        what: format!("cannot make {}", folder.display()),
        source,
    })
}

/// Removes all but the newest backups.
fn remove_old(folder: &Path, keep: usize) {
    let mut files = backups(folder);
    // Their names sort as their times do.
    files.sort_unstable();
    let surplus = files.len().saturating_sub(keep);
    for file in &files[..surplus] {
        if let Err(error) = std::fs::remove_file(file) {
            tracing::warn!(%error, file = %file.display(), "an old backup could not be removed");
        }
    }
}

/// The backups that were taken by themselves.
fn backups(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = files.filter_map(|file| Some(file.ok()?.path()));
    files
        .filter(|file| {
            let name = file.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| {
                let time = name
                    .strip_prefix(PREFIX)
                    .and_then(|rest| rest.strip_suffix(SUFFIX));
                time.is_some_and(|time| {
                    time.len() == 15
                        && time
                            .bytes()
                            .all(|byte| byte.is_ascii_digit() || byte == b'-')
                })
            })
        })
        .collect()
}
