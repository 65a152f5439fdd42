//! What the binary needs: disk, memory, time to start; and what the disk needs
//! for an fsync.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::fixture;
use super::servers::{Kind, Server};

/// Events in the database that the start is measured on.
pub const MANY_EVENTS: usize = 1_000_000;

/// How long a server has been up when it counts as idle.
pub const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Writes that the time of an fsync is the median of.
const FSYNCS: usize = 200;

/// Starts that the time of a start is the median of.
const STARTS: usize = 5;

/// Ticks a second in which Linux tells processor time, on every processor we build for.
const TICKS: f64 = 100.0;

/// What was measured beside the load.
pub struct Footprint {
    /// Writing 4 KB and waiting until they are on disk.
    pub fsync: Duration,
    /// Bytes of the binary.
    pub binary_size: u64,
    /// Resident bytes before the load.
    pub idle_memory: u64,
    /// Most resident bytes during the load.
    pub peak_memory: u64,
    /// From the start of the process to the first answer, on [`MANY_EVENTS`].
    pub start_time: Duration,
}

/// The time to write 4 KB and wait until they are on disk.
pub fn fsync_time(directory: &Path) -> anyhow::Result<Duration> {
    let mut file = File::create(directory.join("fsync"))?;
    let mut times = Vec::with_capacity(FSYNCS);
    for _ in 0..FSYNCS {
        let begun = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    Ok(median(times))
}

/// The size of the binary in bytes.
pub fn binary_size() -> anyhow::Result<u64> {
    Ok(fs::metadata(env!("CARGO_BIN_EXE_algohook"))?.len())
}

/// A figure of a server's memory in bytes: `VmRSS` now, or `VmHWM` at most so far.
pub fn memory(server: &Server, name: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process_id()))?;
    let kilobytes = status
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| *found == name)
        .and_then(|(_, value)| value.trim().strip_suffix(" kB"))
        .with_context(|| format!("/proc tells no {name}"))?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}

/// The time that processors have worked for a server.
pub fn processor_time(server: &Server) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.process_id()))?;
    // The name before the last parenthesis may contain spaces; user and system
    // time are the 12th and 13th fields after it.
    let (_, fields) = stat
        .rsplit_once(')')
        .context("/proc tells no processor time")?;
    let mut ticks = 0.0;
    for field in fields.split_whitespace().skip(11).take(2) {
        ticks += field.parse::<f64>()?;
    }
    Ok(Duration::from_secs_f64(ticks / TICKS))
}

/// The time from starting the binary to its first answer on [`MANY_EVENTS`],
/// which are added to a data directory that no process uses.
pub fn start_time(data_dir: &Path) -> anyhow::Result<Duration> {
    fixture::add_events(data_dir, MANY_EVENTS)?;
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let begun = Instant::now();
        let server = Server::start(Kind::Durable, data_dir)?;
        server.check_health()?;
        times.push(begun.elapsed());
    }
    Ok(median(times))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
