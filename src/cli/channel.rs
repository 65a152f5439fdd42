//! `algohook channel`: where you are told of what happens.

use std::collections::BTreeMap;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::{Args, Subcommand};

use super::forward::secret;
use super::open::{self, WebhookArgument};
use super::output::{self, printable};
use crate::config::Config;
use crate::desk::channels::{self, Channel as Shown, ChannelChange};
use crate::desk::chats;
use crate::domain::channel::{ChannelId, ChannelKind, Tells};
use crate::server::lock::running_server;
use crate::store::Store;
use crate::store::outbox::{self, RowState};
use crate::vault::Vault;

/// The variable that a secret is read from.
const SECRET: &str = "ALGOHOOK_CHANNEL_SECRET";

/// Time that the answer to a test is waited for, and the pause between two looks.
const TEST_PATIENCE: Duration = Duration::from_secs(25);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Be told of orders and faults by Telegram, e-mail and others
#[derive(Subcommand)]
pub enum Channel {
    Add(Add),
    List(List),
    Test(Test),
    Change(Change),
    Commands(Commands),
    Remove(Remove),
}

/// Add a channel
#[derive(Args)]
#[command(after_help = ADD_EXAMPLES)]
pub struct Add {
    /// A name for it
    name: String,
    /// Its kind: telegram, discord, slack, ntfy, gotify, pushover, email or webhook
    #[arg(long)]
    kind: ChannelKind,
    #[command(flatten)]
    options: Options,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const ADD_EXAMPLES: &str = "\
Examples:
  algohook channel add Phone --kind ntfy --set topic=my-secret-topic
  algohook channel add Telegram --kind telegram --set token --set chat=123456789
  algohook channel add Mail --kind email --set host=smtp.example.com --set from=bot@example.com \\
      --set to=me@example.com --set username=bot --set password";

/// List all channels, without their secrets
#[derive(Args)]
#[command(after_help = "Example:\n  algohook channel list")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Send a test message, and show the channel's own answer; the server must run
#[derive(Args)]
#[command(after_help = "Example:\n  algohook channel test ch_1")]
pub struct Test {
    /// The channel
    id: ChannelId,
}

/// Change a channel; what is left out stays
#[derive(Args)]
#[command(
    after_help = "Examples:\n  algohook channel change ch_1 --tells order,failed,out-of-sync\n  algohook channel change ch_1 --quiet 22:00-07:00 --time-zone Europe/Berlin"
)]
pub struct Change {
    /// The channel
    id: ChannelId,
    /// A new name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    options: Options,
    /// Setting or secret to remove; may be given several times
    #[arg(long = "unset", value_name = "KEY")]
    unset: Vec<String>,
    /// Tell nothing for now
    #[arg(long, conflicts_with = "resume")]
    pause: bool,
    /// Tell again
    #[arg(long)]
    resume: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Take commands from a chat of Telegram, such as /status and /halt
#[derive(Args)]
#[command(
    after_help = "Example:\n  algohook channel commands ch_1\n\nPrints a code. Send it to the bot from the chat, and its commands are taken."
)]
pub struct Commands {
    /// The channel, of the kind telegram
    id: ChannelId,
    /// Take no commands any more
    #[arg(long)]
    off: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "off")]
    json: bool,
}

/// Remove a channel
#[derive(Args)]
#[command(after_help = "Example:\n  algohook channel remove ch_1")]
pub struct Remove {
    /// The channel
    id: ChannelId,
}

/// The options of a channel.
#[derive(Args)]
struct Options {
    /// Setting or secret; a secret without =VALUE is asked for, or read from `ALGOHOOK_CHANNEL_SECRET`
    #[arg(long = "set", value_name = "KEY[=VALUE]")]
    settings: Vec<String>,
    /// What to tell: all, or order, failed, out-of-sync, silence, limited, rejected, server, forward,
    /// login, daily, weekly with commas between [default: all]
    #[arg(long)]
    tells: Option<Tells>,
    /// Webhook to tell of; may be given several times [default: all]
    #[arg(long = "webhook", value_name = "ID")]
    webhooks: Vec<WebhookArgument>,
    /// Hours in which only faults are told, such as 22:00-07:00, or off
    #[arg(long, value_name = "HOURS")]
    quiet: Option<String>,
    /// Time zone of these hours and of digests [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
}

impl Options {
    fn change(self, store: &Store) -> anyhow::Result<ChannelChange> {
        let mut settings = BTreeMap::new();
        for setting in self.settings {
            let (name, value) = match setting.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => (setting.clone(), secret(&setting, SECRET)?),
            };
            settings.insert(name, Some(value));
        }
        let webhooks = self
            .webhooks
            .iter()
            .map(|webhook| Ok(webhook.find(store)?.to_string()));
        let webhooks = webhooks.collect::<anyhow::Result<Vec<String>>>()?;
        Ok(ChannelChange {
            name: None,
            settings,
            tells: self.tells,
            webhooks: (!webhooks.is_empty()).then_some(webhooks),
            quiet: self.quiet,
            time_zone: self.time_zone,
            paused: None,
        })
    }
}

impl Channel {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        let vault = Vault::of(&config.data_dir);
        match self {
            Self::Add(add) => add.run(&store, vault, out),
            Self::List(list) => list.run(&store, &vault, out),
            Self::Test(test) => test.run(config, &store, out),
            Self::Change(change) => change.run(&store, vault, out),
            Self::Commands(commands) => commands.run(&store, out),
            Self::Remove(remove) => remove.run(&store, out),
        }
    }
}

impl Add {
    fn run(self, store: &Store, vault: Vault, out: &mut dyn Write) -> anyhow::Result<()> {
        let change = ChannelChange {
            name: Some(self.name),
            ..self.options.change(store)?
        };
        let kind = self.kind;
        let made = open::act(store, move |context, actor| {
            channels::create(context, &vault, actor, kind, change)
        })??;
        if self.json {
            return output::json(out, &made);
        }
        let Shown { id, name, .. } = made;
        Ok(writeln!(
            out,
            "Added {id}, \"{name}\". Try it: algohook channel test {id}"
        )?)
    }
}

impl Change {
    fn run(self, store: &Store, vault: Vault, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = self.id;
        let mut change = ChannelChange {
            name: self.name,
            paused: self.pause.then_some(true).or(self.resume.then_some(false)),
            ..self.options.change(store)?
        };
        let removed = self.unset.into_iter().map(|name| (name, None));
        change.settings.extend(removed);
        let changed = open::act(store, move |context, actor| {
            channels::change(context, &vault, actor, id, change)
        })??;
        if self.json {
            return output::json(out, &changed);
        }
        Ok(writeln!(out, "Changed {id}.")?)
    }
}

impl Commands {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = self.id;
        if self.off {
            open::act(store, move |context, actor| chats::end(context, actor, id))?;
            return Ok(writeln!(out, "{id} takes no commands.")?);
        }
        let code = chats::new_code()?;
        let made = open::act(store, move |context, actor| {
            chats::begin(context, actor, id, &code)
        })??;
        if self.json {
            return output::json(out, &made);
        }
        Ok(writeln!(
            out,
            "Send this to the bot from the chat that may command, until {:.0}:\n  {}",
            made.until, made.send
        )?)
    }
}

impl List {
    fn run(self, store: &Store, vault: &Vault, out: &mut dyn Write) -> anyhow::Result<()> {
        let listed = store
            .readers()
            .run_blocking(|connection| channels::list(connection, vault))?;
        if self.json {
            return output::json(out, &listed);
        }
        if listed.is_empty() {
            return Ok(writeln!(
                out,
                "There is no channel. Add one: algohook channel add NAME --kind KIND"
            )?);
        }
        let state = |channel: &Shown| match (channel.secrets_lost, channel.paused) {
            (true, _) => "secrets lost",
            (false, true) => "paused",
            (false, false) => "active",
        };
        let rows: Vec<Vec<String>> = listed
            .iter()
            .map(|channel| {
                vec![
                    channel.id.to_string(),
                    channel.name.clone(),
                    channel.kind.to_string(),
                    state(channel).to_owned(),
                    channel.tells.to_string(),
                    channel.waiting.to_string(),
                    channel.dead.to_string(),
                ]
            })
            .collect();
        let head = ["ID", "NAME", "KIND", "STATE", "TELLS", "WAITING", "DEAD"];
        Ok(output::table(out, &head, &rows)?)
    }
}

impl Test {
    fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = self.id;
        if running_server(&config.data_dir).is_none() {
            bail!(
                "no server runs on this data directory, and it is the server that sends; start algohook serve"
            );
        }
        let row = open::act(store, move |context, actor| {
            channels::test(context, actor, id)
        })?;
        let Some(row) = row else {
            bail!("too many tests of {id} wait; algohook outbox --target {id}.test shows them");
        };
        let begun = Instant::now();
        while begun.elapsed() < TEST_PATIENCE {
            let listed = store
                .readers()
                .run_blocking(|connection| outbox::get(connection, row))?;
            let answer = listed.row.note.or(listed.last.and_then(|last| last.answer));
            let answer = printable(&answer.unwrap_or_default());
            match listed.row.state {
                RowState::Waiting | RowState::Sending => thread::sleep(LOOK_EVERY),
                RowState::Done => return Ok(writeln!(out, "Taken: {answer}")?),
                RowState::Unknown | RowState::Dead => bail!("{id} did not take it: {answer}"),
            }
        }
        bail!("nothing was sent in time; the log of the server says why")
    }
}

impl Remove {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = self.id;
        open::act(store, move |context, actor| {
            channels::remove(context, actor, id)
        })?;
        Ok(writeln!(out, "Removed {id}.")?)
    }
}
