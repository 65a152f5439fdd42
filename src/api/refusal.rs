//! The refusals of `access`, as problems.

use hyper::StatusCode;

use super::problem::{Problem, Reason};
use crate::access::Refusal;
use crate::access::password::PasswordError;
use crate::access::refusal::seconds;

/// Seconds after which another try makes sense where too many wait.
const BUSY_RETRY_AFTER: u32 = 2;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::UnknownToken => {
                Self::unauthorized(detail).hint("`algohook token create NAME` makes a new one")
            }
            Refusal::SessionOver => Self::unauthorized(detail).hint("log in again"),
            Refusal::WrongPassword => Self::unauthorized(detail)
                .reason(Reason::WrongPassword)
                .hint("`algohook user set-password` on the server sets a new one"),
            Refusal::WrongCode => Self::unauthorized(detail).reason(Reason::WrongCode).hint(
                "each works once; `algohook user reset-second-factor` on the server turns the second factor off",
            ),
            Refusal::CodeMissing => {
                Self::new(StatusCode::UNAUTHORIZED, "second_factor_required", detail)
                    .hint("send it as \"code\"; a recovery code serves as well")
            }
            Refusal::UnconfirmedCode => Self::invalid(detail)
                .reason(Reason::WrongCode)
                .hint("check the phone's and the server's clock, and enter the next code"),
            Refusal::TooManyPasswords(wait) => too_many(detail, seconds(wait)).hint(
                "on the server itself (`ssh -L 8080:127.0.0.1:8080`) strangers make nobody wait; \
                 `algohook user set-password` sets a new password",
            ),
            Refusal::TooManyCodes(wait) => too_many(detail, seconds(wait)).hint(
                "wait, and take the code that is shown then; without the phone, a recovery code or \
                 `algohook user reset-second-factor` on the server lets the owner in",
            ),
            Refusal::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
                .hint("try again in a moment; API tokens need no password")
                .retry_after(BUSY_RETRY_AFTER),
            Refusal::Panicked => Self::internal(),
            Refusal::NoRandomness(error) => Self::no_randomness(error),
            Refusal::Password(PasswordError::TooShort) => {
                Self::invalid(detail).reason(Reason::PasswordTooShort)
            }
            Refusal::Password(PasswordError::Unusable(_)) => {
                tracing::error!(%detail, "a password was not hashed");
                Self::internal()
            }
            Refusal::Store(error) => error.into(),
        }
    }
}

fn too_many(detail: String, seconds: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_logins", detail).retry_after(seconds)
}
