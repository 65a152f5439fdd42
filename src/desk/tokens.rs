//! API tokens: made and revoked. Only a hash of each is kept.
//!
//! A token that another one made ends with it, so that revoking a stolen token ends all that
//! the thief made of it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::scope::Scope;
use crate::secrets;
use crate::store::audit::{self, Act, Actor};
use crate::store::tokens::{self, StoredToken, TokenId};
use crate::store::{Result, WriteContext};

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
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Time of its last use, to the minute.
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

/// Makes a token of a secret.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn create(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    name: &str,
    scope: Scope,
    made_by: Option<TokenId>,
    secret: &str,
) -> Result<NewToken> {
    let stored = tokens::NewToken {
        name: name.to_owned(),
        scope,
        hash: secrets::hash(secret),
        made_by,
    };
    let id = tokens::insert(context.connection, &stored, actor.at)?;
    audit::note(
        context.connection,
        actor,
        Act::TokenCreate,
        Some(&id.to_string()),
    )?;
    Ok(NewToken {
        id,
        name: stored.name,
        scope,
        token: secret.to_owned(),
    })
}

/// Revokes a token, and every token that it made; returns all of them.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is none.
pub fn revoke(context: &mut WriteContext<'_>, actor: &Actor, id: TokenId) -> Result<Vec<TokenId>> {
    let revoked = tokens::revoke(context.connection, id)?;
    for id in &revoked {
        audit::note(
            context.connection,
            actor,
            Act::TokenRevoke,
            Some(&id.to_string()),
        )?;
    }
    Ok(revoked)
}
