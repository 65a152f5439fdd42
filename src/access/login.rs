//! A login: whether it may be tried, whether it is right, and the session that it begins.
//!
//! Everything that makes a client wait is decided here: strangers wait for each other, and a
//! browser or an address that logged in before waits for its own failures only. A login from
//! a new place is noted for the owner.

use std::net::IpAddr;

use super::familiarity::{Familiarity, familiarity};
use super::hashing::Turn;
use super::throttle::Claimant;
use super::{Access, Refusal, password, session};
use crate::clock::Clock as _;
use crate::logging::Rarely;
use crate::secrets;
use crate::store::audit::{self, Act, Actor};
use crate::store::known_clients::{self, Client};
use crate::store::sessions::{self, Origin};
use crate::store::{StoreError, WriteContext, account, second_factor};

/// Letters of a browser's own name that are kept.
const LONGEST_USER_AGENT: usize = 200;

/// The client that tries, as far as its request tells.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The name in the audit log: `stranger` until it is known.
    pub name: String,
    /// The address.
    pub address: IpAddr,
    /// The network that counts as one address.
    pub network: IpAddr,
    /// True if it is on this machine itself: it came through its own login, as by `ssh -L`.
    pub is_here: bool,
    /// The secret that its browser keeps since an earlier login.
    pub browser: Option<String>,
    /// The browser's name for itself.
    pub user_agent: Option<String>,
}

/// The act that begins a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// The first password was chosen.
    Setup,
    /// A login.
    Login,
    /// The password was changed, which ended the session before; that is noted already.
    PasswordChange,
}

impl Beginning {
    fn act(self) -> Option<Act> {
        match self {
            Self::Setup => Some(Act::Setup),
            Self::Login => Some(Act::Login),
            Self::PasswordChange => None,
        }
    }
}

/// The secrets that a browser is given with a session.
pub struct NewSession {
    /// That of the session.
    pub secret: String,
    /// That by which the browser is known from now on; none where it keeps its own.
    pub browser: Option<String>,
}

/// The secret that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Password,
    Code,
}

impl Visitor {
    fn client(&self) -> Client {
        Client {
            browser: self.browser.as_deref().map(secrets::hash),
            network: self.network,
        }
    }

    fn origin(&self) -> Origin {
        let user_agent = self.user_agent.as_deref();
        Origin {
            address: self.address.to_string(),
            user_agent: user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect()),
        }
    }
}

impl Access {
    /// Checks password and code; a wrong one of either makes the next try wait.
    ///
    /// # Errors
    ///
    /// The [`Refusal`], where it is not the owner or may not be tried now.
    pub async fn check_login(
        &self,
        visitor: &Visitor,
        password: String,
        code: Option<String>,
    ) -> Result<(), Refusal> {
        let claimant = self.claimant(visitor).await?;
        let (is_right, _turn) = self.try_password(&claimant, password).await?;
        if !is_right {
            return Err(self.wrong(visitor, Wrong::Password).await);
        }
        // Codes are counted apart: who has the password and tries codes must not be forgiven
        // for the password, nor keep those out who have no code to try.
        if self.store.readers().run(second_factor::is_on).await? {
            // Nothing to wait for: whoever comes this far has the password.
            let code = code.ok_or(Refusal::CodeMissing)?;
            let waits = self.codes.check(&claimant, self.clock.elapsed());
            waits.map_err(Refusal::TooManyCodes)?;
            self.codes.failed(&claimant, self.clock.elapsed());
            if !self.is_code(code).await? {
                return Err(self.wrong(visitor, Wrong::Code).await);
            }
            self.codes.succeeded(&claimant);
        }
        Ok(())
    }

    /// Checks the password of one who is logged in already.
    ///
    /// # Errors
    ///
    /// As [`Access::check_login`].
    pub async fn check_password(&self, visitor: &Visitor, password: String) -> Result<(), Refusal> {
        let claimant = self.claimant(visitor).await?;
        let (is_right, _turn) = self.try_password(&claimant, password).await?;
        if is_right {
            return Ok(());
        }
        Err(self.wrong(visitor, Wrong::Password).await)
    }

    /// The stored form of a new password.
    ///
    /// # Errors
    ///
    /// [`Refusal::Password`] where it cannot be taken, [`Refusal::Busy`] where too many wait.
    pub async fn stored_password(&self, password: String) -> Result<String, Refusal> {
        let salt = password::new_salt()?;
        let turn = self.hashing.turn(true).await?;
        let hash = turn.hash(move || password::to_stored(&password, &salt));
        let (hash, _turn) = hash.await?;
        Ok(hash?)
    }

    /// Begins a session, notes that, remembers where it was begun, and notes where that place
    /// is new.
    ///
    /// # Errors
    ///
    /// What the store says; a login on a full disk begins a session that is not written.
    pub async fn begin_session(
        &self,
        visitor: &Visitor,
        beginning: Beginning,
    ) -> Result<NewSession, Refusal> {
        let secret = secrets::new_secret("")?;
        let new_browser = secrets::new_secret("")?;
        let hash = secrets::hash(&secret);
        let begun = Begun {
            hash: hash.clone(),
            origin: visitor.origin(),
            client: visitor.client(),
            new_browser: secrets::hash(&new_browser),
            actor: Actor {
                // Whoever gets a session is the owner.
                name: "owner".to_owned(),
                ..self.actor(visitor)
            },
        };
        let now = begun.actor.at;
        let write = move |context: &mut WriteContext<'_>| begun.write(context, beginning);
        let address = visitor.address;
        let (keeps_browser, is_new) = match self.store.writer().run(None, write).await {
            // The owner has to get in to make room, or to see what is wrong.
            Err(StoreError::Unavailable(_) | StoreError::DiskFull(_) | StoreError::Busy)
                if beginning == Beginning::Login =>
            {
                tracing::warn!(%address, "a login that could not be written; it ends in an hour");
                self.unwritten.begin(hash, now);
                (true, false)
            }
            written => written?,
        };
        if is_new {
            tracing::warn!(%address, "a login from a new place");
        }
        Ok(NewSession {
            secret,
            browser: (!keeps_browser).then_some(new_browser),
        })
    }

    /// Ends a session that is in memory only; false if there is no such session.
    pub fn end_unwritten(&self, hash: &[u8]) -> bool {
        self.unwritten.end(hash)
    }

    /// The claimant that a failure of this visitor is counted for.
    async fn claimant(&self, visitor: &Visitor) -> Result<Claimant, Refusal> {
        let (client, now) = (visitor.client(), self.clock.now());
        let looked_up = client.clone();
        let readers = self.store.readers();
        let read = readers.run(move |connection| familiarity(connection, &looked_up, now));
        Ok(match (read.await?, client.browser) {
            (Familiarity::Browser, Some(browser)) => Claimant::KnownBrowser(browser),
            (Familiarity::None, _) if !visitor.is_here => Claimant::Stranger(client.network),
            _ => Claimant::KnownAddress(client.network),
        })
    }

    fn actor(&self, visitor: &Visitor) -> Actor {
        Actor {
            name: visitor.name.clone(),
            address: Some(visitor.address.to_string()),
            at: self.clock.now(),
        }
    }

    /// Notes a failed login; the answer to it.
    async fn wrong(&self, visitor: &Visitor, wrong: Wrong) -> Refusal {
        let (what, refusal) = match wrong {
            Wrong::Password => ("password", Refusal::WrongPassword),
            Wrong::Code => ("code", Refusal::WrongCode),
        };
        tracing::warn!(address = %visitor.address, what, "a login failed");
        let actor = self.actor(visitor);
        let write = move |context: &mut WriteContext<'_>| {
            audit::note(context.connection, &actor, Act::LoginFailed, Some(what))
        };
        // A full disk must not tell right from wrong.
        if let Err(error) = self.store.writer().run(None, write).await {
            static NOT_NOTED: Rarely = Rarely::new();
            if let Some(unsaid) = NOT_NOTED.say() {
                tracing::warn!(%error, unsaid, "a failed login could not be noted");
            }
        }
        refusal
    }

    /// True if it is the owner's, when it may be tried; as slow where none is set, so that a
    /// stranger cannot tell the two apart. Others wait until the turn is dropped: what came of
    /// this try has to be noted by then.
    async fn try_password(
        &self,
        claimant: &Claimant,
        password: String,
    ) -> Result<(bool, Turn), Refusal> {
        let check_wait = || {
            let waits = self.passwords.check(claimant, self.clock.elapsed());
            waits.map_err(Refusal::TooManyPasswords)
        };
        // Who has to wait takes no place in the queue either.
        check_wait()?;
        let is_known = !matches!(claimant, Claimant::Stranger(_));
        let turn = self.hashing.turn(is_known).await?;
        check_wait()?;
        let stored = self.store.readers().run(account::password_hash).await?;
        // Before it is known, for one who hangs up never gets to know it.
        self.passwords.failed(claimant, self.clock.elapsed());
        let is_right = turn.hash(move || {
            if let Some(stored) = stored {
                return password::is_right(&password, &stored);
            }
            // Hashed for nothing but the time that it takes.
            let _ = password::to_stored("no password is set", &[0; 16]);
            false
        });
        let (is_right, turn) = is_right.await?;
        if is_right {
            self.passwords.succeeded(claimant);
        }
        Ok((is_right, turn))
    }
}

/// A session that is to be written.
struct Begun {
    hash: Vec<u8>,
    origin: Origin,
    client: Client,
    /// The hash of the secret that its browser gets where it is not known by one.
    new_browser: Vec<u8>,
    actor: Actor,
}

impl Begun {
    /// Writes it; true if the browser keeps its secret, and if the place is new.
    fn write(
        mut self,
        context: &mut WriteContext<'_>,
        beginning: Beginning,
    ) -> crate::store::Result<(bool, bool)> {
        let (connection, now) = (context.connection, self.actor.at);
        let familiarity = familiarity(connection, &self.client, now)?;
        let is_new = familiarity == Familiarity::None && known_clients::is_any(connection)?;
        // A secret that we did not give out could be known to whoever did.
        let keeps_browser = familiarity == Familiarity::Browser;
        if !keeps_browser {
            self.client.browser = Some(self.new_browser);
        }
        sessions::forget_before(connection, session::good_since(now), now)?;
        sessions::begin(connection, &self.hash, &self.origin, now)?;
        known_clients::remember(connection, &self.client, now)?;
        if let Some(act) = beginning.act() {
            audit::note(connection, &self.actor, act, None)?;
        }
        if is_new {
            let user_agent = self.origin.user_agent.as_deref();
            audit::note(connection, &self.actor, Act::LoginNewPlace, user_agent)?;
        }
        Ok((keeps_browser, is_new))
    }
}
