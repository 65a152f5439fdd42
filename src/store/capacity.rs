//! Room for the database that runs out, noticed while there is some: when alerts are refused it
//! is too late to tell anybody.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::Result;
use super::file::{folder_of, free_bytes};

/// Free bytes of a disk below which it is nearly full, and above which it is not any more. A
/// number that moves about one bound would be told again and again.
const DISK: (u64, u64) = (512 << 20, 640 << 20);

/// Parts in a hundred of the largest size from which the database is nearly full, and below
/// which it is not any more.
const DATABASE: (u64, u64) = (90, 80);

/// The place of a database, and the size that it may have.
#[derive(Debug, Clone)]
pub struct Capacity {
    pub(super) database: PathBuf,
    pub(super) largest: Option<u64>,
}

impl Capacity {
    /// Says what is nearly full, in a sentence; `is_known` where that was said before.
    ///
    /// # Errors
    ///
    /// [`super::StoreError`] where the database cannot be read.
    pub fn shortage(&self, connection: &Connection, is_known: bool) -> Result<Option<String>> {
        let free = free_bytes(folder_of(&self.database));
        if let Some(disk) = of_disk(&self.database, free, is_known) {
            return Ok(Some(disk));
        }
        let Some(largest) = self.largest else {
            return Ok(None);
        };
        let pragma = |sql: &str| -> Result<u64> {
            let mut pragma = connection.prepare_cached(sql)?;
            let value: i64 = pragma.query_row([], |row| row.get(0))?;
            Ok(value.unsigned_abs())
        };
        let pages = pragma("PRAGMA page_count")?.saturating_sub(pragma("PRAGMA freelist_count")?);
        Ok(of_database(
            pages * pragma("PRAGMA page_size")?,
            largest,
            is_known,
        ))
    }
}

fn of_disk(database: &Path, free: Option<u64>, is_known: bool) -> Option<String> {
    let (short, enough) = DISK;
    let is_short = free? < if is_known { enough } else { short };
    is_short.then(|| {
        format!(
            "The disk of {} is nearly full: less than {} MB are free. When nothing is, alerts are refused.",
            folder_of(database).display(),
            enough >> 20
        )
    })
}

fn of_database(used: u64, largest: u64, is_known: bool) -> Option<String> {
    let (short, enough) = DATABASE;
    let percent = used.saturating_mul(100) / largest.max(1);
    let is_short = percent >= if is_known { enough } else { short };
    is_short.then(|| {
        format!(
            "The database has nearly the {} MiB that the setting max-database-size allows. When it has all, alerts are refused.",
            largest >> 20
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_over_only_when_there_is_clearly_room_again() {
        let database = Path::new("/data/algohook.db");
        let disk = |free: u64, is_known| of_disk(database, Some(free << 20), is_known).is_some();
        assert!(!disk(600, false) && disk(500, false));
        assert!(disk(600, true) && !disk(700, true));
        assert_eq!(of_disk(database, None, true), None, "nobody knows");
        let file = |used: u64, is_known| of_database(used, 100, is_known).is_some();
        assert!(!file(89, false) && file(90, false));
        assert!(file(85, true) && !file(79, true));
    }
}
