//! `algohook forward`: passing alerts on to other services.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::open::{self, WebhookArgument};
use super::output;
use crate::config::Config;
use crate::desk::forwards::{self, ChangedForward, Forward as Shown, ForwardChange};
use crate::domain::forward::{ForwardFormat, ForwardId, ForwardWhen, MaxAge};
use crate::store::Store;
use crate::vault::Vault;

/// Pass the alerts of a webhook on to other services
#[derive(Subcommand)]
pub enum Forward {
    Add(Add),
    List(List),
    Change(Change),
    Remove(Remove),
}

/// Pass the alerts of a webhook on
#[derive(Args)]
#[command(after_help = ADD_EXAMPLES)]
pub struct Add {
    /// The webhook: its id, or its name where no other has the same
    webhook: WebhookArgument,
    /// The receiver's address; `-` asks for it, so that it is in no history of commands
    url: String,
    #[command(flatten)]
    options: Options,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const ADD_EXAMPLES: &str = "\
Examples:
  algohook forward add \"BTC Strategy\" https://executor.example.com/hook
  algohook forward add \"BTC Strategy\" https://webhooks.traderspost.io/trading/webhook/... --format traderspost
  algohook forward add \"BTC Strategy\" https://example.com/hook --signed --json
  algohook forward add \"BTC Strategy\" https://example.com/hook --format template --template @message.json";

/// List all forwards, with what waits and what failed
#[derive(Args)]
#[command(after_help = "Example:\n  algohook forward list")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Change a forward; what is left out stays
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Args)]
#[command(
    after_help = "Examples:\n  algohook forward change fwd_1 --max-age 5m\n  algohook forward change fwd_1 --pause\n  algohook forward change fwd_1 --rotate-secret"
)]
pub struct Change {
    /// The forward
    id: ForwardId,
    /// The receiver's new address; `-` asks for it
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    options: Options,
    /// Setting or secret to remove; may be given several times
    #[arg(long = "unset", value_name = "KEY")]
    unset: Vec<String>,
    /// Do not sign messages any more
    #[arg(long, conflicts_with = "signed")]
    unsigned: bool,
    /// Send a message again where the receiver can tell that it is the same
    #[arg(long, conflicts_with = "once")]
    repeat: bool,
    /// Pass nothing on for now
    #[arg(long, conflicts_with = "resume")]
    pause: bool,
    /// Pass alerts on again, also after the receiver answered 410 (gone)
    #[arg(long)]
    resume: bool,
    /// Make a new signing secret; the old one stays valid for 24 hours
    #[arg(long)]
    rotate_secret: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Remove a forward with what waits for it
#[derive(Args)]
#[command(after_help = "Example:\n  algohook forward remove fwd_1")]
pub struct Remove {
    /// The forward
    id: ForwardId,
}

/// The options of a forward.
#[derive(Args)]
struct Options {
    /// Form of the message: as-received, algohook, template, traderspost, 3commas, pickmytrade or
    /// alertatron [default: as-received]
    #[arg(long)]
    format: Option<ForwardFormat>,
    /// Alerts to pass on: order (those that make one) or event (all that arrive) [default: order]
    #[arg(long, value_name = "WHICH")]
    when: Option<ForwardWhen>,
    /// Time after which an alert is not passed on any more, such as 60s or 5m, or off [default: 60s;
    /// off for algohook]
    #[arg(long, value_name = "TIME")]
    max_age: Option<MaxAge>,
    /// Sign messages as Standard Webhooks says; the secret is shown once
    #[arg(long)]
    signed: bool,
    /// Never send a message again of which it is not known whether it arrived
    #[arg(long)]
    once: bool,
    /// Leave the webhook's key in the bytes as received
    #[arg(long)]
    send_key: bool,
    /// Text to send, with fields such as {{ticker}} and {{qty}}; @FILE reads it from a file
    #[arg(long, value_name = "TEXT|@FILE")]
    template: Option<String>,
    /// Setting or secret of the format; a secret without =VALUE is asked for, or read from
    /// `ALGOHOOK_FORWARD_SECRET`
    #[arg(long = "set", value_name = "KEY[=VALUE]")]
    settings: Vec<String>,
}

impl Options {
    fn change(self) -> anyhow::Result<ForwardChange> {
        let is = |flag: bool| flag.then_some(true);
        let mut settings = BTreeMap::new();
        for setting in self.settings {
            let (name, value) = match setting.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => (
                    setting.clone(),
                    secret(&setting, "ALGOHOOK_FORWARD_SECRET")?,
                ),
            };
            settings.insert(name, Some(value));
        }
        Ok(ForwardChange {
            url: None,
            format: self.format,
            when: self.when,
            max_age: self.max_age,
            signed: is(self.signed),
            once: is(self.once),
            send_key: is(self.send_key),
            template: self.template.map(|text| text_or_file(&text)).transpose()?,
            settings,
            paused: None,
            rotate_secret: false,
            own_address: None,
        })
    }
}

/// A secret: from a variable, else asked for.
pub fn secret(what: &str, variable: &str) -> anyhow::Result<String> {
    if let Ok(secret) = std::env::var(variable) {
        return Ok(secret);
    }
    let asked = rpassword::prompt_password(format!("{what}: "));
    asked.with_context(|| format!("{what} cannot be asked for here; set {variable}"))
}

fn text_or_file(text: &str) -> anyhow::Result<String> {
    match text.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(Path::new(file))
            .with_context(|| format!("cannot read {}", PathBuf::from(file).display())),
        None => Ok(text.to_owned()),
    }
}

fn url_or_asked(url: String) -> anyhow::Result<String> {
    match url.as_str() {
        "-" => secret("Address of the receiver", "ALGOHOOK_FORWARD_URL"),
        _ => Ok(url),
    }
}

impl Forward {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        let vault = Vault::of(&config.data_dir);
        let own = open::base_url(config);
        match self {
            Self::Add(add) => add.run(&store, vault, own, out),
            Self::List(list) => list.run(&store, &vault, out),
            Self::Change(change) => change.run(&store, vault, own, out),
            Self::Remove(remove) => remove.run(&store, out),
        }
    }
}

impl Add {
    fn run(
        self,
        store: &Store,
        vault: Vault,
        own: String,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let webhook = self.webhook.find(store)?;
        let change = ForwardChange {
            url: Some(url_or_asked(self.url)?),
            own_address: Some(own),
            ..self.options.change()?
        };
        let made = open::act(store, move |context, actor| {
            forwards::create(context, &vault, actor, &webhook, change)
        })??;
        print(&made, self.json, "Added", out)
    }
}

impl Change {
    fn run(
        self,
        store: &Store,
        vault: Vault,
        own: String,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let (id, json) = (self.id, self.json);
        let options = self.options.change()?;
        let mut change = ForwardChange {
            url: self.url.map(url_or_asked).transpose()?,
            signed: options.signed.or(self.unsigned.then_some(false)),
            once: options.once.or(self.repeat.then_some(false)),
            paused: self.pause.then_some(true).or(self.resume.then_some(false)),
            rotate_secret: self.rotate_secret,
            own_address: Some(own),
            ..options
        };
        let removed = self.unset.into_iter().map(|name| (name, None));
        change.settings.extend(removed);
        let changed = open::act(store, move |context, actor| {
            forwards::change(context, &vault, actor, id, change)
        })??;
        print(&changed, json, "Changed", out)
    }
}

fn print(
    changed: &ChangedForward,
    json: bool,
    done: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if json {
        return output::json(out, changed);
    }
    let forward = &changed.forward;
    let late = match forward.max_age.seconds() {
        Some(_) => format!("not after {}", forward.max_age),
        None => "however late".to_owned(),
    };
    writeln!(
        out,
        "{done} {}: {} go to {} as {}, {late}.",
        forward.id,
        match forward.when {
            ForwardWhen::Order => "alerts that make an order",
            ForwardWhen::Event => "all alerts",
        },
        forward.origin,
        forward.format
    )?;
    if !forward.repeats {
        writeln!(
            out,
            "A message of which it is not known whether it arrived is never sent again: algohook outbox --state unknown"
        )?;
    }
    if let Some(secret) = &changed.secret {
        writeln!(out, "{secret}")?;
        eprintln!(
            "This secret signs the messages. It is not shown again; give it to the receiver."
        );
    }
    Ok(())
}

impl List {
    fn run(self, store: &Store, vault: &Vault, out: &mut dyn Write) -> anyhow::Result<()> {
        let read = |connection: &_| forwards::list(connection, vault, true);
        let listed: Vec<Shown> = store.readers().run_blocking(read)?;
        if self.json {
            return output::json(out, &listed);
        }
        if listed.is_empty() {
            return Ok(writeln!(
                out,
                "There is no forward. Add one: algohook forward add WEBHOOK URL"
            )?);
        }
        let rows: Vec<Vec<String>> = listed.iter().map(row).collect();
        let head = [
            "ID", "WEBHOOK", "TO", "FORMAT", "STATE", "WAITING", "DONE", "UNKNOWN", "DEAD",
        ];
        output::table(out, &head, &rows)?;
        for forward in listed.iter().filter(|forward| forward.secrets_lost) {
            writeln!(
                out,
                "{}: its secrets do not open here; enter them again: algohook forward change {} --url -",
                forward.id, forward.id
            )?;
        }
        Ok(())
    }
}

fn row(forward: &Shown) -> Vec<String> {
    vec![
        forward.id.to_string(),
        forward.webhook.to_string(),
        forward.origin.clone(),
        forward.format.to_string(),
        forward.state.to_string(),
        forward.waiting.to_string(),
        forward.done.to_string(),
        forward.unknown.to_string(),
        forward.dead.to_string(),
    ]
}

impl Remove {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = self.id;
        open::act(store, move |context, actor| {
            forwards::remove(context, actor, id)
        })?;
        Ok(writeln!(out, "Removed {id}.")?)
    }
}
