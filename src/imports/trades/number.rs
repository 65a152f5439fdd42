//! Numbers as a list of trades writes them in any language: with a decimal point
//! or comma, thousands separators, a minus of any kind, parentheses, a currency.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::titles::narrow;
use crate::domain::money::{Decimal, NumberError, parse_decimal};
use crate::imports::table::{Cell, is_space};

/// The character of the decimal point, and so the one that parts thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

impl DecimalMark {
    /// The mark of a number that stands alone; where it does not tell, the point.
    pub fn of_one(cell: Cell<'_>) -> Self {
        let mut evidence = Evidence::default();
        evidence.add(cell);
        evidence.mark().unwrap_or(Self::Point)
    }
}

/// The evidence of a file's numbers for its decimal mark.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Numbers that only the point can be the decimal mark of.
    points: usize,
    /// Numbers that only the comma can be the decimal mark of.
    commas: usize,
    /// The first number whose only mark is a point that may part thousands.
    unclear_point: Option<String>,
    /// The first number whose only mark is a comma that may part thousands.
    unclear_comma: Option<String>,
    /// True if a number has more than three digits and nothing that parts them.
    has_ungrouped: bool,
}

impl Evidence {
    /// Takes a cell into account; one that is no number says nothing.
    pub fn add(&mut self, cell: Cell<'_>) {
        let Cell::Text(text) = cell else { return };
        let text = &*in_usual_width(text);
        let Written { mantissa, .. } = Written::of(text);
        let is_digit_or_mark = |letter: char| {
            letter.is_ascii_digit() || matches!(letter, '.' | ',') || parts_thousands(letter)
        };
        if !mantissa.chars().all(is_digit_or_mark) {
            return;
        }
        let unclear = match (mantissa.matches('.').count(), mantissa.matches(',').count()) {
            (0, 0) => {
                self.has_ungrouped |=
                    mantissa.len() > 3 && mantissa.bytes().all(|byte| byte.is_ascii_digit());
                return;
            }
            (0, 1) if !is_fraction(mantissa, ',') => &mut self.unclear_comma,
            (1, 0) if !is_fraction(mantissa, '.') => &mut self.unclear_point,
            (points, commas) => {
                let is_point = match (points, commas) {
                    (0, 1) => false,
                    (1, 0) | (0, _) => true,
                    (_, 0) => false,
                    _ => mantissa.rfind('.') > mantissa.rfind(','),
                };
                self.points += usize::from(is_point);
                self.commas += usize::from(!is_point);
                return;
            }
        };
        unclear.get_or_insert_with(|| text.trim_matches(is_space).to_owned());
    }

    /// The mark that most numbers have which cannot have the other one.
    pub fn mark(&self) -> Option<DecimalMark> {
        match self.points.cmp(&self.commas) {
            Ordering::Greater => Some(DecimalMark::Point),
            Ordering::Less => Some(DecimalMark::Comma),
            Ordering::Equal => None,
        }
    }

    /// The only mark there is, where thousands are not parted in this file.
    pub fn mark_of_ungrouped(&self) -> Option<DecimalMark> {
        match (&self.unclear_point, &self.unclear_comma) {
            (Some(_), None) if self.has_ungrouped => Some(DecimalMark::Point),
            (None, Some(_)) if self.has_ungrouped => Some(DecimalMark::Comma),
            _ => None,
        }
    }

    /// A number whose mark could be either.
    pub fn unclear(&self) -> Option<&str> {
        let unclear = self.unclear_comma.as_ref().or(self.unclear_point.as_ref());
        unclear.map(String::as_str)
    }
}

/// True if a mark that is there once cannot part thousands.
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
/// [`NumberError`] where it is not a number.
pub fn read(cell: Cell<'_>, mark: DecimalMark) -> Result<Option<Decimal>, NumberError> {
    match cell {
        Cell::Number(number) => parse_decimal(&number.to_string()).map(Some),
        Cell::Date(_) => Err(NumberError::NotANumber),
        Cell::Text(_) if cell.is_empty() => Ok(None),
        Cell::Text(text) => read_text(&in_usual_width(text), mark).map(Some),
    }
}

/// A text whose digits and marks are not those of East Asian typography.
fn in_usual_width(text: &str) -> Cow<'_, str> {
    if text.chars().all(|letter| narrow(letter) == letter) {
        return Cow::Borrowed(text);
    }
    text.chars().map(narrow).collect()
}

fn read_text(text: &str, mark: DecimalMark) -> Result<Decimal, NumberError> {
    if mark == DecimalMark::Point
        && let Ok(number) = parse_decimal(text.trim_matches(is_space))
    {
        return Ok(number);
    }
    if is_shortened(text) {
        return Err(NumberError::NotANumber);
    }
    let Written {
        mantissa,
        exponent,
        is_negative,
    } = Written::of(text);
    let (point, separator) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotANumber);
    }
    let whole = without_separators(whole, separator).ok_or(NumberError::NotANumber)?;
    let exponent = exponent.replace('\u{2212}', "-");
    let number = parse_decimal(&format!("{whole}.{fraction}{exponent}"))?;
    Ok(if is_negative { -number } else { number })
}

/// A number without its sign and what it is dressed with.
struct Written<'text> {
    /// Digits, decimal mark and what parts thousands.
    mantissa: &'text str,
    /// `e-05`, or nothing.
    exponent: &'text str,
    is_negative: bool,
}

impl<'text> Written<'text> {
    fn of(text: &'text str) -> Self {
        let is_sign = |letter: char| matches!(letter, '-' | '\u{2212}' | '\u{2013}');
        let dressed = text.trim_matches(is_dressing);
        let inner = dressed
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'));
        let bare = inner.unwrap_or(dressed).trim_matches(is_dressing);
        let (bare, has_sign) = match bare.strip_prefix(is_sign) {
            Some(rest) => (rest.trim_start_matches(is_dressing), true),
            None => (bare, false),
        };
        let (mantissa, exponent) = bare.split_at(bare.find(['e', 'E']).unwrap_or(bare.len()));
        Self {
            mantissa,
            exponent,
            is_negative: has_sign || inner.is_some(),
        }
    }
}

/// True for the dressing of a number: spaces, currencies, a percent sign.
fn is_dressing(letter: char) -> bool {
    let is_currency = matches!(letter, '$' | '¢'..='¥' | '\u{20a0}'..='\u{20cf}' | '฿' | '៛' | '﷼');
    is_space(letter) || is_currency || matches!(letter, '%' | '+') || letter.is_alphabetic()
}

/// True if a number is shortened to thousands, millions or billions, as TradingView's
/// page shows them: what was left out cannot be had back.
fn is_shortened(text: &str) -> bool {
    let after = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let after = after.trim_start_matches(|letter: char| !letter.is_alphabetic());
    let unit = after.split(|letter: char| !letter.is_alphabetic()).next();
    let units = ["k", "m", "b", "t", "mn", "bn", "tn"];
    unit.is_some_and(|unit| units.contains(&unit.to_lowercase().as_str()))
}

/// True if a letter parts thousands in some language, and is no decimal mark in any.
fn parts_thousands(letter: char) -> bool {
    is_space(letter) || matches!(letter, '\'' | '’')
}

/// The digits of a whole number without what parts its thousands; `None` where
/// something stands where no separator can.
fn without_separators(whole: &str, separator: char) -> Option<String> {
    let is_separator = |letter: char| letter == separator || parts_thousands(letter);
    let groups: Vec<&str> = whole.split(is_separator).collect();
    let is_number = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    // Lakhs and crores are parted by two digits, the last group has three.
    let is_grouped = match groups.as_slice() {
        [_] => true,
        [first, middle @ .., last] => {
            let has_length = first.len() <= 3 && !first.starts_with('0');
            has_length && last.len() == 3 && middle.iter().all(|g| matches!(g.len(), 2 | 3))
        }
        [] => false,
    };
    (is_grouped && groups.iter().all(is_number)).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str, mark: DecimalMark) -> Option<String> {
        let read = read(Cell::Text(text), mark).ok()??;
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
            ("0,123", DecimalMark::Point, None),
            ("1,5E\u{2212}5", DecimalMark::Comma, Some("0.000015")),
            ("2e5 USD", DecimalMark::Point, Some("200000")),
            ("twelve", DecimalMark::Point, None),
            ("1.2.3", DecimalMark::Point, None),
            ("(12.50) USD", DecimalMark::Point, Some("-12.5")),
            ("$(1,200.00)", DecimalMark::Point, Some("-1200")),
            ("₩1,200", DecimalMark::Point, Some("1200")),
            ("\u{2212}US$10.50", DecimalMark::Point, Some("-10.5")),
            ("1.2K", DecimalMark::Point, None),
            ("1,2 M", DecimalMark::Comma, None),
            ("12.5K USD", DecimalMark::Point, None),
            ("3 BTC", DecimalMark::Point, Some("3")),
            ("－１，２００．５０", DecimalMark::Point, Some("-1200.5")),
            ("", DecimalMark::Point, None),
        ] {
            assert_eq!(number(text, mark).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_decimal_mark_is_found_in_the_file() {
        let (point, comma) = (Some(DecimalMark::Point), Some(DecimalMark::Comma));
        for (texts, mark, mark_of_ungrouped) in [
            (&["1,234", "0.5"][..], point, None),
            (&["1.234", "0,5"], comma, None),
            (&["1.234", "12,25"], comma, None),
            (&["1,234.5"], point, None),
            (&["1.234,5"], comma, None),
            (&["1,234,567"], point, None),
            (&["-0,123"], comma, None),
            (&["1.5e-05"], point, None),
            (&["1,234"], None, None),
            (&["1.234", "12"], None, None),
            (&["1,234", "1500"], None, comma),
            (&["1.234", "1500"], None, point),
            (&["1.234", "1,234", "1500"], None, None),
            (&["Long, then short.", "yes"], None, None),
        ] {
            let mut evidence = Evidence::default();
            for text in texts {
                evidence.add(Cell::Text(text));
            }
            assert_eq!(evidence.mark(), mark, "{texts:?}");
            assert_eq!(evidence.mark_of_ungrouped(), mark_of_ungrouped, "{texts:?}");
        }
    }
}
