//! The first password, by whoever has the set-up link.

use rand::rngs::SysError;

use super::{Access, Refusal};
use crate::clock::Clock as _;
use crate::secrets;
use crate::store::{Conflict, Connection, Result, WriteContext, account};

/// A set-up link to be printed, and the hash of it that is kept.
#[derive(Debug)]
pub struct NewLink {
    /// Its secret, the part after `#`.
    pub secret: String,
    hash: Vec<u8>,
}

/// A new set-up link, which counts once it is kept.
///
/// # Errors
///
/// The system's, where it gives no random bytes.
pub fn new_link() -> std::result::Result<NewLink, SysError> {
    let secret = secrets::new_secret("")?;
    let hash = secrets::hash(&secret);
    Ok(NewLink { secret, hash })
}

impl NewLink {
    /// Has it take the place of the one before, where no password is set yet; false where one
    /// is.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError::Unavailable`] where nothing could be written.
    pub fn keep(&self, connection: &Connection) -> Result<bool> {
        if account::password_hash(connection)?.is_some() {
            return Ok(false);
        }
        account::put_setup_link(connection, &self.hash)?;
        Ok(true)
    }
}

impl Access {
    /// Sets the first password for one who has the set-up link.
    ///
    /// # Errors
    ///
    /// [`Refusal::Store`] with a conflict where the link is not the one printed last, or was
    /// used; [`Refusal::Password`] where the password cannot be taken.
    pub async fn set_up(&self, link: &str, password: String) -> std::result::Result<(), Refusal> {
        let link = secrets::hash(link);
        // A stranger without the link must not have passwords hashed.
        let presented = link.clone();
        let readers = self.store.readers();
        let check = readers.run(move |connection| check_link(connection, &presented));
        check.await?;
        let hash = self.stored_password(password).await?;
        let now = self.clock.now();
        let write = move |context: &mut WriteContext<'_>| {
            check_link(context.connection, &link)?;
            account::set_password(context.connection, &hash, now)
        };
        Ok(self.store.writer().run(None, write).await?)
    }
}

/// Checks whether a set-up link is the one printed last and was not used.
fn check_link(connection: &Connection, hash: &[u8]) -> Result<()> {
    if account::is_setup_link(connection, hash)? {
        return Ok(());
    }
    Err(if account::password_hash(connection)?.is_some() {
        Conflict::SetupLinkUsed.into()
    } else {
        Conflict::SetupLinkReplaced.into()
    })
}
