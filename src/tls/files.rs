//! A certificate from two files, read again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::certificates::{CertificateError, Certificates, Identity};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What tells that a file is another one: when it was written, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

/// The two files of a certificate, and when they were read.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    read: (Stamp, Stamp),
}

/// Takes the certificate of two files, and again whenever they change, as long
/// as the returned future is polled.
///
/// # Errors
///
/// [`CertificateError`] where they cannot be used at the start. Later the one
/// that was shown before stays.
pub fn follow_files(
    certificate: &Path,
    key: &Path,
    certificates: Arc<Certificates>,
) -> Result<impl Future<Output = ()> + Send + use<>, CertificateError> {
    let mut files = Files {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        read: (stamp(certificate), stamp(key)),
    };
    certificates.replace(files.load()?);
    Ok(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            files.look(&certificates);
        }
    })
}

impl Files {
    fn load(&self) -> Result<Identity, CertificateError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| CertificateError::File {
                path: path.display().to_string(),
                source,
            })
        };
        Identity::from_pem(&read(&self.certificate)?, &read(&self.key)?)
    }

    /// Takes up files that changed. One of the two may be written before the
    /// other: until they fit, the certificate before goes on being shown.
    fn look(&mut self, certificates: &Certificates) {
        let found = (stamp(&self.certificate), stamp(&self.key));
        if found == self.read {
            return;
        }
        self.read = found;
        match self.load() {
            Ok(identity) => {
                let until = identity.not_after;
                tracing::info!(%until, names = ?identity.names, "took up the changed certificate");
                certificates.replace(identity);
            }
            Err(error) => {
                let file = self.certificate.display();
                tracing::warn!(%error, %file, "the changed certificate cannot be used; the one before is kept");
            }
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
