//! The sender of a request, once it is known, and what it may do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Access, Refusal, session};
use crate::clock::Clock as _;
use crate::domain::scope::Scope;
use crate::logging::Rarely;
use crate::secrets;
use crate::store::tokens::TokenId;
use crate::store::{StoreError, account, sessions, tokens};

/// Precision of the times of last use.
const TOUCHED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Time for noting a use; what the request itself asks for does not wait longer.
const TOUCH_PATIENCE: Option<Duration> = Some(Duration::from_millis(100));

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A program with a token.
    Token(TokenId, Scope),
    /// The owner in a browser; the hash of the session's secret.
    Session(Vec<u8>),
}

/// A request, as far as scopes tell requests apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// True if it changes nothing.
    pub is_read: bool,
    /// True if it sends a test alert, or is needed to send one.
    pub is_test: bool,
}

impl Identity {
    /// True if it may do what a request asks for.
    #[must_use]
    pub fn may(&self, demand: Demand) -> bool {
        match self {
            Self::Session(_) | Self::Token(_, Scope::Write) => true,
            Self::Token(_, Scope::Read) => demand.is_read,
            Self::Token(_, Scope::Test) => demand.is_test,
        }
    }

    /// True if it may see the keys of webhooks, with which alerts can be sent.
    #[must_use]
    pub fn may_see_keys(&self) -> bool {
        !matches!(self, Self::Token(_, Scope::Read))
    }

    /// True for the owner, logged in. A token that leaks must not be able to lock the owner
    /// out, or to get a session.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        matches!(self, Self::Session(_))
    }

    /// The token, where it is one.
    #[must_use]
    pub fn token(&self) -> Option<TokenId> {
        match self {
            Self::Token(id, _) => Some(*id),
            Self::Session(_) => None,
        }
    }

    /// Its name in the audit log.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Session(_) => "owner".to_owned(),
            Self::Token(id, _) => id.to_string(),
        }
    }
}

impl Access {
    /// The identity behind a token, whose use is noted.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownToken`], or what the store says.
    pub async fn identify_token(&self, token: &str) -> Result<Identity, Refusal> {
        let (hash, now) = (secrets::hash(token), self.clock.now());
        let readers = self.store.readers();
        let found = readers.run(move |connection| tokens::find(connection, &hash));
        let Some((id, scope, last_used_at)) = found.await? else {
            return Err(Refusal::UnknownToken);
        };
        if last_used_at.is_none_or(|last| is_long_ago(last, now)) {
            let touch = self.store.writer().run(TOUCH_PATIENCE, move |context| {
                tokens::touch(context.connection, id, now)
            });
            // A full disk must not lock the owner out.
            if let Err(error) = touch.await {
                not_noted(&error, "token");
            }
        }
        Ok(Identity::Token(id, scope))
    }

    /// The identity behind the secret of a session, whose use is noted.
    ///
    /// # Errors
    ///
    /// [`Refusal::SessionOver`], or what the store says.
    pub async fn identify_session(&self, secret: &str) -> Result<Identity, Refusal> {
        let (hash, now) = (secrets::hash(secret), self.clock.now());
        match self.unwritten.begun_at(&hash, now) {
            Some(begun_at) => self.identify_unwritten(hash, begun_at).await,
            None => self.identify_written(hash, now).await,
        }
    }

    /// A session that is in memory only; over where the password was changed since.
    async fn identify_unwritten(
        &self,
        hash: Vec<u8>,
        begun_at: Timestamp,
    ) -> Result<Identity, Refusal> {
        let changed_at = self.store.readers().run(account::changed_at).await?;
        if changed_at.is_some_and(|changed_at| changed_at <= begun_at) {
            return Ok(Identity::Session(hash));
        }
        Err(Refusal::SessionOver)
    }

    async fn identify_written(&self, hash: Vec<u8>, now: Timestamp) -> Result<Identity, Refusal> {
        let (wanted, since) = (hash.clone(), session::good_since(now));
        let readers = self.store.readers();
        let found = readers.run(move |connection| sessions::seen_at(connection, &wanted, since));
        let last_seen_at = found.await?.ok_or(Refusal::SessionOver)?;
        if is_long_ago(last_seen_at, now) {
            let touched = hash.clone();
            let touch = self.store.writer().run(TOUCH_PATIENCE, move |context| {
                sessions::touch(context.connection, &touched, now)
            });
            if let Err(error) = touch.await {
                not_noted(&error, "session");
            }
        }
        Ok(Identity::Session(hash))
    }
}

/// True where a time of last use is worth writing anew; the clock may have been ahead.
fn is_long_ago(last: Timestamp, now: Timestamp) -> bool {
    now.duration_since(last).abs() >= TOUCHED_EVERY
}

/// Logs that a use could not be noted: on a full disk each request tries it again.
fn not_noted(error: &StoreError, what: &str) {
    static NOT_NOTED: Rarely = Rarely::new();
    if let Some(unsaid) = NOT_NOTED.say() {
        tracing::warn!(%error, unsaid, "the use of a {what} could not be noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_says_what_a_token_may_do() {
        let demand = |is_read, is_test| Demand { is_read, is_test };
        let may = |scope| {
            let token = Identity::Token(TokenId(1), scope);
            let demands = [
                demand(false, false),
                demand(true, false),
                demand(false, true),
            ];
            (
                demands.map(|demand| token.may(demand)),
                token.may_see_keys(),
            )
        };
        assert_eq!(may(Scope::Write), ([true, true, true], true));
        assert_eq!(may(Scope::Read), ([false, true, false], false));
        assert_eq!(may(Scope::Test), ([false, false, true], true));
        let owner = Identity::Session(vec![1; 32]);
        assert!(owner.may(demand(false, false)) && owner.may_see_keys() && owner.is_owner());
    }
}
