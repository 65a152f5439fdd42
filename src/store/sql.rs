//! Small conversions between columns and the words of the domain.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Type, ValueRef};
use rusqlite::{Row, ToSql};

use super::error::{Result as StoreResult, StoreError};
use crate::domain::book::{Book, RouteId};
use crate::domain::money::{Decimal, NumberError};

/// Microseconds since 1970 UTC.
pub fn to_micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// Reads a time column.
pub fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let micros = row.get(column)?;
    Timestamp::from_microsecond(micros).map_err(|error| unreadable(column, Type::Integer, error))
}

/// Reads a time column that may be NULL.
pub fn optional_timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => timestamp(row, column).map(Some),
    }
}

/// Reads a text column into a type with a text form.
pub fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|error| unreadable(column, Type::Text, error))?;
    text.parse()
        .map_err(|error| unreadable(column, Type::Text, error))
}

/// Reads a text column that may be NULL into a type with a text form.
pub fn optional_parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => parsed(row, column).map(Some),
    }
}

/// Reads a decimal column.
pub fn decimal(row: &Row<'_>, column: usize) -> rusqlite::Result<Decimal> {
    let text = row.get_ref(column)?.as_bytes().unwrap_or_default();
    short_decimal(text).map_or_else(|| parsed(row, column), Ok)
}

/// Reads a column that may be NULL.
pub fn optional<'row, T>(
    row: &Row<'row>,
    column: usize,
    read: impl Fn(&Row<'row>, usize) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => read(row, column).map(Some),
    }
}

/// Reads a decimal column that `T` has to be made of.
pub fn amount<T>(
    row: &Row<'_>,
    column: usize,
    new: impl Fn(Decimal) -> Result<T, NumberError>,
) -> rusqlite::Result<T> {
    new(decimal(row, column)?).map_err(|error| unreadable(column, Type::Text, error))
}

/// A decimal of few digits, as nearly all are: a report reads hundreds of thousands.
/// `None` where it takes more to read it.
fn short_decimal(text: &[u8]) -> Option<Decimal> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        digits => (1, digits),
    };
    if digits.len() > 18 || !digits.first()?.is_ascii_digit() {
        return None;
    }
    let (mut mantissa, mut scale, mut is_fraction) = (0_i64, 0, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + i64::from(byte - b'0');
                scale += u32::from(is_fraction);
            }
            b'.' if !is_fraction => is_fraction = true,
            _ => return None,
        }
    }
    Some(Decimal::new(sign * mantissa, scale))
}

/// A value as the JSON text that a column holds.
pub(crate) fn as_json<T: serde::Serialize>(value: &T) -> StoreResult<String> {
    serde_json::to_string(value).map_err(StoreError::unusable("a value cannot be kept as JSON"))
}

/// Reads a column that holds JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| unreadable(column, Type::Text, error))
}

/// The error for a column whose value is not what the schema promises.
pub fn unreadable(
    column: usize,
    kind: Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

/// A payload: TEXT where it is UTF-8, so that other tools can read it, else BLOB.
pub struct Payload<'a>(pub &'a [u8]);

impl ToSql for Payload<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match std::str::from_utf8(self.0) {
            Ok(_) => ValueRef::Text(self.0),
            Err(_) => ValueRef::Blob(self.0),
        }))
    }
}

/// A book is a small number, for every trade and every key of an index has one: 0 and 1 take
/// no room in a row.
impl ToSql for Book {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(match self {
            Self::Alerts => 0,
            Self::Backtest => 1,
            Self::Fills => 2,
            Self::Route(RouteId(route)) => -route,
        }))
    }
}

impl FromSql for Book {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Alerts),
            1 => Ok(Self::Backtest),
            2 => Ok(Self::Fills),
            route if route < 0 => Ok(Self::Route(RouteId(-route))),
            unknown => Err(FromSqlError::OutOfRange(unknown)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_decimal_is_read_as_it_was_written(mantissa in any::<i64>(), digits in 0_u32..19, scale in 0_u32..20) {
            let written = Decimal::new(mantissa % 10_i64.pow(digits), scale);
            if let Some(read) = short_decimal(written.to_string().as_bytes()) {
                prop_assert_eq!(read.to_string(), written.to_string());
                prop_assert_eq!((read.mantissa(), read.scale()), (written.mantissa(), written.scale()));
            }
        }

        #[test]
        fn what_is_no_plain_decimal_is_left_to_the_parser(text in "[-+.0-9e]{0,20}") {
            if let Some(read) = short_decimal(text.as_bytes()) {
                prop_assert_eq!(text.parse(), Ok(read));
            }
        }
    }

    #[test]
    fn a_book_is_read_as_it_was_written() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for book in [
            Book::Alerts,
            Book::Backtest,
            Book::Fills,
            Book::Route(RouteId(7)),
        ] {
            let read = connection.query_row("SELECT ?1", [book], |row| row.get(0));
            assert_eq!(read, Ok(book));
        }
    }

    #[test]
    fn most_decimals_are_short() {
        for text in ["0", "-0.5", "1234567.89", "123456789012345678"] {
            assert_eq!(short_decimal(text.as_bytes()), text.parse().ok(), "{text}");
            assert!(short_decimal(text.as_bytes()).is_some(), "{text}");
        }
    }
}
