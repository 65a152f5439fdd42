//! `algohook webhook`: the addresses that alerts are sent to.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::open;
use super::output;
use crate::api::webhooks::Webhook as Shown;
use crate::config::Config;
use crate::domain::webhook::{AuthKey, WebhookId, WebhookState, name_of};
use crate::secrets::random_bytes;
use crate::store::audit::{self, Actor};
use crate::store::webhooks::{self, WebhookChange};
use crate::store::{self, Store};

/// Make and manage webhooks: one strategy, one webhook
#[derive(Subcommand)]
pub enum Webhook {
    Create(Create),
    List(List),
    Show(Show),
    RotateKey(RotateKey),
    Pause(Pause),
    Resume(Resume),
    Delete(Delete),
}

/// Make a webhook and print its URL, its key and the message for the alert
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook create \"BTC Strategy\"")]
pub struct Create {
    /// The name to show it under
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// List all webhooks
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook list")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Show one webhook with its URL, key and messages
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook show wh_...")]
pub struct Show {
    /// The webhook
    id: WebhookId,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Give a webhook a new key; alerts with the old one are refused from then on
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook rotate-key wh_...")]
pub struct RotateKey {
    /// The webhook
    id: WebhookId,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Keep recording alerts, but make no orders of them
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook pause wh_...")]
pub struct Pause {
    /// The webhook
    id: WebhookId,
}

/// Make orders of alerts again
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook resume wh_...")]
pub struct Resume {
    /// The webhook
    id: WebhookId,
}

/// Delete a webhook with all its events and orders
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook delete wh_...")]
pub struct Delete {
    /// The webhook
    id: WebhookId,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Webhook {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        match self {
            Self::Create(create) => create.run(config, &store, out),
            Self::List(list) => list.run(config, &store, out),
            Self::Show(show) => print(out, &open::webhook(config, &store, &show.id)?, show.json),
            Self::RotateKey(rotate) => rotate.run(config, &store, out),
            Self::Pause(pause) => set_state(&store, out, pause.id, WebhookState::Paused),
            Self::Resume(resume) => set_state(&store, out, resume.id, WebhookState::Active),
            Self::Delete(delete) => delete.run(config, &store, out),
        }
    }
}

impl Create {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let name = name_of(&self.name)?;
        let id = WebhookId::generate(random_bytes).context("the system gives no random bytes")?;
        let key = AuthKey::generate(random_bytes).context("the system gives no random bytes")?;
        let wanted = id.clone();
        store.writer().run_blocking(move |context| {
            let actor = Actor::command_line(Timestamp::now());
            webhooks::insert(context, &wanted, &name, &key, actor.at)?;
            audit::note(context, &actor, "webhook.create", Some(wanted.as_str()))
        })?;
        print(out, &open::webhook(config, store, &id)?, self.json)
    }
}

impl List {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let base = open::base_url(config);
        let shown = store.readers().run_blocking(|connection| {
            let stored = webhooks::list(connection)?;
            let shown = stored
                .into_iter()
                .map(|webhook| Shown::of(connection, webhook, &base));
            shown.collect::<store::Result<Vec<_>>>()
        })?;
        if self.json {
            return output::json(out, &shown);
        }
        if shown.is_empty() {
            let next = "There is no webhook yet. Make one: algohook webhook create \"My strategy\"";
            return Ok(writeln!(out, "{next}")?);
        }
        let rows: Vec<Vec<String>> = shown.iter().map(row_of).collect();
        let head = ["ID", "NAME", "STATE", "EVENTS", "LAST EVENT"];
        Ok(output::table(out, &head, &rows)?)
    }
}

impl RotateKey {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let key = AuthKey::generate(random_bytes).context("the system gives no random bytes")?;
        let change = WebhookChange {
            auth_key: Some(key),
            ..WebhookChange::default()
        };
        let id = self.id.clone();
        store.writer().run_blocking(move |context| {
            let actor = Actor::command_line(Timestamp::now());
            webhooks::change(context, &id, change)?;
            audit::note(context, &actor, "webhook.rotate-key", Some(id.as_str()))
        })?;
        print(out, &open::webhook(config, store, &self.id)?, self.json)
    }
}

impl Delete {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let webhook = open::webhook(config, store, &self.id)?;
        if !self.yes {
            confirm(&webhook)?;
        }
        let id = self.id.clone();
        store.writer().run_blocking(move |context| {
            let actor = Actor::command_line(Timestamp::now());
            webhooks::delete(context, &id, actor.at)?;
            audit::note(context, &actor, "webhook.delete", Some(id.as_str()))
        })?;
        // A running server would remove the rest by itself, a little later.
        while store.writer().run_blocking(webhooks::purge)? {}
        let events = webhook.events;
        Ok(writeln!(out, "Deleted {} with {events} events.", self.id)?)
    }
}

fn set_state(
    store: &Store,
    out: &mut dyn Write,
    id: WebhookId,
    state: WebhookState,
) -> anyhow::Result<()> {
    let change = WebhookChange {
        state: Some(state),
        ..WebhookChange::default()
    };
    let changed = store
        .writer()
        .run_blocking(move |context| webhooks::change(context, &id, change))?;
    let what = match state {
        WebhookState::Active => "active: alerts become orders",
        WebhookState::Paused => "paused: alerts are recorded and make no orders",
    };
    Ok(writeln!(out, "{} is {what}.", changed.id)?)
}

fn confirm(webhook: &Shown) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        bail!("nothing was deleted; add --yes to delete without being asked");
    }
    eprint!(
        "This deletes {} events for good. Type the webhook's name ({}) to go on: ",
        webhook.events, webhook.name
    );
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() != webhook.name {
        bail!("that is not its name; nothing was deleted");
    }
    Ok(())
}

fn row_of(webhook: &Shown) -> Vec<String> {
    vec![
        webhook.id.to_string(),
        webhook.name.clone(),
        state_word(webhook.state).to_owned(),
        webhook.events.to_string(),
        webhook
            .last_event_at
            .map_or_else(|| "never".to_owned(), |at| format!("{at:.0}")),
    ]
}

fn state_word(state: WebhookState) -> &'static str {
    match state {
        WebhookState::Active => "active",
        WebhookState::Paused => "paused",
    }
}

fn print(out: &mut dyn Write, webhook: &Shown, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(out, webhook);
    }
    writeln!(out, "Name:      {}", webhook.name)?;
    writeln!(out, "ID:        {}", webhook.id)?;
    writeln!(out, "State:     {}", state_word(webhook.state))?;
    writeln!(out, "URL:       {}", webhook.url)?;
    writeln!(out, "Auth key:  {}", webhook.auth_key)?;
    writeln!(
        out,
        "\nMessage for the alert of a strategy, which serves all its orders:\n"
    )?;
    writeln!(out, "{}", webhook.messages.strategy.trim_end())?;
    writeln!(
        out,
        "\nMessage for one kind of order; change entryLong, qty and the names as needed:\n"
    )?;
    writeln!(out, "{}", webhook.messages.standard.trim_end())?;
    Ok(())
}
