//! The report: what was measured, beside what is promised.

use std::fmt::{self, Formatter};
use std::time::Duration;

use super::client::Load;
use super::fixture::WEBHOOKS;
use super::footprint::{Footprint, MANY_EVENTS};
use super::servers::Kind;

/// The fsync from which on sharing it has to pay tenfold.
const SLOW_FSYNC: Duration = Duration::from_millis(1);

/// Connections that the ratios are taken at.
const COMPARED: usize = 64;

/// A load on a server.
pub struct Case {
    /// The server.
    pub kind: Kind,
    /// Connections that sent at once.
    pub connections: usize,
    /// What it answered.
    pub load: Load,
    /// What it cost the server, the warm-up included.
    pub processor_time: Duration,
}

impl Case {
    /// The latency that `hundredths` of all answers did not exceed (nearest rank).
    fn percentile(&self, hundredths: usize) -> Duration {
        let latencies = &self.load.latencies;
        let rank = (latencies.len() * hundredths).div_ceil(100);
        latencies
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    fn deliveries_a_second(&self, measured: Duration) -> f64 {
        count(self.load.latencies.len()) / measured.as_secs_f64()
    }

    fn processor_time_a_delivery(&self) -> Duration {
        let accepted = u32::try_from(self.load.accepted).unwrap_or(u32::MAX);
        self.processor_time / accepted.max(1)
    }
}

/// All that was measured.
pub struct Report {
    /// How long each case was measured.
    pub measured: Duration,
    /// The cases in the order they ran.
    pub cases: Vec<Case>,
    /// Orders in the durable server's database after it was killed.
    pub stored: u64,
    /// Disk, memory and start.
    pub footprint: Footprint,
}

/// A promise beside what was measured.
struct Aim {
    what: String,
    measured: String,
    wanted: &'static str,
    verdict: &'static str,
}

impl Report {
    /// How many times as many deliveries the durable server takes as another.
    fn ratio_to(&self, other: Kind) -> f64 {
        let deliveries = |kind| {
            let case = |case: &&Case| case.kind == kind && case.connections == COMPARED;
            let found = self.cases.iter().find(case);
            found.map_or(f64::NAN, |case| case.deliveries_a_second(self.measured))
        };
        deliveries(Kind::Durable) / deliveries(other)
    }

    fn slowest_p99(&self) -> Duration {
        let durable = self.cases.iter().filter(|case| case.kind == Kind::Durable);
        let slowest = durable.map(|case| case.percentile(99)).max();
        slowest.unwrap_or_default()
    }

    fn aims(&self) -> Vec<Aim> {
        let footprint = &self.footprint;
        let to_not_storing = self.ratio_to(Kind::NotStoring);
        let to_one_by_one = self.ratio_to(Kind::OneByOne);
        let to_bare_hyper = self.ratio_to(Kind::BareHyper);
        let ratio_verdict = if footprint.fsync < SLOW_FSYNC {
            "not asked of a disk this fast"
        } else {
            verdict(to_one_by_one >= 10.0)
        };
        vec![
            Aim {
                what: format!("durable / not-storing, {COMPARED} connections"),
                measured: format!("{:.0} %", to_not_storing * 100.0),
                wanted: "at least 60 %",
                verdict: verdict(to_not_storing >= 0.6),
            },
            Aim {
                what: format!("durable / one-by-one, {COMPARED} connections"),
                measured: format!("{to_one_by_one:.1} x"),
                wanted: "at least 10 x where an fsync takes 1 ms",
                verdict: ratio_verdict,
            },
            Aim {
                what: format!("durable / bare-hyper, {COMPARED} connections"),
                measured: format!("{:.0} %", to_bare_hyper * 100.0),
                wanted: "at least 25 %",
                verdict: verdict(to_bare_hyper >= 0.25),
            },
            Aim {
                what: "slowest p99 of durable".to_owned(),
                measured: format!("{:.1} ms", milliseconds(self.slowest_p99())),
                wanted: "under 250 ms",
                verdict: verdict(self.slowest_p99() < Duration::from_millis(250)),
            },
            Aim {
                what: "memory, idle".to_owned(),
                measured: format!("{:.1} MB", megabytes(footprint.idle_memory)),
                wanted: "under 20 MB",
                verdict: verdict(megabytes(footprint.idle_memory) < 20.0),
            },
            Aim {
                what: "memory, peak of all loads".to_owned(),
                measured: format!("{:.1} MB", megabytes(footprint.peak_memory)),
                wanted: "at most 64 MB",
                verdict: verdict(megabytes(footprint.peak_memory) <= 64.0),
            },
            Aim {
                what: format!("start on {MANY_EVENTS} events, files cached"),
                measured: format!("{:.0} ms", milliseconds(footprint.start_time)),
                wanted: "under 100 ms",
                verdict: verdict(footprint.start_time < Duration::from_millis(100)),
            },
            Aim {
                what: "size of the binary".to_owned(),
                measured: format!("{:.1} MB", megabytes(footprint.binary_size)),
                wanted: "none",
                verdict: "",
            },
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        writeln!(
            formatter,
            "\nDeliveries over {WEBHOOKS} webhooks, {} s each; the client shares {cores} cores with the server\n\
             and sends the next alert of a connection when the answer to the last has come.\n\
             Writing 4 KB and fsync: {:.3} ms (median).\n",
            self.measured.as_secs(),
            milliseconds(self.footprint.fsync),
        )?;
        writeln!(
            formatter,
            "connections  server       deliveries/s    p50 ms    p99 ms  server's processor time each"
        )?;
        for case in &self.cases {
            writeln!(
                formatter,
                "{:>11}  {:<11} {:>13.0} {:>9.2} {:>9.2} {:>24} us",
                case.connections,
                case.kind,
                case.deliveries_a_second(self.measured),
                milliseconds(case.percentile(50)),
                milliseconds(case.percentile(99)),
                case.processor_time_a_delivery().as_micros(),
            )?;
        }
        writeln!(
            formatter,
            "\nEvery answer was a 200. The durable server was killed; its database has all {} orders.\n",
            self.stored
        )?;
        for aim in self.aims() {
            writeln!(
                formatter,
                "{:<38} {:>9}   aim: {:<40} {}",
                aim.what, aim.measured, aim.wanted, aim.verdict
            )?;
        }
        Ok(())
    }
}

fn verdict(is_kept: bool) -> &'static str {
    if is_kept { "kept" } else { "MISSED" }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn megabytes(bytes: u64) -> f64 {
    count(usize::try_from(bytes).unwrap_or(usize::MAX)) / 1_000_000.0
}

/// A count as a number to divide; exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "nothing here is counted beyond 2^53"
)]
fn count(of: usize) -> f64 {
    of as f64
}
