//! A file that holds some room on the disk, for the owner alone.
//!
//! Alerts leave room for deletions, but another program that fills the disk does not. So a
//! file beside the database holds some, and is given up when something is to be deleted and
//! there is no room for that. It is made again once there is plenty.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::file::{folder_of, remove_if_there};
use crate::platform::{self, keep_private};

/// Name of the file in the data directory.
const FILE: &str = "reserve";

/// Bytes that it holds at most; a small disk has fewer to spare. A log that waits for a pause
/// to be folded has to fit, and a deletion after that.
const MOST: u64 = 8 << 20;
const PART_OF_DISK: u64 = 32;

/// Room has to be this many times as large for the file to be made.
const PLENTY: u64 = 8;

/// Time between two looks whether it is there.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// The file that holds room.
pub(super) struct Reserve {
    path: PathBuf,
    /// Time of the next look for it; never where this process does not make it.
    look_at: Option<Instant>,
    /// Bytes that it held at the last look.
    held: u64,
}

impl Reserve {
    /// The reserve beside a database; a server makes it, a command only gives it up.
    pub(super) fn beside(database: &Path, is_made: bool) -> Self {
        Self {
            path: folder_of(database).join(FILE),
            look_at: is_made.then(Instant::now),
            held: 0,
        }
    }

    /// Bytes that it held at the last look.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Makes the file where it is not there and the disk has plenty of room.
    pub(super) fn keep(&mut self) {
        let now = Instant::now();
        if self.look_at.is_none_or(|look_at| look_at > now) {
            return;
        }
        self.look_at = Some(now + BETWEEN_LOOKS);
        self.held = match self.path.metadata() {
            Ok(file) => file.len(),
            Err(_) => self.make().unwrap_or_else(|error| {
                tracing::debug!(%error, "no room could be reserved on the disk");
                0
            }),
        };
    }

    /// Makes the file where there is plenty of room, and returns what it holds.
    fn make(&self) -> std::io::Result<u64> {
        let Some(disk) = platform::disk(folder_of(&self.path))? else {
            return Ok(0);
        };
        let size = (disk.size / PART_OF_DISK).min(MOST);
        if disk.free < size * PLENTY {
            return Ok(0);
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        keep_private(&mut options);
        let file = options.open(&self.path)?;
        platform::take_room(&file, size).inspect_err(|_| drop(remove_if_there(&self.path)))?;
        Ok(size)
    }

    /// Gives the room back; true where there was any.
    pub(super) fn give_up(&mut self) -> bool {
        self.held = 0;
        let given_up = std::fs::remove_file(&self.path).is_ok();
        if given_up {
            tracing::warn!("gave up the room that is reserved for deleting, for the disk is full");
        }
        given_up
    }
}
