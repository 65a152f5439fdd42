//! The files of an authority: the account, the certificate, the last failure.
//!
//! One folder for each authority, so that one for tests never mixes with another.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::issue::{AcmeError, Issued};
use crate::platform::{keep_private, make_private_folder};
use crate::text;
use crate::tls::Identity;

/// The result of the last request for a certificate.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Status {
    /// Time of its failure; `None` if it succeeded.
    pub failed_at: Option<Timestamp>,
    /// The failure in a sentence.
    pub error: Option<String>,
    /// Time of the next try.
    pub next_try: Option<Timestamp>,
}

/// The folder of one authority.
pub struct Storage {
    folder: PathBuf,
}

impl Storage {
    /// The folder of the authority with this directory address.
    pub fn new(data_dir: &Path, authority: &str) -> Self {
        Self {
            folder: folder(data_dir, authority),
        }
    }

    /// The certificate, where one is kept.
    pub fn certificate(&self) -> Result<Option<Identity>, AcmeError> {
        let Some(pem) = self.read("certificate.pem")? else {
            return Ok(None);
        };
        // One file has both, so that they always belong together.
        Ok(Some(Identity::from_pem(&pem, &pem)?))
    }

    /// Keeps a new certificate.
    pub fn keep(&self, issued: &Issued) -> Result<(), AcmeError> {
        let both = format!("{}{}", issued.key, issued.chain);
        self.write("certificate.pem", both.as_bytes())
    }

    /// The account with the authority, where there is one.
    pub fn account(&self) -> Result<Option<AccountCredentials>, AcmeError> {
        self.read_json("account.json")
    }

    /// Keeps the account.
    pub fn keep_account(&self, account: &AccountCredentials) -> Result<(), AcmeError> {
        let json = serde_json::to_vec(account).map_err(|error| AcmeError::Kept {
            path: self.folder.join("account.json").display().to_string(),
            source: error.into(),
        })?;
        self.write("account.json", &json)
    }

    /// Forgets an account that the authority does not know any more.
    pub fn forget_account(&self) {
        let _ = std::fs::remove_file(self.folder.join("account.json"));
    }

    /// Notes how it went, for `algohook doctor`.
    pub fn note(&self, status: &Status) {
        let noted = serde_json::to_vec(status)
            .map_err(io::Error::from)
            .map_err(|source| self.failed("status.json", source))
            .and_then(|json| self.write("status.json", &json));
        if let Err(error) = noted {
            tracing::debug!(%error, "how the certificate is doing could not be noted");
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, AcmeError> {
        match std::fs::read(self.folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.failed(name, source)),
        }
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, AcmeError> {
        let Some(bytes) = self.read(name)? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&bytes);
        value
            .map(Some)
            .map_err(|error| self.failed(name, error.into()))
    }

    /// Replaces a file: it is whole on disk before the one before is gone.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), AcmeError> {
        let (path, partial) = (
            self.folder.join(name),
            self.folder.join(format!("{name}.partial")),
        );
        let write = || {
            make_private_folder(&self.folder)?;
            let mut options = OpenOptions::new();
            options.create(true).write(true).truncate(true);
            keep_private(&mut options);
            let mut file = options.open(&partial)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&partial, &path)
        };
        write().map_err(|source| self.failed(name, source))
    }

    fn failed(&self, name: &str, source: io::Error) -> AcmeError {
        AcmeError::Kept {
            path: self.folder.join(name).display().to_string(),
            source,
        }
    }
}

/// The result of the last request for a certificate, of all authorities that were asked.
#[must_use]
pub fn status(data_dir: &Path) -> Option<Status> {
    let folders = std::fs::read_dir(super::directory(data_dir)).ok()?;
    let noted = folders.filter_map(|folder| {
        let file = folder.ok()?.path().join("status.json");
        let written = std::fs::metadata(&file).ok()?.modified().ok()?;
        let status = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
        Some((written, status))
    });
    noted
        .max_by_key(|(written, _)| *written)
        .map(|(_, status)| status)
}

fn folder(data_dir: &Path, authority: &str) -> PathBuf {
    let digest = Sha256::digest(authority.as_bytes());
    super::directory(data_dir).join(text::hex(&digest[..8]))
}
