//! API tokens: made, listed, revoked. Only a hash of each is kept.
//!
//! A token that another one made ends with it, so that revoking a stolen token ends all that
//! the thief made of it.

use serde::Deserialize;
use utoipa::ToSchema;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, no_content, ok};
use super::request::{ApiRequest, Page};
use crate::access::{self, Identity};
use crate::desk;
use crate::desk::tokens::{NewToken, Token};
use crate::domain::scope::Scope;
use crate::domain::webhook::name_of;
use crate::store::tokens::{self, TokenId};

/// The name of a new token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenName {
    /// 1 to 100 printable characters.
    name: String,
    /// Its scope: `write` (everything, the default), `read`, or `test` (send test alerts).
    #[schema(value_type = Option<String>)]
    scope: Option<Scope>,
}

/// All tokens, oldest first.
#[utoipa::path(get, path = "/tokens", tag = "tokens",
    responses((status = 200, body = Page<Token>)))]
pub(super) async fn list(context: &Context, _request: &ApiRequest) -> Reply {
    let read = context.store.readers().run(tokens::list);
    Ok(ok(&Page {
        items: read.await?.into_iter().map(Token::from).collect(),
        next_cursor: None,
    }))
}

/// Makes a token.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = TokenName,
    responses((status = 201, body = NewToken), (status = 422, body = Problem)))]
pub(super) async fn create(context: &Context, request: &ApiRequest) -> Reply {
    let TokenName { name, scope } = request.json()?;
    let scope = scope.unwrap_or(Scope::Write);
    let name = name_of(&name).map_err(|error| Problem::invalid(error.to_string()))?;
    let secret = access::token::new_secret().map_err(Problem::no_randomness)?;
    let made_by = request.identity.as_ref().and_then(Identity::token);
    let actor = request.actor(context.now());
    let create = context.store.writer().run(None, move |context| {
        desk::tokens::create(context, &actor, &name, scope, made_by, &secret)
    });
    let new: NewToken = create.await?;
    Ok(created(&new))
}

/// Revokes a token, and every token that it made.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn revoke(context: &Context, request: &ApiRequest) -> Reply {
    let id: TokenId = request.path_id()?;
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        desk::tokens::revoke(context, &actor, id)
    });
    write.await?;
    Ok(no_content())
}
