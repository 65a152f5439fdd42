//! The demo of `algohook serve --demo`: a throw-away data directory with a few
//! webhooks and half a year of made-up alerts.
//!
//! Prices and strategies are invented (`strategy`); their alerts, and a
//! newcomer's mistakes (`mistakes`), go the way of every alert (`history`), so
//! that the demo shows what the program does and not what somebody drew.

mod backtest;
mod differences;
mod different;
mod history;
mod live;
mod mistakes;
mod session;
mod strategy;

use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::access;
use crate::domain::scope::Scope;
use crate::domain::webhook::{AuthKey, WebhookId};
use crate::journal;
use crate::platform::private_temporary_folder;
use crate::secrets;
use crate::store::webhooks::WebhookChange;
use crate::store::{Store, StoreOptions, WriteContext, account, tokens, webhooks};

pub use live::Live;
use strategy::{PROFILES, Profile, Strategy};

/// A demo, ready to be served.
pub struct Demo {
    /// The data directory, removed when dropped.
    pub directory: TempDir,
    /// The owner's password: the set-up has been done.
    pub password: String,
    /// A token for the API.
    pub token: String,
    /// The strategies, which go on trading.
    pub live: Live,
}

impl Demo {
    /// Makes the directory and fills it with what happened until `now`.
    ///
    /// # Errors
    ///
    /// What keeps files from being written where temporary ones go.
    pub async fn prepare(now: Timestamp) -> anyhow::Result<Self> {
        let directory = private_temporary_folder("algohook-demo-")
            .context("cannot make a directory for the demo; choose another place with TMPDIR")?;
        let mut markets: Vec<Market> = Vec::new();
        for profile in PROFILES {
            markets.push(Market::new(profile, now)?);
        }
        let newcomer = Address::generate()?;
        let (password, token) = set_up(directory.path(), &markets, &newcomer, now).await?;
        history::write(directory.path(), &mut markets, &newcomer, now).await?;
        Ok(Self {
            directory,
            password,
            token,
            live: Live::new(markets),
        })
    }
}

/// Address for alerts, and the key that lets them in.
#[derive(Clone)]
struct Address {
    id: WebhookId,
    key: AuthKey,
}

impl Address {
    fn generate() -> anyhow::Result<Self> {
        let no_randomness = "the system gives no random bytes";
        Ok(Self {
            id: WebhookId::generate(secrets::random_bytes).context(no_randomness)?,
            key: AuthKey::generate(secrets::random_bytes).context(no_randomness)?,
        })
    }
}

/// A strategy and the webhook it posts to.
struct Market {
    profile: &'static Profile,
    address: Address,
    strategy: Strategy,
}

impl Market {
    fn new(profile: &'static Profile, now: Timestamp) -> anyhow::Result<Self> {
        Ok(Self {
            profile,
            address: Address::generate()?,
            strategy: Strategy::new(profile, history::begin(now)),
        })
    }
}

/// Makes webhooks, password and token; returns the latter two.
async fn set_up(
    directory: &Path,
    markets: &[Market],
    newcomer: &Address,
    now: Timestamp,
) -> anyhow::Result<(String, String)> {
    let password = secrets::new_secret("demo-").context("the system gives no random bytes")?;
    let token = access::token::new_secret().context("the system gives no random bytes")?;
    let salt = access::password::new_salt().context("the system gives no random bytes")?;
    let password_hash = access::password::to_stored(&password, &salt)?;
    let token_hash = secrets::hash(&token);
    let begin = history::begin(now);
    let mut wanted: Vec<(WebhookId, AuthKey, &'static str, WebhookChange)> = Vec::new();
    for market in markets {
        let (id, key) = (market.address.id.clone(), market.address.key.clone());
        wanted.push((id, key, market.profile.name, market.profile.change()));
    }
    let (id, key) = (newcomer.id.clone(), newcomer.key.clone());
    wanted.push((id, key, mistakes::NAME, mistakes::change()));

    let store = Store::open(directory, &StoreOptions::default())?;
    let write = move |context: &mut WriteContext<'_>| {
        for (id, key, name, change) in wanted {
            webhooks::insert(context.connection, &id, name, &key, begin)?;
            journal::webhooks::change(context, &id, change)?;
        }
        account::set_password(context.connection, &password_hash, now)?;
        let token = tokens::NewToken {
            name: "Demo".to_owned(),
            scope: Scope::Write,
            hash: token_hash.clone(),
            made_by: None,
        };
        tokens::insert(context.connection, &token, now).map(drop)
    };
    store.writer().run(None, write).await?;
    Ok((password, token))
}
