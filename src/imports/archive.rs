//! The unpacked size of a spreadsheet, seen before it is opened.
//!
//! A few kilobytes can unpack to gigabytes, and a number in them can ask for as much
//! memory. The reader of spreadsheets takes both as they are, and a process that asks
//! for more memory than there is ends at once, with all that it does for others.

use std::io::{self, BufReader, Read};

use zip::ZipArchive;

use super::Unreadable;
use super::source::{Source, reader};

/// Bytes that all parts may unpack to: a list of 200,000 rows has half as many.
const MOST_UNPACKED: u64 = 256 * 1024 * 1024;

/// Bytes of a part that is kept in memory: the texts that cells share, the styles.
const MOST_KEPT: u64 = 32 * 1024 * 1024;

/// Refuses a spreadsheet that needs more memory than any list of trades does.
///
/// # Errors
///
/// [`Unreadable::TooLarge`], or [`Unreadable::Spreadsheet`] where it is no archive.
pub fn check(file: &dyn Source) -> Result<(), Unreadable> {
    let unopened = |error: &dyn ToString| Unreadable::Spreadsheet(error.to_string());
    let mut archive = ZipArchive::new(reader(file)).map_err(|error| unopened(&error))?;
    let mut left = MOST_UNPACKED;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| unopened(&error))?;
        let size = if is_kept(part.name_raw()) {
            let (size, promised) =
                promise(part.take(MOST_KEPT + 1)).map_err(|error| unopened(&error))?;
            if size > MOST_KEPT || promised > size {
                return Err(Unreadable::TooLarge);
            }
            size
        } else {
            let unpacked = io::copy(&mut part.take(left + 1), &mut io::sink());
            unpacked.map_err(|error| unopened(&error))?
        };
        left = left.checked_sub(size).ok_or(Unreadable::TooLarge)?;
    }
    Ok(())
}

/// True if the reader of spreadsheets keeps all of a part, whatever sheet is read.
fn is_kept(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(b"sharedstrings.xml") || name.ends_with(b"styles.xml")
}

/// The size of a part, and the largest number of texts that `uniqueCount="..."` promises in it;
/// memory is set aside for as many.
fn promise(part: impl Read) -> io::Result<(u64, u64)> {
    const NAME: &[u8] = b"uniqueCount";
    let (mut size, mut largest) = (0, 0);
    // How much of the name was read, and the number behind it.
    let (mut matched, mut number) = (0, None);
    for byte in BufReader::new(part).bytes() {
        let byte = byte?;
        size += 1;
        if let Some(promised) = number {
            let is_between =
                matches!(byte, b'=' | b'"' | b'\'' | b'+') || byte.is_ascii_whitespace();
            number = match (promised, byte) {
                (promised, b'0'..=b'9') => {
                    let digit = u64::from(byte - b'0');
                    let promised: u64 = promised.unwrap_or_default();
                    let promised = promised.saturating_mul(10).saturating_add(digit);
                    largest = largest.max(promised);
                    Some(Some(promised))
                }
                (None, _) if is_between => Some(None),
                _ => None,
            };
        }
        matched = match matched {
            matched if byte == NAME[matched] => matched + 1,
            // The name of an attribute begins behind a letter that is not its own.
            _ => usize::from(byte == NAME[0]),
        };
        if matched == NAME.len() {
            (matched, number) = (0, Some(None));
        }
    }
    Ok((size, largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_promise_of_a_part_is_found() {
        for (part, promised) in [
            (r#"<sst uniqueCount="12">"#, 12),
            (
                r#"<sst uniqueCount = '7' a="8"><x uniqueCount="+900"/>"#,
                900,
            ),
            ("uniqueuniqueCount=3 uniqueCount=x5", 3),
            ("uniqueCount", 0),
            (r#"count="12""#, 0),
        ] {
            let found = promise(part.as_bytes()).unwrap();
            assert_eq!(found, (part.len() as u64, promised), "{part}");
        }
    }
}
