//! One server for one data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::config::Retention;
use crate::platform::keep_private;

const LOCK_FILE: &str = "serve.lock";

/// File in which the server says how it is reached: in the lock itself, but for Windows, where
/// nobody reads a file that another process has locked.
const ANNOUNCED_IN: &str = if cfg!(windows) {
    "serve.json"
} else {
    LOCK_FILE
};

/// Time that a server waits for others to have looked at the lock: [`running_server`]
/// has it for a moment, and must not keep a server from starting.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(5);

/// The server that runs on a data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// Its process id.
    pub pid: u32,
    /// Address of its local listener.
    pub url: String,
    /// Address of the page.
    #[serde(default)]
    pub page_url: Option<String>,
    /// Address that alerts are sent to from outside, where it was told one.
    pub public_url: Option<String>,
    /// Address of its HTTPS listener for alerts, if any.
    #[serde(default)]
    pub https_listener: Option<SocketAddr>,
    /// Address of its plain HTTP listener for those from outside, if any.
    #[serde(default)]
    pub http_listener: Option<SocketAddr>,
    /// True if it trusts a proxy in front of it.
    #[serde(default)]
    pub has_proxy: bool,
    /// True if it shows made-up alerts.
    #[serde(default)]
    pub is_demo: bool,
    /// Connections that may be open at once, on all listeners together.
    #[serde(default)]
    pub most_connections: u64,
    /// The limits of what it keeps.
    #[serde(default)]
    pub retention: Retention,
    /// Folder of its backups.
    #[serde(default)]
    pub backup_folder: Option<PathBuf>,
    /// Hours from one backup to the next, where it takes any.
    #[serde(default)]
    pub backup_hours: Option<u64>,
    /// The other algohook whose alerts it records, where it does.
    #[serde(default)]
    pub upstream: Option<String>,
    /// True if the service manager hands it the key that secrets are sealed with.
    #[serde(default)]
    pub has_credential: bool,
}

/// Reason that a data directory was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server has it.
    #[error(
        "another algohook server runs on this data directory ({0}); stop it first, or give this one another --data-dir"
    )]
    Taken(String),
    /// The lock file cannot be used.
    #[error("cannot use the lock file {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
}

/// The right to serve a data directory; given up when dropped, or when the process ends in any way.
#[derive(Debug)]
pub struct DataDirLock {
    file: File,
    announced_in: PathBuf,
}

impl DataDirLock {
    /// Takes a data directory.
    ///
    /// # Errors
    ///
    /// [`LockError::Taken`] where another server has it.
    pub fn acquire(data_dir: &Path) -> Result<Self, LockError> {
        let path = data_dir.join(LOCK_FILE);
        let failed = |source| LockError::File {
            path: path.display().to_string(),
            source,
        };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        keep_private(&mut options);
        let file = options.open(&path).map_err(failed)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    let announced_in = data_dir.join(ANNOUNCED_IN);
                    return Ok(Self { file, announced_in });
                }
                Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(LockError::Taken(describe(data_dir))),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Tells other processes where this server listens.
    ///
    /// # Errors
    ///
    /// [`LockError::File`].
    pub fn announce(&mut self, server: &RunningServer) -> Result<(), LockError> {
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            serde_json::to_writer(&mut *file, server)?;
            file.flush()
        };
        let written = if cfg!(windows) {
            File::create(&self.announced_in).and_then(|mut file| write(&mut file))
        } else {
            write(&mut self.file)
        };
        written.map_err(|source| LockError::File {
            path: self.announced_in.display().to_string(),
            source,
        })
    }
}

/// The server that runs on a data directory, where there is one.
#[must_use]
pub fn running_server(data_dir: &Path) -> Option<RunningServer> {
    let file = OpenOptions::new()
        .read(true)
        .open(data_dir.join(LOCK_FILE))
        .ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => announced(data_dir),
        _ => None,
    }
}

fn describe(data_dir: &Path) -> String {
    announced(data_dir).map_or_else(
        || "it is still starting".to_owned(),
        |server| format!("process {} at {}", server.pid, server.url),
    )
}

fn announced(data_dir: &Path) -> Option<RunningServer> {
    let text = std::fs::read_to_string(data_dir.join(ANNOUNCED_IN)).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn one_who_looks_whether_a_server_runs_keeps_none_from_starting() {
        let directory = tempfile::tempdir().unwrap();
        let looking = File::create(directory.path().join(LOCK_FILE)).unwrap();
        looking.try_lock_shared().unwrap();
        let (look_on, ends) = mpsc::channel::<()>();
        let looker = thread::spawn(move || {
            // For as long as it takes the server to find the lock held.
            let _ = ends.recv_timeout(PAUSE * 4);
            drop(looking);
        });
        DataDirLock::acquire(directory.path()).unwrap();
        drop(look_on);
        looker.join().unwrap();
    }

    #[test]
    fn a_second_server_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let _first = DataDirLock::acquire(directory.path()).unwrap();
        let refused = DataDirLock::acquire(directory.path());
        assert!(matches!(refused, Err(LockError::Taken(_))), "{refused:?}");
    }
}
