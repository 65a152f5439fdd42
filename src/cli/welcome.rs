//! `algohook` without a command: how things stand here, and the next step.

use std::io::{self, Write};
use std::path::Path;

use crate::config::data_dir::SERVICE_DATA_DIR;
use crate::server::lock::running_server;
use crate::store::DATABASE_FILE;

/// Prints the next steps for a data directory.
pub fn print(data_dir: &Path, out: &mut dyn Write) -> io::Result<()> {
    let (version, shown) = (env!("CARGO_PKG_VERSION"), data_dir.display());
    let steps: &[(&str, &str)] = if let Some(server) = running_server(data_dir) {
        writeln!(
            out,
            "algohook {version} runs at {}, with its data in {shown}",
            server.url
        )?;
        &[
            ("Can alerts arrive?", "algohook doctor"),
            ("Watch them:", "algohook events --follow"),
            (
                "Add a strategy:",
                "algohook webhook create \"BTC Strategy\"",
            ),
        ]
    } else if data_dir.join(DATABASE_FILE).exists() {
        writeln!(
            out,
            "algohook {version} does not run; its data is in {shown}"
        )?;
        let start = if data_dir == Path::new(SERVICE_DATA_DIR) {
            "sudo systemctl start algohook"
        } else {
            "algohook serve"
        };
        &[
            ("Start it:", start),
            ("Look at the data:", "algohook events"),
        ]
    } else {
        writeln!(
            out,
            "algohook {version}, a self-hosted home for TradingView alerts"
        )?;
        &[
            ("Start it:", "algohook serve"),
            ("Look around first:", "algohook serve --demo"),
        ]
    };
    writeln!(out)?;
    for (what, command) in steps.iter().chain(&[("All commands:", "algohook --help")]) {
        writeln!(out, "  {what:<20}{command}")?;
    }
    Ok(())
}
