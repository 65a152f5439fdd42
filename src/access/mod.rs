//! Access and its extent: passwords, the second factor, sessions, tokens, waits.
//!
//! Everything that decides about it is here, so that one reader can check it at once: the API
//! only takes cookies and headers apart and words the answers. There is no open mode. A
//! decision that depends on earlier failures is made before the slow work that it guards, and
//! its outcome is noted before the next one may try. What is decided outlasts a full disk: the
//! owner must be able to come in and make room.

pub mod code;
pub mod familiarity;
mod hashing;
pub mod identity;
pub mod login;
pub mod password;
pub mod refusal;
pub mod second_factor;
pub mod session;
mod setup;
mod throttle;
pub mod token;
mod unwritten;

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;

pub use identity::{Demand, Identity};
pub use refusal::Refusal;
pub use setup::{NewLink, new_link};

use crate::clock::SystemClock;
use crate::store::Store;
use hashing::Hashing;
use throttle::LoginThrottle;
use unwritten::UnwrittenLogins;

/// The door of a server: the store, and what is remembered of those who tried to come in.
pub struct Access {
    store: Arc<Store>,
    clock: SystemClock,
    /// Logins that could not be written.
    unwritten: UnwrittenLogins,
    /// Wrong passwords.
    passwords: LoginThrottle,
    /// Wrong codes of the second factor, by those who have the password.
    codes: LoginThrottle,
    /// The right to hash a password.
    hashing: Hashing,
}

impl Access {
    /// Nobody has tried yet; `hashes` counts the passwords that are hashed.
    #[must_use]
    pub fn new(store: Arc<Store>, clock: SystemClock, hashes: Counter) -> Self {
        Self {
            store,
            clock,
            unwritten: UnwrittenLogins::default(),
            passwords: LoginThrottle::default(),
            codes: LoginThrottle::default(),
            hashing: Hashing::new(hashes),
        }
    }
}
