//! The second factor of the login: turned on, asked for, turned off.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Identity;
use super::context::Context;
use super::login::check_password;
use super::problem::{Problem, Reason};
use super::reply::{Reply, no_content, ok};
use super::request::ApiRequest;
use super::webhooks::no_randomness;
use crate::desk;
use crate::domain::webhook::random_letters;
use crate::secrets;
use crate::store::{StoreError, WriteContext, second_factor};

/// Recovery codes that are given out.
const RECOVERY_CODES: usize = 10;

/// Letters of a recovery code: 12 x log2(62) = 71 bits.
const RECOVERY_LETTERS: usize = 12;

/// State of the second factor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactor {
    /// True if the login asks for a code.
    pub is_on: bool,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: u32,
}

/// The secret, in the forms that an authenticator app takes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewSecondFactor {
    /// The secret, in base32, to type in.
    pub secret: String,
    /// The same as an address, for a QR code.
    pub url: String,
}

/// Recovery codes; they are never shown again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryCodes {
    /// Each is good once, in place of a code.
    pub recovery_codes: Vec<String>,
}

/// The owner's password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Password {
    /// The owner's password.
    password: String,
}

/// A code of the authenticator app.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Code {
    /// Six digits.
    code: String,
}

/// Whether the login asks for a code.
#[utoipa::path(get, path = "/second-factor", tag = "account",
    responses((status = 200, body = SecondFactor)))]
pub(super) async fn get(context: &Context, _request: &ApiRequest) -> Reply {
    let read = context.store.readers().run(|connection| {
        Ok(SecondFactor {
            is_on: second_factor::is_on(connection)?,
            recovery_codes_left: second_factor::recovery_codes_left(connection)?,
        })
    });
    Ok(ok(&read.await?))
}

/// Makes a secret for an authenticator app; it counts once confirmed with a code.
#[utoipa::path(post, path = "/second-factor", tag = "account", request_body = Password,
    responses((status = 200, body = NewSecondFactor), (status = 401, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn begin(context: &Context, request: &ApiRequest) -> Reply {
    require_session(request)?;
    let Password { password } = request.json()?;
    check_password(context, request, password).await?;
    let mut secret = [0; second_factor::SECRET_BYTES];
    secrets::random_bytes(&mut secret).map_err(no_randomness)?;
    let write = move |context: &mut WriteContext<'_>| second_factor::begin(context, &secret);
    context.store.writer().run(None, write).await?;
    let secret = base32(&secret);
    let url = format!("otpauth://totp/algohook?secret={secret}&issuer=algohook");
    Ok(ok(&NewSecondFactor { secret, url }))
}

/// Turns the second factor on with its first code; the answer has the recovery codes.
#[utoipa::path(post, path = "/second-factor/confirm", tag = "account", request_body = Code,
    responses((status = 200, body = RecoveryCodes), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn confirm(context: &Context, request: &ApiRequest) -> Reply {
    require_session(request)?;
    let Code { code } = request.json()?;
    let mut recovery_codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        let code = random_letters(RECOVERY_LETTERS, secrets::random_bytes);
        recovery_codes.push(code.map_err(no_randomness)?);
    }
    let hashes: Vec<Vec<u8>> = recovery_codes
        .iter()
        .map(|code| secrets::hash(code))
        .collect();
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| {
        desk::account::confirm_second_factor(context, &actor, &code, &hashes)
    };
    if !context.store.writer().run(None, write).await? {
        return Err(Problem::invalid("this is not the code of now")
            .reason(Reason::WrongCode)
            .hint("check the clock of the phone and of the server, and try the next code"));
    }
    Ok(ok(&RecoveryCodes { recovery_codes }))
}

/// Turns the second factor off.
#[utoipa::path(post, path = "/second-factor/off", tag = "account", request_body = Password,
    responses((status = 204), (status = 401, body = Problem)))]
pub(super) async fn turn_off(context: &Context, request: &ApiRequest) -> Reply {
    require_session(request)?;
    let Password { password } = request.json()?;
    check_password(context, request, password).await?;
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| {
        desk::account::turn_second_factor_off(context, &actor)
    };
    context.store.writer().run(None, write).await?;
    Ok(no_content())
}

/// True if a code, or a recovery code, lets the owner in; it is used up then.
pub(super) async fn is_code(
    context: &Context,
    code: String,
    now: Timestamp,
) -> Result<bool, Problem> {
    let tried = code.clone();
    let read = context
        .store
        .readers()
        .run(move |connection| second_factor::step_of(connection, &tried, now));
    let step = read.await?;
    if step.is_some_and(|step| context.unwritten.is_used(step)) {
        return Ok(false);
    }
    let write = move |context: &mut WriteContext<'_>| {
        Ok(second_factor::use_code(context, &code, now)?
            || second_factor::use_recovery_code(context, &secrets::hash(&code))?)
    };
    match context.store.writer().run(None, write).await {
        // Where its use cannot be written, it is remembered.
        Err(StoreError::Unavailable(_) | StoreError::DiskFull(_) | StoreError::Busy)
            if step.is_some() =>
        {
            Ok(step.is_some_and(|step| context.unwritten.use_step(step)))
        }
        written => Ok(written?),
    }
}

/// A token that leaks must not be able to lock the owner out, or to get a session.
pub(super) fn require_session(request: &ApiRequest) -> Result<(), Problem> {
    if matches!(request.identity, Some(Identity::Session(_))) {
        return Ok(());
    }
    Err(Problem::new(
        hyper::StatusCode::FORBIDDEN,
        "session_required",
        "only the owner, logged in, may do this",
    )
    .hint("log in with POST /api/v1/session"))
}

/// Base32 of RFC 4648, without padding: 20 bytes are 32 letters.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let bits = five
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte))
            << (8 * (5 - five.len()));
        let letters = (five.len() * 8).div_ceil(5);
        for letter in 0..letters {
            let index = bits >> (35 - 5 * letter) & 31;
            text.push(char::from(LETTERS[usize::try_from(index).unwrap_or(0)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foobar", "MZXW6YTBOI"),
            ("", ""),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
