//! Secrets of others that have to be usable at a start without a person: the keys of
//! channels, forwards and brokers.
//!
//! They are sealed with a key beside the database, so that a backup or a copied database gives
//! none of them away; the machine itself is not protected by that. What is sealed is bound to
//! its owner and its version: sealed bytes that somebody moves to another row do not open. A
//! backup does not have the key, so who restores one elsewhere enters the secrets again.

mod key;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ring::aead::{Aad, NONCE_LEN, Nonce};

use crate::secrets::random_bytes;
use crate::store::credentials::{self, Owner, Sealed};
use crate::store::{Connection, StoreError};

pub use key::{FILE, MasterKey, has_credential};

/// The secrets of one owner, by name.
pub type Secrets = BTreeMap<String, String>;

/// Reason that secrets cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file of the key cannot be read or written.
    #[error("cannot use the key that secrets are sealed with, {path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The file holds no key.
    #[error(
        "{path} holds no key: a key is 64 hexadecimal digits. Bring the file back from your own copy, or remove it \
         and enter the secrets of channels, forwards and brokers again",
        path = .0.display()
    )]
    NotAKey(PathBuf),
    /// Secrets are there, and not the key.
    #[error(
        "the secrets of {0} are sealed with a key that is not here (another machine's master.key, or that of the \
         service); enter them again"
    )]
    OtherKey(Owner),
    /// The bytes are not what was sealed.
    #[error("the secrets of {0} were changed outside algohook and do not open; enter them again")]
    Broken(Owner),
    /// The system gives no random bytes.
    #[error("secrets cannot be sealed: the system gives no random bytes")]
    Unsealable,
    /// The database cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl VaultError {
    /// True where the secrets have to be entered again, whatever is tried.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::OtherKey(_) | Self::Broken(_))
    }
}

impl From<VaultError> for StoreError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error,
            error => Self::Unavailable(error.to_string()),
        }
    }
}

/// The place of the master key, which is made when the first secret is sealed. Clones are the
/// same one.
#[derive(Debug, Clone)]
pub struct Vault {
    data_dir: Arc<Path>,
    key: Arc<Mutex<Option<Arc<MasterKey>>>>,
}

impl Vault {
    /// That of a data directory.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.into(),
            key: Arc::default(),
        }
    }

    /// Seals the secrets of an owner and keeps them in the place of those it had.
    ///
    /// # Errors
    ///
    /// [`VaultError`]; nothing was changed.
    pub fn keep(
        &self,
        connection: &Connection,
        owner: Owner,
        secrets: &Secrets,
    ) -> Result<(), VaultError> {
        let before = credentials::get(connection, owner)?;
        let version = before.map_or(0, |before| before.version) + 1;
        let text = serde_json::to_vec(secrets).map_err(|_| VaultError::Unsealable)?;
        let sealed = seal(&*self.key_or_new()?, owner, version, text)?;
        Ok(credentials::put(connection, owner, &sealed)?)
    }

    /// The secrets of an owner; none where it has none.
    ///
    /// # Errors
    ///
    /// [`VaultError`] where they do not open.
    pub fn read(&self, connection: &Connection, owner: Owner) -> Result<Secrets, VaultError> {
        let Some(sealed) = credentials::get(connection, owner)? else {
            return Ok(Secrets::new());
        };
        let key = self.key()?.ok_or(VaultError::OtherKey(owner))?;
        let text = open(&key, owner, &sealed)?;
        serde_json::from_slice(&text).map_err(|_| VaultError::Broken(owner))
    }

    /// The same; `None` where they are lost, as after a restore on another machine.
    ///
    /// # Errors
    ///
    /// [`VaultError`] where the key or the database cannot be read.
    pub fn read_kept(
        &self,
        connection: &Connection,
        owner: Owner,
    ) -> Result<Option<Secrets>, VaultError> {
        match self.read(connection, owner) {
            Ok(secrets) => Ok(Some(secrets)),
            Err(error) if error.is_loss() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The owners of secrets that the key which is here does not open, as after a restore on
    /// another machine.
    ///
    /// # Errors
    ///
    /// [`VaultError`] where the key or the database cannot be read.
    pub fn lost(&self, connection: &Connection) -> Result<Vec<String>, VaultError> {
        let key = self.key()?;
        let id: &[u8] = key.as_ref().map_or(&[], |key| &key.id);
        Ok(credentials::sealed_otherwise(connection, id)?)
    }

    fn key(&self) -> Result<Option<Arc<MasterKey>>, VaultError> {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            *kept = MasterKey::find(&self.data_dir)?.map(Arc::new);
        }
        Ok(kept.clone())
    }

    fn key_or_new(&self) -> Result<Arc<MasterKey>, VaultError> {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*kept {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(MasterKey::find_or_make(&self.data_dir)?);
        *kept = Some(Arc::clone(&key));
        Ok(key)
    }
}

/// The text that sealed bytes are bound to.
fn bound_to(owner: Owner, version: i64) -> Aad<String> {
    Aad::from(format!("credentials/{}/{}/{version}", owner.kind, owner.id))
}

fn seal(
    key: &MasterKey,
    owner: Owner,
    version: i64,
    mut text: Vec<u8>,
) -> Result<Sealed, VaultError> {
    let mut nonce = [0; NONCE_LEN];
    random_bytes(&mut nonce).map_err(|_| VaultError::Unsealable)?;
    let once = Nonce::assume_unique_for_key(nonce);
    let sealed = key
        .aead
        .seal_in_place_append_tag(once, bound_to(owner, version), &mut text);
    sealed.map_err(|_| VaultError::Unsealable)?;
    Ok(Sealed {
        version,
        key_id: key.id.to_vec(),
        bytes: [&nonce[..], &text].concat(),
    })
}

fn open(key: &MasterKey, owner: Owner, sealed: &Sealed) -> Result<Vec<u8>, VaultError> {
    if sealed.key_id != key.id {
        return Err(VaultError::OtherKey(owner));
    }
    let broken = || VaultError::Broken(owner);
    let (nonce, text) = sealed
        .bytes
        .split_at_checked(NONCE_LEN)
        .ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let mut text = text.to_vec();
    let bound = bound_to(owner, sealed.version);
    let opened = key.aead.open_in_place(nonce, bound, &mut text);
    Ok(opened.map_err(|_| broken())?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::scratch::Scratch;

    const OWNER: Owner = Owner {
        kind: "forward",
        id: 3,
    };

    fn secrets(value: &str) -> Secrets {
        Secrets::from([("token".to_owned(), value.to_owned())])
    }

    #[test]
    fn what_is_sealed_opens_again_after_a_restart_and_is_not_readable_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new();
        let vault = Vault::of(folder.path());
        let kept = secrets("a token that nobody must read");
        assert_eq!(
            vault.read(&scratch.connection, OWNER).unwrap(),
            Secrets::new()
        );
        assert!(!folder.path().join(FILE).exists());
        vault.keep(&scratch.connection, OWNER, &kept).unwrap();
        let again = Vault::of(folder.path());
        assert_eq!(again.read(&scratch.connection, OWNER).unwrap(), kept);
        let sealed = credentials::get(&scratch.connection, OWNER)
            .unwrap()
            .unwrap();
        let shown = String::from_utf8_lossy(&sealed.bytes).into_owned();
        assert!(!shown.contains("nobody"), "{shown}");
        // The same again is other bytes, of another version.
        vault.keep(&scratch.connection, OWNER, &kept).unwrap();
        let second = credentials::get(&scratch.connection, OWNER)
            .unwrap()
            .unwrap();
        assert_eq!((sealed.version, second.version), (1, 2));
        assert_ne!(sealed.bytes, second.bytes);
    }

    #[test]
    fn what_was_moved_or_changed_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new();
        let vault = Vault::of(folder.path());
        vault
            .keep(&scratch.connection, OWNER, &secrets("one"))
            .unwrap();
        let sealed = credentials::get(&scratch.connection, OWNER)
            .unwrap()
            .unwrap();
        let other = Owner { id: 4, ..OWNER };
        let mut older = sealed.clone();
        older.version = 7;
        let mut bent = sealed.clone();
        *bent.bytes.last_mut().unwrap() ^= 1;
        let mut cut = sealed.clone();
        cut.bytes.truncate(5);
        for (owner, sealed) in [(other, sealed), (OWNER, older), (OWNER, bent), (OWNER, cut)] {
            credentials::put(&scratch.connection, owner, &sealed).unwrap();
            let opened = vault.read(&scratch.connection, owner);
            assert!(matches!(opened, Err(VaultError::Broken(_))), "{opened:?}");
        }
    }

    #[test]
    fn without_its_key_it_is_known_whose_secrets_are_lost() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let scratch = Scratch::new();
        let vault = Vault::of(here.path());
        vault
            .keep(&scratch.connection, OWNER, &secrets("one"))
            .unwrap();
        assert_eq!(
            vault.lost(&scratch.connection).unwrap(),
            Vec::<String>::new()
        );
        let elsewhere = Vault::of(there.path());
        assert_eq!(elsewhere.lost(&scratch.connection).unwrap(), ["forward 3"]);
        let opened = elsewhere.read(&scratch.connection, OWNER);
        assert!(matches!(opened, Err(VaultError::OtherKey(_))), "{opened:?}");
        let other = Owner { id: 4, ..OWNER };
        elsewhere
            .keep(&scratch.connection, other, &secrets("two"))
            .unwrap();
        assert_eq!(elsewhere.lost(&scratch.connection).unwrap(), ["forward 3"]);
        assert_eq!(vault.lost(&scratch.connection).unwrap(), ["forward 4"]);
    }

    #[test]
    fn a_key_is_hexadecimal_or_raw_and_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new();
        let file = folder.path().join(FILE);
        Vault::of(folder.path())
            .keep(&scratch.connection, OWNER, &secrets("one"))
            .unwrap();
        let digits = std::fs::read_to_string(&file).unwrap();
        assert_eq!(digits.len(), 65, "64 digits and the end of the line");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let raw: Vec<u8> = (0..32)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        std::fs::write(&file, raw).unwrap();
        let vault = Vault::of(folder.path());
        assert_eq!(
            vault.read(&scratch.connection, OWNER).unwrap(),
            secrets("one")
        );
        std::fs::write(&file, "no key").unwrap();
        let unusable = Vault::of(folder.path()).read(&scratch.connection, OWNER);
        assert!(
            matches!(unusable, Err(VaultError::NotAKey(_))),
            "{unusable:?}"
        );
    }
}
