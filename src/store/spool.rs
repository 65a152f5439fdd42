//! Files that are to be imported, on the disk rather than in memory.
//!
//! Several of them may be on their way, each as large as everything else that the server holds.
//! They stand in the data directory, whose disk the owner has given to algohook, but have no
//! name there: the system removes them with the process, whatever ends it.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::error::{Result, StoreError};
use super::file::{failed, free_bytes};
use crate::imports::source::Source;
use crate::platform;

/// Bytes that stay free for alerts, and for the owner.
const LEFT: u64 = 32 << 20;

/// Bytes that are written between two looks at the room.
const BETWEEN_LOOKS: u64 = 1 << 20;

const MIB: u64 = 1 << 20;

/// A file to be imported.
#[derive(Debug)]
pub struct Spool {
    file: File,
    size: u64,
}

impl Spool {
    /// An empty file in a folder, for which so many bytes are announced.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoRoom`], or the operating system's.
    pub fn begin(folder: &Path, announced: u64) -> Result<Self> {
        require_room(folder, announced)?;
        let file = tempfile::tempfile_in(folder);
        let file = file.map_err(failed("cannot keep a file for its import in", folder))?;
        Ok(Self { file, size: 0 })
    }

    /// A file that is on the disk already.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn of(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }

    /// Writes more of it; `folder` is the one that it was begun in.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoRoom`], or the operating system's.
    pub fn append(&mut self, bytes: &[u8], folder: &Path) -> Result<()> {
        let before = self.size;
        self.size += bytes.len() as u64;
        if before / BETWEEN_LOOKS != self.size / BETWEEN_LOOKS {
            require_room(folder, bytes.len() as u64)?;
        }
        let written = self.file.write_all(bytes);
        written.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                no_room(folder, self.size, 0)
            }
            _ => failed("cannot keep a file for its import in", folder)(error),
        })
    }
}

impl Source for Spool {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        // It may grow meanwhile: what it was is read.
        let left = usize::try_from(self.size.saturating_sub(place)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        platform::read_at(&self.file, &mut buffer[..length], place)
    }
}

fn require_room(folder: &Path, bytes: u64) -> Result<()> {
    match free_bytes(folder) {
        Some(free) if free < bytes + LEFT => Err(no_room(folder, bytes + LEFT, free)),
        _ => Ok(()),
    }
}

fn no_room(folder: &Path, needed: u64, free: u64) -> StoreError {
    StoreError::NoRoom {
        what: "the file on the server's disk".to_owned(),
        folder: folder.display().to_string(),
        needed: needed.div_ceil(MIB),
        free: free / MIB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_as_it_was_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::begin(folder.path(), 10).unwrap();
        for part in [&b"hello "[..], b"world"] {
            spool.append(part, folder.path()).unwrap();
        }
        let mut buffer = [0; 20];
        assert_eq!(spool.read_at(&mut buffer, 6).unwrap(), 5);
        assert_eq!((&buffer[..5], spool.size()), (&b"world"[..], 11));
        assert_eq!(spool.read_at(&mut buffer, 11).unwrap(), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_the_disk_has_no_room_for_is_refused_with_figures() {
        let folder = tempfile::tempdir().unwrap();
        let error = Spool::begin(folder.path(), 1 << 60).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("no room for the file") && said.contains("MiB are free in"),
            "{said}"
        );
    }
}
