//! Backups by themselves: every so often, and only so many are kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::config::BackupConfig;
use crate::metrics::Metrics;
use crate::store::backup::{self, BackupState, OwnBackups};
use crate::store::{Result, Store, StoreError};
use crate::workers::Outcome;

/// Interval between looks for a backup that is due: machines sleep, and clocks are set.
const LOOK_EVERY: Duration = Duration::from_mins(5);

/// Takes backups for as long as it is polled; what the last try came to is noted in `state`.
pub async fn run(
    store: Arc<Store>,
    config: BackupConfig,
    state: BackupState,
    metrics: Arc<Metrics>,
) -> Outcome {
    // Whoever starts a server may have mended what the last copy was not sound for.
    let mut counts_unsound = false;
    loop {
        if is_due(&config, std::mem::replace(&mut counts_unsound, true)) {
            let taken = back_up(&store, &config).await;
            metrics.count_backup(match &taken {
                Ok(()) => "taken",
                Err(StoreError::UnsoundBackup { .. }) => "unsound",
                Err(_) => "failed",
            });
            if let Err(error) = &taken {
                let folder = config.folder.display();
                tracing::error!(%error, %folder, "no backup could be taken; it is tried again");
            }
            state.note(taken.err().map(|error| error.to_string()));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn is_due(config: &BackupConfig, counts_unsound: bool) -> bool {
    let now = SystemTime::now();
    let taken = OwnBackups::of(&config.folder);
    // A damaged database is copied no more often than a sound one.
    let unsound = taken.unsound.iter().filter(|_| counts_unsound);
    let files = taken.sound.iter().chain(unsound);
    let times = files.filter_map(|file| std::fs::metadata(file).ok()?.modified().ok());
    // Nobody knows the age of one that was taken while the clock was ahead.
    let ages = times.filter_map(|time| now.duration_since(time).ok());
    ages.min().is_none_or(|age| age >= config.every)
}

async fn back_up(store: &Store, config: &BackupConfig) -> Result<()> {
    let (folder, keep) = (config.folder.clone(), config.keep);
    let target = folder.join(backup::name_at(Timestamp::now()));
    let taken = target.clone();
    let copy = move |connection: &crate::store::Connection| {
        backup::make_folder(&folder)?;
        remove_partial(&folder);
        let copied = backup::backup(connection, &target);
        match copied {
            Ok(()) => remove_surplus(&oldest_first(OwnBackups::of(&folder).sound, &target), keep),
            // One copy of what is damaged is enough to look into.
            Err(StoreError::UnsoundBackup { .. }) => {
                remove_surplus(&OwnBackups::of(&folder).unsound, 1);
            }
            Err(_) => {}
        }
        copied
    };
    store.readers().run(copy).await?;
    tracing::info!(file = %taken.display(), "took a backup and read it again");
    Ok(())
}

/// Removes what a backup left that was ended in the middle.
fn remove_partial(folder: &Path) {
    let files = std::fs::read_dir(folder).into_iter().flatten();
    for path in files.filter_map(|file| Some(file.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str());
        let target = name.and_then(|name| name.split_once(".partial"));
        if target.is_some_and(|(target, _)| backup::is_ours(target)) {
            remove(&path);
        }
    }
}

/// Removes all but the newest of these files, the newest of which is the last.
fn remove_surplus(files: &[PathBuf], keep: usize) {
    let surplus = files.len().saturating_sub(keep);
    files[..surplus].iter().for_each(|file| remove(file));
}

/// The files in the sequence that they were taken in, where the one taken `now` is the last.
/// Their names are their times, but for what a clock named that was ahead.
fn oldest_first(mut files: Vec<PathBuf>, now: &Path) -> Vec<PathBuf> {
    let until_now = files.partition_point(|file| file.as_path() <= now);
    files.rotate_left(until_now);
    files
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::warn!(%error, file = %file.display(), "an old backup could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clock_named_that_was_ahead_goes_before_what_was_taken_now() {
        let names = |names: &[&str]| -> Vec<PathBuf> { names.iter().map(PathBuf::from).collect() };
        let sorted = names(&["20260101", "20260102", "20260103", "20270101"]);
        let now = Path::new("20260103");
        let expected = names(&["20270101", "20260101", "20260102", "20260103"]);
        assert_eq!(oldest_first(sorted, now), expected);
        let sorted = names(&["20260101", "20260103"]);
        assert_eq!(oldest_first(sorted.clone(), now), sorted);
    }
}
