//! A certificate from two files, read again when they change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::workers::Outcome;

use super::certificates::{CertificateError, Certificates, Identity};

/// Interval between looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The stamp of a file: its time and its length.
type Stamp = Option<(SystemTime, u64)>;

/// The two files of a certificate, and when they were read.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// Their stamps when they were taken up.
    taken_up: (Stamp, Stamp),
    /// Their stamps when they could not be used, and that was said.
    unusable: Option<(Stamp, Stamp)>,
}

/// The two files of the certificate that is shown; taken up again whenever they change.
pub struct FollowedFiles(Mutex<Files>);

impl FollowedFiles {
    /// Takes up the certificate of two files.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] where they cannot be used.
    pub fn take_up(
        certificate: &Path,
        key: &Path,
        certificates: &Certificates,
    ) -> Result<Self, CertificateError> {
        let files = Files {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            taken_up: (stamp(certificate), stamp(key)),
            unusable: None,
        };
        certificates.replace(files.load()?);
        Ok(Self(Mutex::new(files)))
    }

    /// Takes them up again when they change, for as long as it is polled; where they cannot
    /// be used the certificate that was shown before stays.
    pub async fn follow(self: Arc<Self>, certificates: Arc<Certificates>) -> Outcome {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // What a panic left behind is at worst a file that is read once more.
            let files = self.0.lock();
            files
                .unwrap_or_else(PoisonError::into_inner)
                .look(&certificates);
        }
    }
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
    /// other: until they fit, the certificate before goes on being shown, and they are
    /// looked at again, for no stamp tells that they may be read now.
    fn look(&mut self, certificates: &Certificates) {
        let found = (stamp(&self.certificate), stamp(&self.key));
        if found == self.taken_up {
            return;
        }
        match self.load() {
            Ok(identity) => {
                (self.taken_up, self.unusable) = (found, None);
                let until = identity.not_after;
                tracing::info!(%until, names = ?identity.names, "took up the changed certificate");
                certificates.replace(identity);
            }
            Err(_) if self.unusable == Some(found) => {}
            Err(error) => {
                self.unusable = Some(found);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::tls::challenges::Challenges;

    /// A certificate and its key as PEM, with a day of its own.
    fn pair(year: i32) -> (String, String) {
        let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn files_are_taken_up_once_they_can_be_used_whatever_their_stamps_say() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("cert"), directory.path().join("key"));
        let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
        let ((old, old_key), (new, new_key)) = (pair(2090), pair(2091));
        write(&certificate, &old);
        write(&key, &old_key);
        let metrics = Arc::new(Metrics::default());
        let certificates = Certificates::new(Arc::new(Challenges::default()), metrics);
        let mut files = Files {
            certificate: certificate.clone(),
            key: key.clone(),
            taken_up: (None, None),
            unusable: None,
        };
        let year = |certificates: &Certificates| {
            let current = certificates.current().unwrap();
            current.not_after.strftime("%Y").to_string()
        };
        files.look(&certificates);
        assert_eq!(year(&certificates), "2090");
        // As with a key that may not be read yet: one that does not fit, with the same stamp.
        write(&certificate, &new);
        let written = std::fs::metadata(&key).unwrap().modified().unwrap();
        files.look(&certificates);
        assert_eq!(year(&certificates), "2090");
        assert_eq!(new_key.len(), old_key.len());
        write(&key, &new_key);
        let file = std::fs::File::options().write(true).open(&key).unwrap();
        file.set_modified(written).unwrap();
        files.look(&certificates);
        assert_eq!(year(&certificates), "2091");
    }
}
