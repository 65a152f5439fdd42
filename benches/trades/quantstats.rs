//! `QuantStats` on the trades that the server exported.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// Trades that its metrics are measured on.
pub const TRADES: usize = 100_000;

/// The best time of its full metrics, its own preparation of daily returns included.
pub fn measure(exported: &Path) -> anyhow::Result<Duration> {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/run.sh");
    let output = Command::new(script)
        .arg("--bench")
        .arg(&environment)
        .args(["--", "--trades"])
        .arg(exported)
        .output()
        .context("tests/oracle/run.sh does not start")?;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(
        output.status.success(),
        "tests/oracle/run.sh failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let seconds = |name: &str| -> anyhow::Result<f64> {
        let line = printed.lines().find_map(|line| line.strip_prefix(name));
        Ok(line
            .with_context(|| format!("no {name} in {printed}"))?
            .trim()
            .parse()?)
    };
    let whole = seconds("daily_returns_seconds_best")? + seconds("metrics_seconds_best")?;
    Ok(Duration::from_secs_f64(whole))
}
