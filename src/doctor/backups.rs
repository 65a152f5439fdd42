//! The backups: whether there are any, how old, and whether the newest is sound.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Finding;
use crate::server::lock::RunningServer;
use crate::store::BACKUP_FOLDER;
use crate::store::backup::OwnBackups;

const CHECK: &str = "backups";

/// Looks through the folder of the server that runs, else through the usual one.
pub fn taken(running: Option<&RunningServer>, data_dir: &Path) -> Finding {
    let folder = running.and_then(|running| running.backup_folder.clone());
    let folder = folder.unwrap_or_else(|| data_dir.join(BACKUP_FOLDER));
    let taken = OwnBackups::of(&folder);
    if let Some(unsound) = taken.newest_is_unsound() {
        return Finding::bad(
            CHECK,
            format!(
                "the newest is a copy of a damaged database: {}",
                unsound.display()
            ),
            "stop the server, keep a copy of the database, and bring the newest sound backup back: algohook restore \
             FILE --force",
        );
    }
    let every = running.and_then(|running| running.backup_hours);
    let Some(newest) = taken.sound.last() else {
        return Finding::notice(
            CHECK,
            format!("there is none in {}", folder.display()),
            "algohook serve --backup-every 24 takes one a day; algohook backup FILE takes one now",
        );
    };
    let found = format!(
        "{} in {}, the newest {}",
        taken.sound.len(),
        folder.display(),
        name(newest)
    );
    let age = newest.metadata().and_then(|file| file.modified()).ok();
    let age = age.and_then(|at| SystemTime::now().duration_since(at).ok());
    // One that is late by a whole turn was tried and failed.
    let is_late = every.is_some_and(|hours| age > Some(Duration::from_hours(2 * hours)));
    if is_late {
        let next = "the server's log says why none was taken since: a full disk is the usual cause";
        return Finding::bad(CHECK, found, next);
    }
    Finding::good(CHECK, found)
}

fn name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
