//! Numbers as a list of trades writes them in any language: with a decimal point
//! or comma, thousands separators, a minus of any kind, parentheses, a currency.

use crate::domain::money::{Decimal, NumberError, parse_decimal};
use crate::imports::table::{Cell, is_space};

/// Which character is the decimal point, and so which one parts thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

impl DecimalMark {
    /// The mark that the numbers of a file have; where none of them tells, the
    /// one that goes with the file's delimiter.
    pub fn of<'cell>(cells: impl Iterator<Item = &'cell Cell>, has_semicolons: bool) -> Self {
        let (mut points, mut commas) = (0_usize, 0_usize);
        for cell in cells {
            if let Cell::Text(text) = cell {
                match evidence(text) {
                    Some(Self::Point) => points += 1,
                    Some(Self::Comma) => commas += 1,
                    None => {}
                }
            }
        }
        if commas > points || (commas == points && has_semicolons) {
            Self::Comma
        } else {
            Self::Point
        }
    }
}

/// What one number says about the decimal mark; nothing where it could be either.
fn evidence(text: &str) -> Option<DecimalMark> {
    let (points, commas) = (text.matches('.').count(), text.matches(',').count());
    match (points, commas) {
        (0, 0) => None,
        (0, 1) => is_fraction(text, ',').then_some(DecimalMark::Comma),
        (1, 0) => is_fraction(text, '.').then_some(DecimalMark::Point),
        (0, _) => Some(DecimalMark::Point),
        (_, 0) => Some(DecimalMark::Comma),
        _ if text.rfind('.') > text.rfind(',') => Some(DecimalMark::Point),
        _ => Some(DecimalMark::Comma),
    }
}

/// Whether a mark that is there once cannot part thousands.
fn is_fraction(text: &str, mark: char) -> bool {
    let (before, after) = text.split_once(mark).unwrap_or((text, ""));
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).count();
    let whole = before.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    digits(after) != 3 || digits(before) > 3 || digits(before) == 0 || whole.starts_with('0')
}

/// Reads a number; `None` where the cell is empty.
///
/// # Errors
///
/// [`NumberError`] where it is none.
pub fn read(cell: &Cell, mark: DecimalMark) -> Result<Option<Decimal>, NumberError> {
    match cell {
        Cell::Number(number) => parse_decimal(&number.to_string()).map(Some),
        Cell::Date(_) => Err(NumberError::NotANumber),
        Cell::Text(_) if cell.is_empty() => Ok(None),
        Cell::Text(text) => read_text(text, mark).map(Some),
    }
}

fn read_text(text: &str, mark: DecimalMark) -> Result<Decimal, NumberError> {
    let text = text.trim_matches(is_space);
    if mark == DecimalMark::Point
        && let Ok(number) = parse_decimal(text)
    {
        return Ok(number);
    }
    let (text, in_parentheses) = match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let is_sign = |letter: char| matches!(letter, '-' | '\u{2212}' | '\u{2013}');
    let is_dressing = |letter: char| {
        is_space(letter)
            || matches!(letter, '%' | '$' | '€' | '£' | '¥' | '₹' | '₿' | '+')
            || letter.is_alphabetic()
    };
    let bare = text.trim_matches(is_dressing);
    let (bare, is_negative) = match bare.strip_prefix(is_sign) {
        Some(rest) => (rest.trim_start_matches(is_dressing), true),
        None => (bare, false),
    };
    let (point, separator) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let (whole, fraction) = bare.split_once(point).unwrap_or((bare, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotANumber);
    }
    let whole = without_separators(whole, separator).ok_or(NumberError::NotANumber)?;
    let number = parse_decimal(&format!("{whole}.{fraction}0"))?;
    Ok(if is_negative || in_parentheses {
        -number
    } else {
        number
    })
}

/// The digits of a whole number without what parts its thousands; `None` where
/// something stands where no separator can.
fn without_separators(whole: &str, separator: char) -> Option<String> {
    let is_separator =
        |letter: char| letter == separator || is_space(letter) || matches!(letter, '\'' | '’');
    let groups: Vec<&str> = whole.split(is_separator).collect();
    let is_number = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    // Lakhs and crores are parted by two digits, the last group has three.
    let is_grouped = match groups.as_slice() {
        [_] => true,
        [first, middle @ .., last] => {
            first.len() <= 3 && last.len() == 3 && middle.iter().all(|g| matches!(g.len(), 2 | 3))
        }
        [] => false,
    };
    (is_grouped && groups.iter().all(is_number)).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str, mark: DecimalMark) -> Option<String> {
        let read = read(&Cell::Text(text.to_owned()), mark).ok()??;
        Some(read.normalize().to_string())
    }

    #[test]
    fn numbers_are_read_as_any_language_writes_them() {
        for (text, mark, expected) in [
            ("1815.91", DecimalMark::Point, Some("1815.91")),
            ("1e-05", DecimalMark::Point, Some("0.00001")),
            ("1,234,567.5", DecimalMark::Point, Some("1234567.5")),
            ("12,34,567.50", DecimalMark::Point, Some("1234567.5")),
            ("1.234.567,5", DecimalMark::Comma, Some("1234567.5")),
            ("1\u{202f}234,5", DecimalMark::Comma, Some("1234.5")),
            ("1'234.5", DecimalMark::Point, Some("1234.5")),
            ("\u{2212}12.5", DecimalMark::Point, Some("-12.5")),
            ("(12.50)", DecimalMark::Point, Some("-12.5")),
            ("-$1,200.00", DecimalMark::Point, Some("-1200")),
            ("1,200.00 USD", DecimalMark::Point, Some("1200")),
            ("\u{2212}0,60 %", DecimalMark::Comma, Some("-0.6")),
            ("12,5", DecimalMark::Point, None),
            ("1,2345.5", DecimalMark::Point, None),
            ("twelve", DecimalMark::Point, None),
            ("1.2.3", DecimalMark::Point, None),
            ("", DecimalMark::Point, None),
        ] {
            assert_eq!(number(text, mark).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_decimal_mark_is_found_in_the_file() {
        for (texts, has_semicolons, expected) in [
            (&["1,234", "0.5"][..], false, DecimalMark::Point),
            (&["1.234", "0,5"], true, DecimalMark::Comma),
            (&["1.234", "12,25"], false, DecimalMark::Comma),
            (&["1,234.5"], true, DecimalMark::Point),
            (&["1.234,5"], false, DecimalMark::Comma),
            (&["1,234,567"], true, DecimalMark::Point),
            (&["1,234"], true, DecimalMark::Comma),
            (&["1,234"], false, DecimalMark::Point),
            (&["-0,123"], false, DecimalMark::Comma),
        ] {
            let cells: Vec<Cell> = texts.iter().map(|t| Cell::Text((*t).to_owned())).collect();
            let mark = DecimalMark::of(cells.iter(), has_semicolons);
            assert_eq!(mark, expected, "{texts:?}");
        }
    }
}
