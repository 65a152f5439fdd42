//! The few things that operating systems do differently: permissions, free room, the
//! identity of a file, the wish to stop, the size of a socket's buffer.
//!
//! Everything Unix-only is here, behind `cfg`, so that the rest builds for Windows as it is.
//! What Windows lacks is left out where nothing is lost by it: its files are their owner's
//! through the folder of the user, and a file that is open there cannot be replaced.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

/// The identity of a file, which another one in its place does not have.
pub type FileId = (u64, u64);

/// Makes a file that is created with these options its owner's alone.
pub fn keep_private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// Makes a folder with those that it stands in, where it is not there, for its owner alone.
///
/// # Errors
///
/// The operating system's.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes a folder among the temporary files, for its owner alone; it is removed when dropped.
///
/// # Errors
///
/// The operating system's.
pub fn private_temporary_folder(prefix: &str) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    #[cfg(unix)]
    builder.permissions(private);
    builder.tempdir()
}

/// Says whether others than its owner may look into a folder.
#[must_use]
pub fn is_open_to_others(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        let there = std::fs::metadata(folder);
        there.is_ok_and(|there| std::os::unix::fs::MetadataExt::mode(&there) & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        false
    }
}

/// The time since the machine was started, its sleep included; none where the system does not
/// tell.
#[must_use]
pub fn since_boot() -> Option<Duration> {
    #[cfg(target_os = "linux")]
    {
        let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(since.tv_sec).ok()?;
        Some(Duration::new(seconds, u32::try_from(since.tv_nsec).ok()?))
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Says whether the process runs in a container, whose addresses are no machine's.
#[must_use]
pub fn is_in_container() -> bool {
    let is_named = std::env::var_os("container").is_some_and(|kind| !kind.is_empty());
    is_named
        || ["/.dockerenv", "/run/.containerenv"]
            .iter()
            .any(|mark| Path::new(mark).exists())
}

/// The identity of the file at a path, if there is one.
#[must_use]
pub fn file_at(path: &Path) -> Option<FileId> {
    let file = path.metadata().ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((file.dev(), file.ino()))
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::MetadataExt;
        Some((file.creation_time(), 0))
    }
}

/// Bytes of a file system.
#[derive(Debug, Clone, Copy)]
pub struct Disk {
    /// All of them.
    pub size: u64,
    /// Those that may still be written.
    pub free: u64,
}

/// The file system of a folder; `None` where the system does not tell.
///
/// # Errors
///
/// The operating system's, where the folder cannot be looked at.
pub fn disk(folder: &Path) -> io::Result<Option<Disk>> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(folder)?;
        Ok(Some(Disk {
            size: disk.f_blocks.saturating_mul(disk.f_frsize),
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
        }))
    }
    #[cfg(not(unix))]
    {
        folder.metadata().map(|_| None)
    }
}

/// Bytes that may still be written to the file system of a folder; `None` where the system
/// does not tell.
///
/// # Errors
///
/// The operating system's, where the folder cannot be looked at.
pub fn free_bytes(folder: &Path) -> io::Result<Option<u64>> {
    Ok(disk(folder)?.map(|disk| disk.free))
}

/// Takes room on the disk for a new file of a size. Zeros are written where the file system
/// promises no room.
///
/// # Errors
///
/// The operating system's, where there is no room above all.
pub fn take_room(file: &File, size: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, size).is_ok() {
        return Ok(());
    }
    let mut zeros = io::Read::take(io::repeat(0), size);
    let mut file = file;
    io::copy(&mut zeros, &mut file).map(drop)
}

/// Writes bytes at a place of a file, wherever it is read or written besides.
///
/// # Errors
///
/// The operating system's.
pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
    }
    #[cfg(windows)]
    {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if written == bytes.len() {
            return Ok(());
        }
        Err(io::ErrorKind::WriteZero.into())
    }
}

/// Reads bytes at a place of a file, wherever it is read or written besides.
///
/// # Errors
///
/// The operating system's.
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_at(file, buffer, offset)
    }
    #[cfg(windows)]
    {
        std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
    }
}

/// Makes sure that a new name in a folder is on disk. Windows has no such call, and its
/// file system keeps a log of names.
///
/// # Errors
///
/// The operating system's.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// Limits how much of an answer the system takes before the other side reads it.
pub fn limit_send_buffer(tcp: &tokio::net::TcpStream, bytes: usize) {
    #[cfg(unix)]
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(tcp, bytes);
    #[cfg(not(unix))]
    let _ = (tcp, bytes);
}

/// Ends when the process is asked to stop: by SIGTERM or SIGINT, on Windows by Ctrl-C or
/// the end of its console.
///
/// The handlers stand when this returns, so a signal that comes while the
/// server still starts is not lost.
///
/// # Errors
///
/// The operating system's, where it takes no signal handler.
pub fn stop_requested() -> io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    let (mut terminate, mut interrupt) = {
        use tokio::signal::unix::{SignalKind, signal};
        (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        )
    };
    #[cfg(windows)]
    let (mut terminate, mut interrupt) = {
        use tokio::signal::windows::{ctrl_c, ctrl_close};
        (ctrl_close()?, ctrl_c()?)
    };
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
        }
    })
}
