//! `algohook webhook`: the addresses that alerts are sent to.

mod change;

use std::convert::Infallible;
use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::open::{self, WebhookArgument};
use super::output;
use crate::config::Config;
use crate::desk;
use crate::desk::webhooks::{NewAddress, Rejection, Webhook as Shown};
use crate::domain::format::{Format, SellWhileFlat};
use crate::domain::webhook::{AuthKey, Settings, WebhookState, name_of};
use crate::secrets::random_bytes;
use crate::store::audit::Actor;
use crate::store::webhooks::{self, WebhookChange};
use crate::store::{self, Store, WriteContext, not_kept, rejections};
use crate::templates::Template;

/// Make and manage webhooks: one strategy, one webhook
#[derive(Subcommand)]
pub enum Webhook {
    Create(Create),
    List(List),
    Show(Show),
    Change(change::Change),
    RotateKey(RotateKey),
    Pause(Pause),
    Archive(Archive),
    Resume(Resume),
    Delete(Delete),
}

/// Make a webhook and print its URL, its key and the messages for alerts
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

/// Show one webhook with its URL, key, messages and the last requests that it refused
#[derive(Args)]
#[command(after_help = "\
Examples:
  algohook webhook show wh_...
  algohook webhook show \"BTC Strategy\" --message strategy > alert.json")]
pub struct Show {
    /// The webhook: its id, or its name
    id: WebhookArgument,
    /// Print this message only: strategy, standard or indicator
    #[arg(long, value_name = "NAME")]
    message: Option<Template>,
    /// Print JSON
    #[arg(long, conflicts_with = "message")]
    json: bool,
}

/// Give a webhook a new key; alerts with the old one are refused from then on
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook rotate-key wh_...")]
pub struct RotateKey {
    /// The webhook: its id, or its name
    id: WebhookArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Keep recording alerts, but turn none into orders
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook pause wh_...")]
pub struct Pause {
    /// The webhook: its id, or its name
    id: WebhookArgument,
}

/// Keep a webhook's history, but leave it out of totals and make no more orders
#[derive(Args)]
#[command(after_help = "Bring it back with resume.\n\nExample:\n  algohook webhook archive wh_...")]
pub struct Archive {
    /// The webhook: its id, or its name
    id: WebhookArgument,
}

/// Turn alerts into orders again
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook resume wh_...")]
pub struct Resume {
    /// The webhook: its id, or its name
    id: WebhookArgument,
}

/// Delete a webhook with all its events and orders
#[derive(Args)]
#[command(after_help = "Example:\n  algohook webhook delete wh_...")]
pub struct Delete {
    /// The webhook: its id, or its name
    id: WebhookArgument,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Webhook {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = match self {
            Self::Create(_) => open::store_or_new(config)?,
            _ => open::store(config)?,
        };
        match self {
            Self::Create(create) => create.run(config, &store, out),
            Self::List(list) => list.run(config, &store, out),
            Self::Show(show) => show.run(config, &store, out),
            Self::Change(change) => change.run(config, &store, out),
            Self::RotateKey(rotate) => rotate.run(config, &store, out),
            Self::Pause(pause) => set_state(&store, out, &pause.id, WebhookState::Paused),
            Self::Archive(archive) => set_state(&store, out, &archive.id, WebhookState::Archived),
            Self::Resume(resume) => set_state(&store, out, &resume.id, WebhookState::Active),
            Self::Delete(delete) => delete.run(config, &store, out),
        }
    }
}

impl Create {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let name = name_of(&self.name)?;
        let address = NewAddress::generate().context("the system gives no random bytes")?;
        let id = address.id.clone();
        open::act(store, move |context, actor| {
            desk::webhooks::create(context, actor, &address, &name)
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
            return Ok(writeln!(
                out,
                "There is no webhook yet in {}. Make one: algohook webhook create \"My strategy\"",
                config.data_dir.display()
            )?);
        }
        let rows: Vec<Vec<String>> = shown.iter().map(row_of).collect();
        let head = ["ID", "NAME", "STATE", "EVENTS", "LAST EVENT"];
        Ok(output::table(out, &head, &rows)?)
    }
}

/// A webhook and what it refused.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WithRejections<'a> {
    #[serde(flatten)]
    webhook: &'a Shown,
    rejections: Vec<Rejection>,
    /// Alerts over the limit that were counted and not kept, in the last seven days.
    alerts_not_kept: i64,
}

impl Show {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = self.id.find(store)?;
        let webhook = open::webhook(config, store, &id)?;
        if let Some(template) = self.message {
            let message = webhook.messages.of(template).trim_end();
            return Ok(writeln!(out, "{message}")?);
        }
        let (refused, not_kept) = store.readers().run_blocking(|connection| {
            let stored = webhooks::get(connection, &id)?;
            let not_kept = not_kept::since(connection, Timestamp::now() - NOT_KEPT_SINCE)?;
            let not_kept = not_kept.get(&stored.row).copied().unwrap_or(0);
            Ok((rejections::list(connection, stored.row)?, not_kept))
        })?;
        if self.json {
            let rejections = refused.into_iter().map(Rejection::from).collect();
            let webhook = &webhook;
            return output::json(
                out,
                &WithRejections {
                    webhook,
                    rejections,
                    alerts_not_kept: not_kept,
                },
            );
        }
        print(out, &webhook, false)?;
        print_refused(out, &refused)?;
        print_not_kept(out, not_kept)
    }
}

impl RotateKey {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let key = AuthKey::generate(random_bytes).context("the system gives no random bytes")?;
        let id = self.id.find(store)?;
        let wanted = id.clone();
        open::act(store, move |context, actor| {
            desk::webhooks::rotate_key(context, actor, &wanted, key)
        })?;
        store.forget_deleted();
        print(out, &open::webhook(config, store, &id)?, self.json)
    }
}

impl Delete {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = self.id.find(store)?;
        let webhook = open::webhook(config, store, &id)?;
        if !self.yes {
            confirm(&webhook)?;
        }
        let actor = Actor::command_line(Timestamp::now());
        store
            .writer()
            .run_removal_blocking(move |context| desk::webhooks::delete(context, &actor, &id))?;
        // A running server would remove the rest by itself, a little later.
        let part = |context: &mut WriteContext<'_>| {
            webhooks::purge(context.connection, webhooks::PURGED_AT_ONCE)
        };
        while store.writer().run_removal_blocking(part)? {}
        store.forget_deleted();
        let (id, events) = (webhook.id, output::counted(&webhook.events, "event"));
        Ok(writeln!(out, "Deleted {id} with {events}.")?)
    }
}

fn set_state(
    store: &Store,
    out: &mut dyn Write,
    id: &WebhookArgument,
    state: WebhookState,
) -> anyhow::Result<()> {
    let change = WebhookChange {
        state: Some(state),
        ..WebhookChange::default()
    };
    let id = id.find(store)?;
    let changed = open::act(store, move |context, actor| {
        desk::webhooks::change(context, actor, &id, |_| Ok::<_, Infallible>(change))
    })?;
    let Ok(changed) = changed;
    let what = match state {
        WebhookState::Active => "active: alerts become orders",
        WebhookState::Paused => "paused: alerts are recorded and make no orders",
        WebhookState::Archived => {
            "archived: it keeps its history, makes no orders and is in no total"
        }
    };
    Ok(writeln!(out, "{} is {what}.", changed.id)?)
}

fn confirm(webhook: &Shown) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        bail!("nothing was deleted; add --yes to delete without being asked");
    }
    eprint!(
        "This deletes {} for good. Type the webhook's name ({}) to go on: ",
        output::counted(&webhook.events, "event"),
        webhook.name
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
        WebhookState::Archived => "archived",
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
    print_reading(out, &webhook.settings)?;
    for proposed in &webhook.proposed_point_values {
        let (ticker, value) = (output::printable(&proposed.ticker), &proposed.point_value);
        writeln!(
            out,
            "\n{ticker} is traded with point value {}; its contract gains {value} a point. Set it, or confirm the other one, \
             in the settings: \"pointValues\": {{\"{ticker}\": \"{value}\"}}",
            proposed.used
        )?;
    }
    let headings = [
        (
            Template::Strategy,
            "for the alert of a strategy with order fills; it serves all of its orders",
        ),
        (
            Template::Standard,
            "for the alert of a strategy with order fills that makes one kind of order; change entryLong and the names",
        ),
        (
            Template::Indicator,
            "for the alert of an indicator or a price, which has no contracts; change entryLong, qty and the names",
        ),
    ];
    for (template, heading) in headings {
        let message = webhook.messages.of(template).trim_end();
        writeln!(out, "\nMessage \"{template}\", {heading}:\n\n{message}")?;
    }
    Ok(())
}

/// Prints how it reads its messages, where that is not as usual.
fn print_reading(out: &mut dyn Write, settings: &Settings) -> anyhow::Result<()> {
    if settings.format != Format::Auto {
        writeln!(out, "Messages:  read as {}", settings.format.name())?;
    }
    if settings.key_in_path {
        writeln!(
            out,
            "Key:       in the URL, which ends up in the logs of proxies: keep the URL as secret as the key"
        )?;
    }
    if settings.key_in_field {
        writeln!(
            out,
            "Key:       also as secret, token or password of the message"
        )?;
    }
    if settings.sell_while_flat == SellWhileFlat::Short {
        writeln!(out, "Sell:      opens a short position where there is none")?;
    }
    Ok(())
}

/// Time in which alerts over the limit that were not kept are told of.
const NOT_KEPT_SINCE: SignedDuration = SignedDuration::from_hours(24 * 7);

fn print_not_kept(out: &mut dyn Write, count: i64) -> anyhow::Result<()> {
    let alerts = match count {
        0 => return Ok(()),
        1 => "1 alert over the limit was",
        _ => &format!("{count} alerts over the limit were"),
    };
    writeln!(
        out,
        "\n{alerts} not kept in the last 7 days; TradingView's alert log has them\n\
         (algohook import alerts FILE brings them in)"
    )?;
    Ok(())
}

fn print_refused(out: &mut dyn Write, refused: &[rejections::Rejection]) -> anyhow::Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\nRequests that were refused, of which no event is kept (the last {} at most):\n",
        rejections::KEPT
    )?;
    for rejection in refused {
        writeln!(
            out,
            "  {:.0}  {}, from {}",
            rejection.rejected_at,
            rejection.in_words(),
            rejection.source_address
        )?;
    }
    Ok(())
}
