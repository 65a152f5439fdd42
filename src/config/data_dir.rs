//! The data directory: where it is where nobody names it, and whose it is.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ConfigError;
use crate::platform::{is_open_to_others, make_private_folder};
use crate::store::DATABASE_FILE;

/// Data directory of the Debian package's service.
pub const SERVICE_DATA_DIR: &str = "/var/lib/algohook";

/// The platform's data directory, such as `~/.local/share/algohook`.
pub(super) fn of_platform() -> Result<PathBuf, ConfigError> {
    let project =
        directories::ProjectDirs::from("", "", "algohook").ok_or(ConfigError::NoDataDir)?;
    Ok(project.data_dir().to_owned())
}

/// The data directory of a command that works on what is there: the platform's, or the
/// service's where only that one has a database. A user whose alerts a service takes would
/// else be told that there are none.
///
/// # Errors
///
/// [`ConfigError::ServiceData`] where the service's is for its own user alone.
pub fn in_use() -> Result<PathBuf, ConfigError> {
    choose(of_platform()?, Path::new(SERVICE_DATA_DIR))
}

fn choose(own: PathBuf, service: &Path) -> Result<PathBuf, ConfigError> {
    if own.join(DATABASE_FILE).exists() {
        return Ok(own);
    }
    match service.join(DATABASE_FILE).metadata() {
        Ok(_) => Ok(service.to_owned()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(ConfigError::ServiceData(service.display().to_string()))
        }
        Err(_) => Ok(own),
    }
}

/// Makes the data directory where there is none, for its owner only. One that is there
/// may be shared on purpose: it stays as it is.
///
/// # Errors
///
/// [`ConfigError::File`].
pub fn prepare_data_dir(data_dir: &Path) -> Result<(), ConfigError> {
    if data_dir.is_dir() {
        return Ok(());
    }
    make_private_folder(data_dir).map_err(|source| ConfigError::File {
        path: data_dir.display().to_string(),
        source,
    })
}

/// Warns where others can look into the data directory.
pub fn warn_of_others(data_dir: &Path) {
    if is_open_to_others(data_dir) {
        let shown = data_dir.display();
        tracing::warn!(
            "others can look into the data directory; the database itself is its owner's alone. Where nobody \
             else needs the directory: chmod 700 {shown}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_data_is_found_where_there_is_none_of_ones_own() {
        let work = tempfile::tempdir().unwrap();
        let (own, service) = (work.path().join("own"), work.path().join("service"));
        let chosen = || choose(own.clone(), &service).unwrap();
        assert_eq!(chosen(), own);
        prepare_data_dir(&service).unwrap();
        std::fs::write(service.join(DATABASE_FILE), "").unwrap();
        assert_eq!(chosen(), service);
        prepare_data_dir(&own).unwrap();
        std::fs::write(own.join(DATABASE_FILE), "").unwrap();
        assert_eq!(chosen(), own);
    }
}
