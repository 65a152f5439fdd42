//! `algohook user`: the owner's password.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::open;
use crate::access::password;
use crate::config::Config;
use crate::desk;
use crate::desk::account::TokensThen;
use crate::store::{Store, tokens};

/// Manage the owner's login
#[derive(Subcommand)]
pub enum User {
    SetPassword(SetPassword),
    ResetSecondFactor(ResetSecondFactor),
}

/// Turn the second factor of the login off, after the loss of a phone
#[derive(Args)]
#[command(after_help = "Example:\n  algohook user reset-second-factor")]
pub struct ResetSecondFactor {}

/// Set the owner's password; every session ends
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct SetPassword {
    /// Revoke every API token too, where a stranger may have made one
    #[arg(long)]
    revoke_tokens: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook user set-password                        asks for it twice
  pass show algohook | algohook user set-password   takes the first line";

impl User {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        match self {
            Self::SetPassword(set_password) => set_password.run(&store, out),
            Self::ResetSecondFactor(ResetSecondFactor {}) => ResetSecondFactor::run(&store, out),
        }
    }
}

impl ResetSecondFactor {
    fn run(store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        open::act(store, desk::account::turn_second_factor_off)?;
        Ok(writeln!(out, "The second factor is off.")?)
    }
}

impl SetPassword {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let password = ask()?;
        let salt = password::new_salt().context("the system gives no random bytes")?;
        let hash = password::to_stored(&password, &salt)?;
        let revokes = self.revoke_tokens;
        let for_tokens = if revokes {
            TokensThen::AreRevoked
        } else {
            TokensThen::Stay
        };
        let tokens = open::act(store, move |context, actor| {
            desk::account::set_password(context, actor, &hash, for_tokens)?;
            Ok(tokens::list(context.connection)?.len())
        })?;
        writeln!(out, "The password is set; every session has ended.")?;
        if revokes {
            writeln!(out, "Every API token is revoked.")?;
        } else if tokens > 0 {
            let them = if tokens == 1 {
                "API token goes"
            } else {
                "API tokens go"
            };
            writeln!(
                out,
                "{tokens} {them} on working; --revoke-tokens ends every token."
            )?;
        }
        Ok(())
    }
}

fn ask() -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password("New password: ")?;
    if rpassword::prompt_password("Once more: ")? != password {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(password)
}
