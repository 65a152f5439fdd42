//! The second factor of the login: codes that change every 30 seconds (RFC 6238),
//! and recovery codes for the day the phone is lost.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::error::{Result, StoreError};
use super::sql::to_micros;
use super::writer::WriteContext;

/// Seconds that a code is shown for.
const STEP: i64 = 30;

/// Bytes of a secret, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;

/// Whether the login asks for a code.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn is_on(connection: &Connection) -> Result<bool> {
    let sql = "SELECT 1 FROM second_factor WHERE confirmed_at IS NOT NULL";
    Ok(connection.prepare_cached(sql)?.exists([])?)
}

/// How many recovery codes are left.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn recovery_codes_left(connection: &Connection) -> Result<u32> {
    Ok(connection.query_row("SELECT count(*) FROM recovery_codes", [], |row| row.get(0))?)
}

/// Keeps a secret that is to be confirmed with its first code.
///
/// # Errors
///
/// [`StoreError::Conflict`] where the second factor is on.
pub fn begin(context: &mut WriteContext<'_>, secret: &[u8]) -> Result<()> {
    if is_on(context.connection)? {
        return Err(StoreError::Conflict(
            "the second factor is on already; turn it off first".to_owned(),
        ));
    }
    context.connection.execute(
        "INSERT INTO second_factor (id, secret) VALUES (1, ?1)
         ON CONFLICT (id) DO UPDATE SET secret = ?1, last_step = 0",
        [secret],
    )?;
    Ok(())
}

/// Turns the second factor on with its first code; false where the code is wrong.
///
/// # Errors
///
/// [`StoreError::Conflict`] where there is nothing to confirm.
pub fn confirm(
    context: &mut WriteContext<'_>,
    code: &str,
    recovery_hashes: &[Vec<u8>],
    now: Timestamp,
) -> Result<bool> {
    if is_on(context.connection)? {
        return Err(StoreError::Conflict(
            "the second factor is on already".to_owned(),
        ));
    }
    if !use_code(context, code, now)? {
        return Ok(false);
    }
    let connection = context.connection;
    connection.execute(
        "UPDATE second_factor SET confirmed_at = ?1",
        [to_micros(now)],
    )?;
    connection.execute("DELETE FROM recovery_codes", [])?;
    for hash in recovery_hashes {
        connection.execute("INSERT INTO recovery_codes (code_hash) VALUES (?1)", [hash])?;
    }
    Ok(true)
}

/// Whether a code is right now; it is used up then.
///
/// # Errors
///
/// [`StoreError::Conflict`] where there is no second factor.
pub fn use_code(context: &mut WriteContext<'_>, code: &str, now: Timestamp) -> Result<bool> {
    let stored = context
        .connection
        .query_row("SELECT secret, last_step FROM second_factor", [], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
        })
        .optional()?;
    let Some((secret, last_step)) = stored else {
        return Err(StoreError::Conflict(
            "there is no second factor to confirm; begin with POST /api/v1/second-factor"
                .to_owned(),
        ));
    };
    let current = now.as_second() / STEP;
    // The clock of a phone may be a step off.
    for step in current - 1..=current + 1 {
        if step > last_step && bool::from(code_at(&secret, step).as_bytes().ct_eq(code.as_bytes()))
        {
            let sql = "UPDATE second_factor SET last_step = ?1";
            context.connection.execute(sql, [step])?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Uses up a recovery code; false where it is none (any more).
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn use_recovery_code(context: &mut WriteContext<'_>, hash: &[u8]) -> Result<bool> {
    let sql = "DELETE FROM recovery_codes WHERE code_hash = ?1";
    Ok(context.connection.execute(sql, params![hash])? > 0)
}

/// Turns the second factor off.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn turn_off(context: &mut WriteContext<'_>) -> Result<()> {
    context
        .connection
        .execute_batch("DELETE FROM second_factor; DELETE FROM recovery_codes;")?;
    Ok(())
}

/// The code of one step: RFC 4226 with six digits.
#[must_use]
pub fn code_at(secret: &[u8], step: i64) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else {
        // A key of HMAC may have any length.
        return String::new();
    };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let number = digest[offset..offset + 4]
        .iter()
        .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(secret, time / STEP), code);
        }
    }
}
