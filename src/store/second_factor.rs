//! The second factor of the login: codes that change every 30 seconds (RFC 6238),
//! and recovery codes for the day the phone is lost.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::conflict::Conflict;
use super::error::Result;
use super::sql::to_micros;
use super::writer::WriteContext;

/// Seconds that a code is shown for.
const STEP: i64 = 30;

/// Used codes that are remembered.
const MOST_USED: i64 = 100;

/// Bytes of a secret, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;

/// True if the login asks for a code.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn is_on(connection: &Connection) -> Result<bool> {
    let sql = "SELECT 1 FROM second_factor WHERE confirmed_at IS NOT NULL";
    Ok(connection.prepare_cached(sql)?.exists([])?)
}

/// Number of recovery codes that are left.
///
/// # Errors
///
/// [`super::StoreError`] where the database cannot be read.
pub fn recovery_codes_left(connection: &Connection) -> Result<u32> {
    Ok(connection.query_row("SELECT count(*) FROM recovery_codes", [], |row| row.get(0))?)
}

/// Keeps a secret that is to be confirmed with its first code.
///
/// # Errors
///
/// [`super::StoreError::Conflict`] where the second factor is on.
pub fn begin(context: &mut WriteContext<'_>, secret: &[u8]) -> Result<()> {
    if is_on(context.connection)? {
        return Err(Conflict::SecondFactorOn.into());
    }
    context.connection.execute(
        "INSERT INTO second_factor (id, secret) VALUES (1, ?1)
         ON CONFLICT (id) DO UPDATE SET secret = ?1",
        [secret],
    )?;
    context.connection.execute("DELETE FROM used_codes", [])?;
    Ok(())
}

/// Turns the second factor on with its first code; false where the code is wrong.
///
/// # Errors
///
/// [`super::StoreError::Conflict`] where there is nothing to confirm.
pub fn confirm(
    context: &mut WriteContext<'_>,
    code: &str,
    recovery_hashes: &[Vec<u8>],
    now: Timestamp,
) -> Result<bool> {
    if is_on(context.connection)? {
        return Err(Conflict::SecondFactorOn.into());
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

/// True if a code is right now; it is used up then, and so are those before it. A code that
/// was used while the clock was ahead says nothing of those of now, but is not good again.
///
/// # Errors
///
/// [`super::StoreError::Conflict`] where there is no second factor.
pub fn use_code(context: &mut WriteContext<'_>, code: &str, now: Timestamp) -> Result<bool> {
    let Some(step) = step_of(context.connection, code, now)? else {
        return Ok(false);
    };
    note_used(context.connection, step)?;
    Ok(true)
}

/// The time step whose unused code this is, where it is one.
///
/// # Errors
///
/// [`super::StoreError::Conflict`] where there is no second factor.
pub fn step_of(connection: &Connection, code: &str, now: Timestamp) -> Result<Option<i64>> {
    let stored = connection
        .query_row("SELECT secret FROM second_factor", [], |row| {
            row.get::<_, Vec<u8>>(0)
        })
        .optional()?;
    let Some(secret) = stored else {
        return Err(Conflict::NoSecondFactor.into());
    };
    let current = now.as_second() / STEP;
    // The clock of a phone may be a step off.
    let last = current + 1;
    let used = "SELECT coalesce(max(step), 0) FROM used_codes WHERE step <= ?1";
    let last_used: i64 = connection.query_row(used, [last], |row| row.get(0))?;
    let is_right = |step: &i64| {
        let right = code_at(&secret, *step);
        right.as_bytes().ct_eq(code.as_bytes()).into()
    };
    let mut steps = (current - 1..=last).filter(|step| *step > last_used);
    Ok(steps.find(is_right))
}

fn note_used(connection: &Connection, step: i64) -> Result<()> {
    connection.execute("INSERT INTO used_codes (step) VALUES (?1)", [step])?;
    connection.execute(
        "DELETE FROM used_codes WHERE id <= (SELECT max(id) FROM used_codes) - ?1",
        [MOST_USED],
    )?;
    Ok(())
}

/// Uses up a recovery code; false where it is none (any more).
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn use_recovery_code(context: &mut WriteContext<'_>, hash: &[u8]) -> Result<bool> {
    let sql = "DELETE FROM recovery_codes WHERE code_hash = ?1";
    Ok(context.connection.execute(sql, params![hash])? > 0)
}

/// Turns the second factor off.
///
/// # Errors
///
/// [`super::StoreError::Unavailable`] where nothing could be written.
pub fn turn_off(context: &mut WriteContext<'_>) -> Result<()> {
    context.connection.execute_batch(
        "DELETE FROM second_factor; DELETE FROM recovery_codes; DELETE FROM used_codes;",
    )?;
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
    use crate::journal::scratch::Scratch;

    /// The second of a login, whose code it is, and whether that lets in.
    fn tries(tries: &[(i64, i64, bool)]) {
        let mut scratch = Scratch::new();
        let secret = [7; SECRET_BYTES];
        begin(&mut scratch.context(), &secret).unwrap();
        for (number, (at, of, expected)) in tries.iter().enumerate() {
            let code = code_at(&secret, of / STEP);
            let now = Timestamp::from_second(*at).unwrap();
            let is_right = use_code(&mut scratch.context(), &code, now).unwrap();
            assert_eq!(is_right, *expected, "try {number}");
        }
    }

    #[test]
    fn no_code_is_good_twice_nor_one_before_it() {
        let now = 1_767_225_600;
        tries(&[
            (now, now, true),
            (now, now, false),
            (now, now - STEP, false),
            (now, now + STEP, true),
            (now + 3 * STEP, now + 3 * STEP, true),
        ]);
    }

    #[test]
    fn a_code_that_was_used_while_the_clock_was_ahead_locks_nobody_out() {
        let now = 1_767_225_600;
        let ahead = now + 365 * 86_400;
        tries(&[
            (now, now, true),
            (ahead, ahead, true),
            // Set right again.
            (now + STEP, now, false),
            (now + STEP, now + STEP, true),
            (now + STEP, now + STEP, false),
            (now + 10 * STEP, now + 10 * STEP, true),
            // The year has passed.
            (ahead, ahead, false),
            (ahead + 2 * STEP, ahead + 2 * STEP, true),
        ]);
    }

    #[test]
    fn a_new_secret_has_no_used_codes() {
        let mut scratch = Scratch::new();
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        for secret in [[7; SECRET_BYTES], [8; SECRET_BYTES]] {
            begin(&mut scratch.context(), &secret).unwrap();
            let code = code_at(&secret, now.as_second() / STEP);
            assert!(use_code(&mut scratch.context(), &code, now).unwrap());
        }
    }

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
