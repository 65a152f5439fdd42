//! Deliveries a second of the real binary, over real HTTP, beside two servers
//! that differ only in how they record: one stores nothing, one commits every
//! alert in a transaction of its own; and beside hyper alone. Also what the binary
//! needs of disk, memory and time to start.
//!
//!     cargo bench --bench load
//!
//! `ALGOHOOK_BENCH_SECONDS` sets how long each case is measured. Needs Linux,
//! for its `/proc`. The executable starts itself again as the other servers,
//! so that each has a process of its own as the binary has.

mod alerts;
mod baselines;
mod client;
mod fixture;
mod footprint;
mod report;
mod servers;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use alerts::Alerts;
use client::Times;
use footprint::Footprint;
use report::{Case, Report};
use servers::{Kind, Server};

/// Connections that send at once, one case each.
const CONNECTIONS: [usize; 3] = [1, 64, 512];

/// Time that each case runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// Seconds that each case is measured when nothing else is said.
const MEASURED_SECONDS: u64 = 5;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, kind, data_dir] = arguments.as_slice()
        && first == baselines::COMMAND
    {
        return baselines::serve(Kind::named(kind)?, Path::new(data_dir));
    }
    // `cargo test --all-targets` runs this too, and wants it to be quick.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured except by `cargo bench`");
        return Ok(());
    }
    let report = measure(measured_time()?)?;
    print!("{report}");
    Ok(())
}

fn measured_time() -> anyhow::Result<Duration> {
    let seconds = match std::env::var("ALGOHOOK_BENCH_SECONDS") {
        Ok(text) => text.parse().unwrap_or(0),
        Err(_) => MEASURED_SECONDS,
    };
    ensure!(
        (1..=600).contains(&seconds),
        "ALGOHOOK_BENCH_SECONDS must be a number of seconds from 1 to 600"
    );
    Ok(Duration::from_secs(seconds))
}

fn measure(measured: Duration) -> anyhow::Result<Report> {
    // Beside the build and not in /tmp, which may be memory.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let original = directory.path().join("original");
    let alerts = Arc::new(Alerts::to(fixture::create_webhooks(&original)?));
    let fsync = footprint::fsync_time(directory.path())?;

    let servers = start_servers(directory.path(), &original)?;
    std::thread::sleep(footprint::SETTLED_AFTER);
    let idle_memory = footprint::memory(durable(&servers)?, "VmRSS")?;
    let cases = run_cases(&servers, &alerts, measured)?;
    let peak_memory = footprint::memory(durable(&servers)?, "VmHWM")?;
    let stored = kill_and_count(servers, &cases)?;

    eprintln!("starting on {} events ...", footprint::MANY_EVENTS);
    let start_time = footprint::start_time(&original)?;
    Ok(Report {
        measured,
        cases,
        stored,
        footprint: Footprint {
            fsync,
            binary_size: footprint::binary_size()?,
            idle_memory,
            peak_memory,
            start_time,
        },
    })
}

/// One server of each kind, on a data directory of its own with the same webhooks.
fn start_servers(directory: &Path, original: &Path) -> anyhow::Result<Vec<Server>> {
    let mut servers = Vec::new();
    for kind in Kind::ALL {
        let data_dir = directory.join(kind.as_str());
        fixture::copy(original, &data_dir)?;
        servers.push(Server::start(kind, &data_dir)?);
    }
    Ok(servers)
}

fn durable(servers: &[Server]) -> anyhow::Result<&Server> {
    let durable = servers.iter().find(|server| server.kind == Kind::Durable);
    durable.context("there is no durable server")
}

/// The kinds take turns, so that what disturbs the machine disturbs all of them.
fn run_cases(
    servers: &[Server],
    alerts: &Arc<Alerts>,
    measured: Duration,
) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for connections in CONNECTIONS {
        for server in servers {
            let case = format!("{}, connections: {connections}", server.kind);
            eprintln!("{case} ...");
            let before = footprint::processor_time(server)?;
            let times = Times::from_now(WARM_UP, measured);
            let load = client::run(server.address, alerts, connections, times).context(case)?;
            let after = footprint::processor_time(server)?;
            cases.push(Case {
                kind: server.kind,
                connections,
                load,
                processor_time: after.saturating_sub(before),
            });
        }
    }
    Ok(cases)
}

/// Kills the servers without warning, and counts what the durable one kept:
/// every alert that was answered, and nothing else.
fn kill_and_count(servers: Vec<Server>, cases: &[Case]) -> anyhow::Result<u64> {
    let data_dirs: Vec<(Kind, PathBuf)> = servers
        .iter()
        .map(|server| (server.kind, server.data_dir.clone()))
        .collect();
    drop(servers);
    let mut kept = 0;
    for (kind, data_dir) in data_dirs {
        let of_kind = cases.iter().filter(|case| case.kind == kind);
        let answered: u64 = of_kind.map(|case| case.load.accepted).sum();
        let stored = fixture::count_orders(&data_dir)?;
        let expected = if kind.stores() { answered } else { 0 };
        ensure!(
            stored == expected,
            "{kind}: {answered} alerts got a 200 and {stored} are in the database"
        );
        if kind == Kind::Durable {
            kept = stored;
        }
    }
    Ok(kept)
}
