//! The bytes of a file, wherever they are: in memory, or on a disk.
//!
//! A file may have 32 MB, and four of them may wait. So nobody here takes a whole one into
//! memory: it is read from its beginning, as often as it takes to understand it.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// A file that can be read at any place.
pub trait Source: Sync {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// Reads some of the bytes that stand at a place; none behind the end.
    ///
    /// # Errors
    ///
    /// The operating system's.
    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize>;
}

impl Source for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let mut rest = self.get(place..).unwrap_or_default();
        rest.read(buffer)
    }
}

impl Source for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        self.as_slice().read_at(buffer, place)
    }
}

impl<const SIZE: usize> Source for [u8; SIZE] {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        self.as_slice().read_at(buffer, place)
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, buffer: &mut [u8], place: u64) -> io::Result<usize> {
        (**self).read_at(buffer, place)
    }
}

/// Reads a file from its beginning.
#[must_use]
pub fn reader(file: &dyn Source) -> BufReader<Reading<'_>> {
    BufReader::with_capacity(AT_ONCE, Reading { file, place: 0 })
}

/// The first bytes of a file, as many as there are.
///
/// # Errors
///
/// What keeps the file from being read.
pub fn first_bytes(file: &dyn Source, most: u64) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    reader(file).take(most).read_to_end(&mut first)?;
    Ok(first)
}

/// Bytes that are read at once.
const AT_ONCE: usize = 32 * 1024;

/// A file while it is read.
pub struct Reading<'a> {
    file: &'a dyn Source,
    place: u64,
}

impl Read for Reading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}

impl Seek for Reading<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(distance) => self.file.size().checked_add_signed(distance),
            SeekFrom::Current(distance) => self.place.checked_add_signed(distance),
        };
        let before_begin = || io::Error::from(io::ErrorKind::InvalidInput);
        self.place = place.ok_or_else(before_begin)?;
        Ok(self.place)
    }
}
