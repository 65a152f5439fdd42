//! The digest of a list of trades, so that importing it again changes nothing.

use std::io::{self, BufRead};

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::imports::source::{self, Source};
use crate::imports::trades::Choices;

/// The digest of a list of trades, whatever its name and its instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// SHA-256 of the file.
    file: [u8; 32],
    /// SHA-256 of how it was read: the zone of its times.
    reading: [u8; 32],
}

impl Digest {
    /// Of a file that is read in a zone, and with columns that its owner names.
    ///
    /// # Errors
    ///
    /// What keeps the file from being read.
    pub fn of(file: &dyn Source, zone: &TimeZone, columns: &Choices) -> io::Result<Self> {
        let mut reading = format!("{zone:?}");
        if !columns.is_empty() {
            reading = format!("{reading} {columns:?}");
        }
        let mut digest = Sha256::new();
        let mut bytes = source::reader(file);
        loop {
            let read = bytes.fill_buf()?;
            if read.is_empty() {
                break;
            }
            digest.update(read);
            let length = read.len();
            bytes.consume(length);
        }
        Ok(Self {
            file: digest.finalize().into(),
            reading: Sha256::digest(reading).into(),
        })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.file, self.reading].concat()
    }

    pub(super) fn is_of_same_file(&self, stored: &[u8]) -> bool {
        stored.starts_with(&self.file)
    }
}
