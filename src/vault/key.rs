//! The master key: where it is, and how it is made.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use sha2::{Digest, Sha256};

use super::VaultError;
use crate::secrets::random_bytes;
use crate::text::hex;

/// Name of the key's file in the data directory.
pub const FILE: &str = "master.key";

/// Name of the credential that systemd hands over instead.
const CREDENTIAL: &str = "algohook-master";

/// Bytes of a key.
const LENGTH: usize = 32;

/// Bytes of its name.
const ID_LENGTH: usize = 8;

/// The key that secrets are sealed with, and its name. Its `Debug` form hides it.
pub struct MasterKey {
    /// Seals and opens.
    pub(super) aead: LessSafeKey,
    /// Its name, which tells nothing of it.
    pub(super) id: [u8; ID_LENGTH],
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MasterKey(***)")
    }
}

/// The file of the key that the service manager hands over.
fn credential() -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(PathBuf::from(folder).join(CREDENTIAL))
}

/// Reports whether the service manager hands a key to this process.
#[must_use]
pub fn has_credential() -> bool {
    credential().is_some_and(|path| path.exists())
}

impl MasterKey {
    fn of(bytes: &[u8; LENGTH]) -> Result<Self, VaultError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| VaultError::Unsealable)?;
        let name = Sha256::new()
            .chain_update("algohook master key")
            .chain_update(bytes)
            .finalize();
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(&name[..ID_LENGTH]);
        Ok(Self {
            aead: LessSafeKey::new(key),
            id,
        })
    }

    /// The key of systemd, else that of the data directory, where there is one.
    pub(super) fn find(data_dir: &Path) -> Result<Option<Self>, VaultError> {
        for path in credential().into_iter().chain([data_dir.join(FILE)]) {
            match std::fs::read(&path) {
                Ok(content) => return Self::of(&read(&content, &path)?).map(Some),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => return Err(VaultError::File { path, source }),
            }
        }
        Ok(None)
    }

    /// The key that there is, else a new one, which is put into the data directory for its
    /// owner alone.
    pub(super) fn find_or_make(data_dir: &Path) -> Result<Self, VaultError> {
        if let Some(key) = Self::find(data_dir)? {
            return Ok(key);
        }
        let mut bytes = [0; LENGTH];
        random_bytes(&mut bytes).map_err(|_| VaultError::Unsealable)?;
        let path = data_dir.join(FILE);
        match write(data_dir, &path, &bytes) {
            Ok(()) => Self::of(&bytes),
            // Another process was faster: there is one key, and it is that one's.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Self::find(data_dir)?.ok_or(VaultError::File {
                    path,
                    source: error,
                })
            }
            Err(source) => Err(VaultError::File { path, source }),
        }
    }
}

/// Writes a new key to a file that is whole and its owner's alone before it has its name.
fn write(data_dir: &Path, path: &Path, bytes: &[u8; LENGTH]) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(data_dir)?;
    writeln!(file, "{}", hex(bytes))?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Reads a key: 64 hexadecimal digits, or 32 bytes as they are.
fn read(content: &[u8], path: &Path) -> Result<[u8; LENGTH], VaultError> {
    let unreadable = || VaultError::NotAKey(path.to_owned());
    if let Ok(bytes) = content.try_into() {
        return Ok(bytes);
    }
    let digits = content.trim_ascii();
    if digits.len() != 2 * LENGTH {
        return Err(unreadable());
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| unreadable())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| unreadable())?;
    }
    Ok(bytes)
}
