//! `algohook token`: tokens for programs that use the API.

use std::io::Write;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::open;
use super::output;
use crate::access;
use crate::config::Config;
use crate::desk;
use crate::desk::tokens::{NewToken, Token as Shown};
use crate::domain::scope::Scope;
use crate::domain::webhook::name_of;
use crate::store::Store;
use crate::store::tokens::{self, TokenId};

/// Make and revoke tokens for the management API
#[derive(Subcommand)]
pub enum Token {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make a token; it is shown once
#[derive(Args)]
#[command(after_help = "Example:\n  algohook token create dashboard")]
pub struct Create {
    /// What it is for
    name: String,
    /// What it may do: write (everything), read, or test (send test alerts)
    #[arg(long, default_value = "write")]
    scope: Scope,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// List all tokens, without their secrets
#[derive(Args)]
#[command(after_help = "Example:\n  algohook token list")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Revoke a token, and every token that it made; programs that use one are refused from then on
#[derive(Args)]
#[command(
    after_help = "Examples:\n  algohook token revoke tok_1\n  algohook token revoke dashboard"
)]
pub struct Revoke {
    /// The token: its id, or its name where no other has the same
    id: String,
}

impl Token {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        match self {
            Self::Create(create) => create.run(&store, out),
            Self::List(list) => list.run(&store, out),
            Self::Revoke(revoke) => revoke.run(&store, out),
        }
    }
}

impl Create {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let name = name_of(&self.name)?;
        let secret = access::token::new_secret().context("the system gives no random bytes")?;
        let scope = self.scope;
        let new = open::act(store, move |context, actor| {
            desk::tokens::create(context, actor, &name, scope, None, &secret)
        })?;
        if self.json {
            return output::json(out, &new);
        }
        let NewToken {
            id, name, token, ..
        } = new;
        writeln!(out, "{token}")?;
        eprintln!(
            "This is {id}, \"{name}\". It is not shown again; send it as \"Authorization: Bearer ...\"."
        );
        Ok(())
    }
}

impl List {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let listed = store.readers().run_blocking(tokens::list)?;
        let shown: Vec<Shown> = listed.into_iter().map(Shown::from).collect();
        if self.json {
            return output::json(out, &shown);
        }
        if shown.is_empty() {
            return Ok(writeln!(
                out,
                "There is no token. Make one: algohook token create NAME"
            )?);
        }
        let time =
            |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
        let rows: Vec<Vec<String>> = shown
            .into_iter()
            .map(|token| {
                vec![
                    token.id.to_string(),
                    token.name,
                    token.scope.to_string(),
                    time(Some(token.created_at)),
                    time(token.last_used_at),
                    token.made_by.map(|id| id.to_string()).unwrap_or_default(),
                ]
            })
            .collect();
        Ok(output::table(
            out,
            &["ID", "NAME", "SCOPE", "CREATED", "LAST USED", "CREATED BY"],
            &rows,
        )?)
    }
}

/// The token of an id or a name.
fn find(store: &Store, text: &str) -> anyhow::Result<TokenId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let all = store.readers().run_blocking(tokens::list)?;
    let mut named = all.into_iter().filter(|token| token.name == text);
    match (named.next(), named.next()) {
        (Some(token), None) => Ok(token.id),
        (Some(one), Some(other)) => bail!(
            "several tokens are named \"{text}\"; write the id of the one you mean, such as {} or {}",
            one.id,
            other.id
        ),
        (None, _) => {
            bail!("there is no token \"{text}\"; algohook token list shows all of them")
        }
    }
}

impl Revoke {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = find(store, self.id.trim())?;
        let revoked = open::act(store, move |context, actor| {
            desk::tokens::revoke(context, actor, id)
        })?;
        match revoked.len() - 1 {
            0 => writeln!(out, "Revoked {id}.")?,
            1 => writeln!(out, "Revoked {id}, and one token that it made.")?,
            made => writeln!(out, "Revoked {id}, and {made} tokens that it made.")?,
        }
        Ok(())
    }
}
