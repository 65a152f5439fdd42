//! The unpacked size of a spreadsheet, seen before it is opened.
//!
//! A few kilobytes can unpack to gigabytes, and a number in them can ask for as much
//! memory. The reader of spreadsheets takes both as they are, and a process that asks
//! for more memory than there is ends at once, with all that it does for others.

use std::io::{self, Cursor, Read};

use zip::ZipArchive;

use super::Unreadable;

/// Bytes that all parts may unpack to: a list of 200,000 rows has half as many.
const MOST_UNPACKED: u64 = 256 * 1024 * 1024;

/// Bytes of a part that is kept in memory: the texts that cells share, the styles.
const MOST_KEPT: u64 = 32 * 1024 * 1024;

/// Refuses a spreadsheet that needs more memory than any list of trades does.
///
/// # Errors
///
/// [`Unreadable::TooLarge`], or [`Unreadable::Spreadsheet`] where it is none.
pub fn check(file: &[u8]) -> Result<(), Unreadable> {
    let unopened = |error: &dyn ToString| Unreadable::Spreadsheet(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|error| unopened(&error))?;
    let mut left = MOST_UNPACKED;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| unopened(&error))?;
        let size = if is_kept(part.name_raw()) {
            let mut kept = Vec::new();
            let read = part.take(MOST_KEPT + 1).read_to_end(&mut kept);
            read.map_err(|error| unopened(&error))?;
            if kept.len() as u64 > MOST_KEPT || promise(&kept) > kept.len() {
                return Err(Unreadable::TooLarge);
            }
            kept.len() as u64
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

/// The largest number of texts that `uniqueCount="..."` promises here; memory is set
/// aside for as many.
fn promise(part: &[u8]) -> usize {
    const NAME: &[u8] = b"uniqueCount";
    let mut largest = 0;
    let places = part.windows(NAME.len()).enumerate();
    for (place, _) in places.filter(|(_, window)| *window == NAME) {
        let after = part[place + NAME.len()..].iter();
        let is_between =
            |byte: &&u8| matches!(byte, b'=' | b'"' | b'\'' | b'+') || byte.is_ascii_whitespace();
        let digits = after
            .skip_while(is_between)
            .take_while(|byte| byte.is_ascii_digit());
        let number = digits.fold(0_usize, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(usize::from(digit - b'0'))
        });
        largest = largest.max(number);
    }
    largest
}
