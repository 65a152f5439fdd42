//! The background tasks of a running server, by what it counts of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Finding;

/// A failure is spoken of for so long.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// Counted of one task.
#[derive(Debug, Default)]
struct Worker {
    is_up: bool,
    restarts: u64,
    /// Seconds since 1970.
    failed_at: i64,
}

/// Judges the tasks that `/metrics` speaks of.
pub fn judge(metrics: &str, now: Timestamp) -> Finding {
    const CHECK: &str = "background tasks";
    const NEXT: &str = "its log says why, at \"a background task failed\"; please report a panic";
    let workers = counted(metrics);
    let was_lately = |worker: &Worker| {
        let failed_at = Timestamp::from_second(worker.failed_at).unwrap_or_default();
        worker.restarts > 0 && (worker.failed_at == 0 || now - RECENT < failed_at)
    };
    let failed: Vec<String> = workers
        .iter()
        .filter(|(_, worker)| was_lately(worker))
        .map(|(name, worker)| {
            let state = if worker.is_up { "" } else { ", is down now" };
            format!("{name} (restarts: {}{state})", worker.restarts)
        })
        .collect();
    if failed.is_empty() {
        return Finding::good(CHECK, format!("{} run", workers.len()));
    }
    let found = format!("failed and were run again: {}", failed.join(", "));
    Finding::notice(CHECK, found, NEXT)
}

fn counted(metrics: &str) -> BTreeMap<&str, Worker> {
    let mut workers = BTreeMap::<&str, Worker>::new();
    for line in metrics.lines() {
        let Some((name, label)) = line.split_once("{worker=\"") else {
            continue;
        };
        let Some((worker, value)) = label.split_once("\"} ") else {
            continue;
        };
        let worker = workers.entry(worker).or_default();
        match name {
            "algohook_worker_up" => worker.is_up = value == "1",
            "algohook_worker_restarts_total" => worker.restarts = value.parse().unwrap_or(0),
            "algohook_worker_failed_at_seconds" => worker.failed_at = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    workers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::metrics::Metrics;

    #[test]
    fn a_task_that_failed_within_a_day_is_named_with_its_state() {
        let metrics = Metrics::default();
        metrics.worker_up("changes").set(1);
        let now = Timestamp::from_second(2_000_000_000).unwrap();
        let judged = || judge(&metrics.encode().unwrap(), now);
        assert_eq!(judged().verdict, Verdict::Good);
        metrics.worker_restarts("backups").inc_by(3);
        metrics
            .worker_failed_at("backups")
            .set(now.as_second() - 60);
        let finding = judged();
        assert_eq!(finding.verdict, Verdict::Notice);
        assert!(
            finding.found.contains("backups (restarts: 3, is down now)"),
            "{finding:?}"
        );
        metrics.worker_up("backups").set(1);
        assert!(judged().found.ends_with("backups (restarts: 3)"));
        metrics
            .worker_failed_at("backups")
            .set(now.as_second() - 90_000);
        assert_eq!(judged().verdict, Verdict::Good);
    }
}
