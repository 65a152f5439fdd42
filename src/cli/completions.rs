//! `algohook completions`: what a shell completes.

use std::io::Write;

use clap::Args;
use clap_complete::Shell;

/// Print the completions of a shell
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

const EXAMPLE: &str = "\
Example:
  algohook completions bash > ~/.local/share/bash-completion/completions/algohook";

impl Completions {
    pub fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "algohook", &mut script);
        Ok(out.write_all(&script)?)
    }
}
