//! `algohook doctor`: can a TradingView alert reach this machine?

use std::io::Write;

use anyhow::bail;
use clap::Args;

use super::output;
use crate::config::Config;
use crate::doctor::{self, Finding, Verdict};

/// Say in plain words whether a TradingView alert can reach this machine
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Doctor {
    /// Only whether the server runs and answers, for health checks
    #[arg(long)]
    quick: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook doctor
  algohook doctor --quick     for the health check of a container

The exit status is 1 where something is wrong.";

impl Doctor {
    pub fn run(&self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let findings = runtime.block_on(async {
            if self.quick {
                doctor::quick(&config.data_dir).await
            } else {
                doctor::all(&config.data_dir).await
            }
        });
        if self.json {
            output::json(out, &findings)?;
        } else {
            findings
                .iter()
                .try_for_each(|finding| print(out, finding))?;
        }
        let wrong: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Bad)
            .collect();
        let Some(first) = wrong.first() else {
            return Ok(());
        };
        let next = first.next.as_deref().unwrap_or("see above");
        match wrong.len() {
            1 => bail!("one thing is wrong. Next: {next}"),
            wrong => bail!("{wrong} things are wrong. First: {next}"),
        }
    }
}

fn print(out: &mut dyn Write, finding: &Finding) -> std::io::Result<()> {
    let mark = match finding.verdict {
        Verdict::Good => "ok",
        Verdict::Notice => "note",
        Verdict::Bad => "WRONG",
    };
    let found = output::printable(&finding.found);
    writeln!(out, "{mark:<6} {}: {found}", finding.check)?;
    match &finding.next {
        Some(next) => writeln!(out, "       -> {next}"),
        None => Ok(()),
    }
}
