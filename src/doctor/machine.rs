//! The machine: clock, disk, and what the system allows the server.

use std::path::Path;

use jiff::Timestamp;

use super::Finding;
use crate::platform::free_bytes;
use crate::server::lock::RunningServer;

/// Files that the server opens beside the connections of those who come to it: its own, and one
/// for each of the receivers that are sent to at once.
const OTHER_FILES: u64 = 64 + 256;

/// Free bytes below which an alert may soon not be stored, and those to take notice of.
const TOO_LITTLE: u64 = 64 * 1024 * 1024;
const LITTLE: u64 = 512 * 1024 * 1024;

/// 2026-01-01: this program is younger.
const OLDEST: i64 = 1_767_225_600;

/// 2100-01-01.
const LATEST: i64 = 4_102_444_800;

/// Checks whether the clock can be right.
pub fn clock() -> Finding {
    const CHECK: &str = "clock";
    let now = Timestamp::now();
    if (OLDEST..LATEST).contains(&now.as_second()) {
        return Finding::good(CHECK, format!("{now:.0}"));
    }
    Finding::bad(
        CHECK,
        format!("it says {now:.0}, which cannot be"),
        "set it: timedatectl set-ntp true; certificates and the order of alerts depend on it",
    )
}

/// Checks whether there is room for alerts.
pub fn disk(data_dir: &Path) -> Finding {
    const CHECK: &str = "disk";
    let free = match free_bytes(data_dir) {
        Ok(Some(free)) => free,
        Ok(None) => return Finding::good(CHECK, "the system does not tell what is free"),
        Err(error) => {
            return Finding::bad(
                CHECK,
                format!("{}: {error}", data_dir.display()),
                "name the data directory with --data-dir, and run this as the user that the server runs as",
            );
        }
    };
    let found = format!("{} MiB free in {}", free >> 20, data_dir.display());
    let next = "make room: an alert that cannot be stored is answered with 503";
    match free {
        ..TOO_LITTLE => Finding::bad(CHECK, found, next),
        TOO_LITTLE..LITTLE => Finding::notice(CHECK, found, next),
        _ => Finding::good(CHECK, found),
    }
}

/// Checks whether the system lets the server open as many connections as it may have.
pub fn open_files(running: &RunningServer) -> Finding {
    const CHECK: &str = "open files";
    let Some(limit) = limit_of(running.pid) else {
        return Finding::good(CHECK, "the system does not tell its limit");
    };
    let wanted = running.most_connections + OTHER_FILES;
    if limit >= wanted {
        return Finding::good(CHECK, format!("{limit} allowed, {wanted} needed at most"));
    }
    Finding::notice(
        CHECK,
        format!("{limit} allowed, {wanted} needed where all connections are in use"),
        "LimitNOFILE=8192 in the systemd unit, or a smaller --max-connections",
    )
}

/// The soft limit of open files of a process.
fn limit_of(pid: u32) -> Option<u64> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}
