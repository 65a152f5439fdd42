//! The database file itself: which one it is, what its header says of it, and how a
//! file is put in its place.
//!
//! SQLite believes an empty file to be an empty database and opens one that was cut off.
//! Here both are faults: a card that was full when it wrote must not cost the owner a
//! history without a word. So the header is looked at before SQLite is.
//!
//! A file that SQLite has open is never opened here in the same process: closing it again
//! would drop the locks of the process on it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::error::{Result, StoreError};
use crate::platform::{self, keep_private, sync_folder};
pub(super) use crate::platform::{FileId, file_at};

/// Bytes of a database's header.
const HEADER: usize = 100;

/// The first bytes of a database.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Makes a file, readable by its owner only, where there is none.
pub(super) fn make_private_file(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    keep_private(&mut options);
    let made = options.open(path).map(drop);
    made.map_err(failed("cannot open the database", path))
}

/// Removes a file where it is there.
pub(super) fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(failed("cannot remove", path)(source))
        }
        _ => Ok(()),
    }
}

/// Puts a finished file in its place, and makes sure it is on disk.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    let failed = failed("cannot write", to);
    let synced = File::open(from).and_then(|file| file.sync_all());
    synced.map_err(&failed)?;
    std::fs::rename(from, to).map_err(&failed)?;
    // The new name is on disk only with the folder that it stands in.
    sync_folder(folder_of(to)).map_err(&failed)
}

/// The folder that a file stands in.
pub(super) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent();
    folder
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// A path with something after its name, as SQLite names the files beside a database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Bytes that may still be written to the file system of a folder; `None` where it
/// does not tell.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    platform::free_bytes(folder).ok()?
}

/// The error of a file operation.
pub(super) fn failed(what: &str, path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let what = format!("{what} {}", path.display());
    move |source| StoreError::File {
        what: what.clone(),
        source,
    }
}

/// Says why a file can be no whole database, where its kind, its size or its header tells;
/// not to be called where this process has it open.
///
/// # Errors
///
/// [`StoreError::File`] where it cannot be read.
pub fn header_fault(path: &Path) -> Result<Option<String>> {
    let cannot_read = failed("cannot read", path);
    let metadata = path.metadata().map_err(&cannot_read)?;
    if !metadata.is_file() {
        return Ok(Some("it is no file".to_owned()));
    }
    if metadata.len() == 0 {
        return Ok(Some("it is empty (0 bytes)".to_owned()));
    }
    let mut header = Vec::with_capacity(HEADER);
    let mut file = File::open(path).map_err(&cannot_read)?;
    let read = file.by_ref().take(HEADER as u64).read_to_end(&mut header);
    read.map_err(&cannot_read)?;
    let has_log = beside(path, "-wal")
        .metadata()
        .is_ok_and(|log| log.len() > 0);
    Ok(fault_of_header(&header, metadata.len(), has_log))
}

fn fault_of_header(header: &[u8], size: u64, has_log: bool) -> Option<String> {
    if header.len() < HEADER || !header.starts_with(MAGIC) {
        return Some("it is no SQLite database".to_owned());
    }
    let number = |at: usize| {
        header[at..at + 4]
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let page_size = match u64::from(header[16]) << 8 | u64::from(header[17]) {
        1 => 65536,
        size => size,
    };
    if !page_size.is_power_of_two() || page_size < 512 {
        return Some("its header is damaged".to_owned());
    }
    // What a file format of the future, or a failing card, has there, SQLite opens to read only, or
    // not at all.
    let is_format = |at: usize| matches!(header[at], 1 | 2);
    let is_sound = is_format(18)
        && is_format(19)
        && header[21..24] == [64, 32, 32]
        && number(44) <= 4
        && number(56) <= 3;
    if !is_sound {
        return Some("its header is damaged".to_owned());
    }
    // The header counts the pages where both of these say that it is kept; with a log
    // beside it, the pages that are missing may be in that.
    let (pages, is_counted) = (number(28), number(24) == number(92));
    if !has_log && (!size.is_multiple_of(page_size) || is_counted && size / page_size < pages) {
        let needed = pages * page_size;
        return Some(format!("it is cut off: {size} bytes of {needed} are there"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of so many pages of 4096 bytes.
    fn header(pages: u32) -> Vec<u8> {
        let mut header = MAGIC.to_vec();
        header.resize(HEADER, 0);
        header[16..24].copy_from_slice(&[0x10, 0x00, 1, 1, 0, 64, 32, 32]);
        header[28..32].copy_from_slice(&pages.to_be_bytes());
        header
    }

    #[test]
    fn a_file_that_was_cut_off_is_known_by_its_header() {
        assert_eq!(fault_of_header(&header(3), 3 * 4096, false), None);
        for size in [2 * 4096, 3 * 4096 - 1, 100] {
            let fault = fault_of_header(&header(3), size, false).unwrap();
            assert_eq!(
                fault,
                format!("it is cut off: {size} bytes of 12288 are there")
            );
        }
        // What is missing is in the log.
        assert_eq!(fault_of_header(&header(3), 2 * 4096, true), None);
    }

    #[test]
    fn what_is_no_database_is_called_that() {
        let said = Some("it is no SQLite database".to_owned());
        assert_eq!(fault_of_header(b"hello world", 11, false), said);
        assert_eq!(fault_of_header(&[0xA5; HEADER], 8192, false), said);
        let mut damaged = header(3);
        damaged[16] = 7;
        let fault = fault_of_header(&damaged, 3 * 4096, false);
        assert_eq!(fault.as_deref(), Some("its header is damaged"));
    }
}
