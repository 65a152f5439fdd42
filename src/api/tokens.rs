//! API tokens: made, listed, revoked. Only a hash of each is kept.
//!
//! A token that another one made ends with it, so that revoking a stolen token ends all that
//! the thief made of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Identity;
use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, no_content, ok};
use super::request::{ApiRequest, Page};
use super::webhooks::no_randomness;
use crate::domain::access::Scope;
use crate::domain::webhook::name_of;
use crate::secrets;
use crate::store::audit;
use crate::store::tokens::{self, StoredToken, TokenId};

/// Prefix of every token, so that one is recognised where it leaks.
pub const TOKEN_PREFIX: &str = "aht_";

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// `tok_` and a number.
    #[schema(value_type = String)]
    pub id: TokenId,
    /// The name that its owner gave it.
    pub name: String,
    /// Its scope: `write`, `read` or `test`.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// The token that made it, and with which it ends; null where its owner made it.
    #[schema(value_type = Option<String>)]
    pub made_by: Option<TokenId>,
}

impl From<StoredToken> for Token {
    fn from(stored: StoredToken) -> Self {
        Self {
            id: stored.id,
            name: stored.name,
            scope: stored.scope,
            created_at: stored.created_at,
            last_used_at: stored.last_used_at,
            made_by: stored.made_by,
        }
    }
}

/// A token just made; its secret is never shown again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    /// `tok_` and a number.
    #[schema(value_type = String)]
    pub id: TokenId,
    /// The name that its owner gave it.
    pub name: String,
    /// Its scope.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// The secret, to be sent as `Authorization: Bearer ...`.
    pub token: String,
}

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
    let token = secrets::new_secret(TOKEN_PREFIX).map_err(no_randomness)?;
    let stored = tokens::NewToken {
        name: name.clone(),
        scope,
        hash: secrets::hash(&token),
        made_by: match request.identity {
            Some(Identity::Token(id, _)) => Some(id),
            _ => None,
        },
    };
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        let id = tokens::insert(context, &stored, actor.at)?;
        audit::note(context, &actor, "token.create", Some(&id.to_string()))?;
        Ok(id)
    });
    let id = write.await?;
    Ok(created(&NewToken {
        id,
        name,
        scope,
        token,
    }))
}

/// Revokes a token, and every token that it made.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn revoke(context: &Context, request: &ApiRequest) -> Reply {
    let id: TokenId = request.path_id()?;
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        for id in tokens::revoke(context, id)? {
            audit::note(context, &actor, "token.revoke", Some(&id.to_string()))?;
        }
        Ok(())
    });
    write.await?;
    Ok(no_content())
}
