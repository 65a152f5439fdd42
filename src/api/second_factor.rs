//! The second factor of the login: turned on, asked for, turned off.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::visitor;
use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, no_content, ok};
use super::request::ApiRequest;
use crate::access::{Refusal, second_factor as codes};
use crate::desk;
use crate::store::{WriteContext, second_factor};

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

/// Tells whether the login asks for a code.
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
    request.require_owner()?;
    let Password { password } = request.json()?;
    let visitor = visitor(request);
    context.access.check_password(&visitor, password).await?;
    let new = context.access.begin_second_factor().await?;
    Ok(ok(&NewSecondFactor {
        secret: new.text,
        url: new.url,
    }))
}

/// Turns the second factor on with its first code; the answer has the recovery codes.
#[utoipa::path(post, path = "/second-factor/confirm", tag = "account", request_body = Code,
    responses((status = 200, body = RecoveryCodes), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn confirm(context: &Context, request: &ApiRequest) -> Reply {
    request.require_owner()?;
    let Code { code } = request.json()?;
    let recovery = codes::RecoveryCodes::generate().map_err(Problem::no_randomness)?;
    let hashes = recovery.hashes;
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| {
        desk::account::confirm_second_factor(context, &actor, &code, &hashes)
    };
    if !context.store.writer().run(None, write).await? {
        return Err(Refusal::UnconfirmedCode.into());
    }
    Ok(ok(&RecoveryCodes {
        recovery_codes: recovery.codes,
    }))
}

/// Turns the second factor off.
#[utoipa::path(post, path = "/second-factor/off", tag = "account", request_body = Password,
    responses((status = 204), (status = 401, body = Problem)))]
pub(super) async fn turn_off(context: &Context, request: &ApiRequest) -> Reply {
    request.require_owner()?;
    let Password { password } = request.json()?;
    let visitor = visitor(request);
    context.access.check_password(&visitor, password).await?;
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| {
        desk::account::turn_second_factor_off(context, &actor)
    };
    context.store.writer().run(None, write).await?;
    Ok(no_content())
}
