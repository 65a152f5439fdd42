//! The second factor of the login: codes of an app, and recovery codes for the day the phone
//! is lost.
//!
//! A code is good once, and no earlier one is good after it: its use is noted in the transaction
//! that takes it. Where nothing can be written its use is remembered, so that a full disk
//! neither locks the owner out nor makes a code good twice.

use jiff::Timestamp;
use rand::rngs::SysError;

use super::code::{self, SECRET_BYTES};
use super::{Access, Refusal};
use crate::clock::Clock as _;
use crate::domain::webhook::random_letters;
use crate::secrets;
use crate::store::{Conflict, Connection, Result, StoreError, WriteContext, second_factor};

/// Recovery codes that are given out.
const RECOVERY_CODES: usize = 10;

/// Letters of a recovery code: 12 x log2(62) = 71 bits.
const RECOVERY_LETTERS: usize = 12;

/// A secret for an authenticator app, in the forms that it takes.
#[derive(Debug)]
pub struct NewSecret {
    /// In base32, to type in.
    pub text: String,
    /// As an address, for a QR code.
    pub url: String,
}

/// Recovery codes, and the hashes of them that are kept.
#[derive(Debug)]
pub struct RecoveryCodes {
    /// The codes, in the order of their hashes.
    pub codes: Vec<String>,
    /// The hash of each.
    pub hashes: Vec<Vec<u8>>,
}

impl RecoveryCodes {
    /// Makes new ones.
    ///
    /// # Errors
    ///
    /// The system's, where it gives no random bytes.
    pub fn generate() -> std::result::Result<Self, SysError> {
        let code = || random_letters(RECOVERY_LETTERS, secrets::random_bytes);
        let codes: std::result::Result<Vec<String>, SysError> =
            std::iter::repeat_with(code).take(RECOVERY_CODES).collect();
        let codes = codes?;
        let hashes = codes.iter().map(|code| secrets::hash(code)).collect();
        Ok(Self { codes, hashes })
    }
}

impl Access {
    /// Makes a secret; it counts once confirmed with a code.
    ///
    /// # Errors
    ///
    /// [`Refusal::Store`] where the second factor is on.
    pub async fn begin_second_factor(&self) -> std::result::Result<NewSecret, Refusal> {
        let mut secret = [0; SECRET_BYTES];
        secrets::random_bytes(&mut secret)?;
        let write = move |context: &mut WriteContext<'_>| begin(context.connection, &secret);
        self.store.writer().run(None, write).await?;
        let text = code::base32(&secret);
        let url = format!("otpauth://totp/algohook?secret={text}&issuer=algohook");
        Ok(NewSecret { text, url })
    }

    /// True if a code, or a recovery code, lets the owner in; it is used up then.
    pub(super) async fn is_code(&self, code: String) -> std::result::Result<bool, Refusal> {
        let now = self.clock.now();
        let tried = code.clone();
        let readers = self.store.readers();
        let step = readers.run(move |connection| step_of(connection, &tried, now));
        let step = step.await?;
        if step.is_some_and(|step| self.unwritten.is_used(step)) {
            return Ok(false);
        }
        let write = move |context: &mut WriteContext<'_>| {
            let hash = secrets::hash(&code);
            Ok(use_code(context.connection, &code, now)?
                || second_factor::use_recovery_code(context.connection, &hash)?)
        };
        match self.store.writer().run(None, write).await {
            // Where its use cannot be written, it is remembered.
            Err(StoreError::Unavailable(_) | StoreError::DiskFull(_) | StoreError::Busy)
                if step.is_some() =>
            {
                Ok(step.is_some_and(|step| self.unwritten.use_step(step)))
            }
            written => Ok(written?),
        }
    }
}

fn begin(connection: &Connection, secret: &[u8]) -> Result<()> {
    if second_factor::is_on(connection)? {
        return Err(Conflict::SecondFactorOn.into());
    }
    second_factor::put_secret(connection, secret)
}

/// Turns the second factor on with its first code; false where the code is wrong.
///
/// # Errors
///
/// [`StoreError::Conflict`] where there is nothing to confirm.
pub fn confirm(
    connection: &Connection,
    code: &str,
    recovery_hashes: &[Vec<u8>],
    now: Timestamp,
) -> Result<bool> {
    if second_factor::is_on(connection)? {
        return Err(Conflict::SecondFactorOn.into());
    }
    if !use_code(connection, code, now)? {
        return Ok(false);
    }
    second_factor::confirm(connection, recovery_hashes, now)?;
    Ok(true)
}

/// True if a code is right now; it is used up then, and so are those before it. A code that
/// was used while the clock was ahead says nothing of those of now, but is not good again.
fn use_code(connection: &Connection, code: &str, now: Timestamp) -> Result<bool> {
    let Some(step) = step_of(connection, code, now)? else {
        return Ok(false);
    };
    second_factor::note_used(connection, step)?;
    Ok(true)
}

/// The time step whose unused code this is, where it is one.
fn step_of(connection: &Connection, code: &str, now: Timestamp) -> Result<Option<i64>> {
    let Some(secret) = second_factor::secret(connection)? else {
        return Err(Conflict::NoSecondFactor.into());
    };
    let used = second_factor::last_used(connection, code::newest_step(now))?;
    Ok(code::step_of(&secret, code, used, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::code::{STEP, code_at};
    use crate::journal::scratch::Scratch;

    /// The second of a login, whose code it is, and whether that lets in.
    fn tries(tries: &[(i64, i64, bool)]) {
        let scratch = Scratch::new();
        let secret = [7; SECRET_BYTES];
        begin(&scratch.connection, &secret).unwrap();
        for (number, (at, of, expected)) in tries.iter().enumerate() {
            let code = code_at(&secret, of / STEP);
            let now = Timestamp::from_second(*at).unwrap();
            let is_right = use_code(&scratch.connection, &code, now).unwrap();
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
        let scratch = Scratch::new();
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        for secret in [[7; SECRET_BYTES], [8; SECRET_BYTES]] {
            begin(&scratch.connection, &secret).unwrap();
            let code = code_at(&secret, now.as_second() / STEP);
            assert!(use_code(&scratch.connection, &code, now).unwrap());
        }
    }
}
