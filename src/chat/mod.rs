//! Commands from the owner's phone, by the bot of a Telegram channel.
//!
//! The bot's messages are fetched by long polling, so nothing has to be reached from outside.
//! Only one user in one chat is listened to: who sent the code that the page or the command line
//! showed. Anybody else is refused, noted and otherwise left alone. A command is acted on as its
//! button of the page would be, by `desk`, and its answer goes out as a notification does.

mod acts;
mod answers;
mod bot_api;
mod command;
mod strangers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::channel::{ChannelId, ChannelKind};
use crate::ingest::Registry;
use crate::logging::Rarely;
use crate::notify::telegram::VENDOR;
use crate::outbound::{Client, Limits, OutboundError};
use crate::secrets::random_bytes;
use crate::store::chats::{next_update, set_problem};
use crate::store::{Connection, Result, Store, StoreError, WriteContext, channels, chats};
use crate::vault::Vault;
use crate::workers::Outcome;

use acts::{Sender, TakenMessage, is_recent, sender_of, take};
use bot_api::{Bot, HELD, Message, Refused, Update, Updates};
use command::Command;
use strangers::Strangers;

/// Bounds of one request for updates: the service holds it back while there is none.
const POLL: Limits = Limits {
    connecting: Duration::from_secs(5),
    overall: Duration::from_secs(40),
    answer: 1024 * 1024,
};

/// Pauses after a failure: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Pause before an act that could not be stored is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Least time between two requests that brought nothing: some servers hold none back.
const LEAST_POLL: Duration = Duration::from_secs(1);

/// Finds the faults of the server, as sentences.
pub type Faults = Arc<dyn Fn(&Connection, Timestamp) -> Result<Vec<String>> + Send + Sync>;

/// Takes commands from chats.
pub struct Chat<C> {
    /// The database.
    pub store: Arc<Store>,
    /// Opens sealed secrets.
    pub vault: Vault,
    /// The way outward.
    pub client: Client,
    /// The webhooks that ingestion knows, which learns at once of one that is paused.
    pub registry: Arc<Registry>,
    /// The time of day.
    pub clock: C,
    /// Finds the faults of the server.
    pub faults: Faults,
    /// Pause between looks for channels that other processes changed.
    pub look_every: Duration,
}

/// The channels of each bot that is listened to.
type Bots = BTreeMap<Bot, Vec<ChannelId>>;

/// Reason that there was nothing to read.
enum Failed {
    /// The service said so.
    Refused(Refused),
    /// It was not reached.
    Line(OutboundError),
}

/// Takes commands for as long as it is polled.
pub async fn run<C: Clock>(chat: Arc<Chat<C>>) -> Outcome {
    static UNREAD: Rarely = Rarely::new();
    let mut acts = chat.store.signals().acts();
    let mut running: BTreeMap<Bot, (Vec<ChannelId>, AbortHandle)> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    loop {
        acts.borrow_and_update();
        match chat.bots().await {
            Ok(bots) => {
                running.retain(|bot, (channels, task)| {
                    let is_same = bots.get(bot) == Some(channels);
                    if !is_same {
                        task.abort();
                    }
                    is_same
                });
                for (bot, channels) in bots {
                    let is_new = !running.contains_key(&bot);
                    if is_new {
                        let listening = listen(Arc::clone(&chat), bot.clone(), channels.clone());
                        let task = tasks.spawn(listening);
                        running.insert(bot, (channels, task));
                    }
                }
            }
            Err(error) => {
                if let Some(unsaid) = UNREAD.say() {
                    tracing::warn!(%error, unsaid, "it could not be read whose commands are taken");
                }
            }
        }
        tokio::select! {
            _ = acts.changed() => {}
            () = tokio::time::sleep(chat.look_every) => {}
            Some(ended) = tasks.join_next() => {
                if let Some(why) = ended.err().filter(tokio::task::JoinError::is_panic) {
                    return Outcome::Failed(why.to_string());
                }
            }
        }
    }
}

/// Reads the messages of a bot, and acts on them.
async fn listen<C: Clock>(chat: Arc<Chat<C>>, bot: Bot, channels: Vec<ChannelId>) {
    let mut listener = Listener {
        chat,
        bot,
        channels,
        next: None,
        is_single: false,
        reading: Reading::Unknown,
        strangers: Strangers::default(),
        refusals: JoinSet::new(),
    };
    let mut failures = 0;
    loop {
        let (begun, is_held) = (Instant::now(), !listener.held().is_zero());
        match listener.updates().await {
            Ok(updates) => {
                failures = 0;
                listener.note(Reading::Well).await;
                if updates.updates.is_empty() && (is_held || listener.held().is_zero()) {
                    tokio::time::sleep_until(begun + LEAST_POLL).await;
                }
                listener.take_all(updates).await;
            }
            Err(failed) => {
                let asked = listener.note_failure(failed).await;
                let pause = FIRST_PAUSE
                    .saturating_mul(1 << failures.min(6))
                    .min(LONGEST_PAUSE);
                failures += 1;
                tokio::time::sleep(pause.max(asked.min(LONGEST_PAUSE))).await;
            }
        }
    }
}

impl<C: Clock> Chat<C> {
    /// The bots that are listened to: of the channels whose owners want to command by them.
    async fn bots(&self) -> Result<Bots> {
        let vault = self.vault.clone();
        let read = move |connection: &Connection| bots(connection, &vault);
        self.store.readers().run(read).await
    }
}

fn bots(connection: &Connection, vault: &Vault) -> Result<Bots> {
    let mut bots = Bots::new();
    for (id, _) in chats::list(connection)? {
        let channel = channels::get(connection, id)?;
        if channel.terms.kind != ChannelKind::Telegram {
            continue;
        }
        // Secrets that do not open are shown with the channel.
        let secrets = vault
            .read(connection, channels::owner_of(id))
            .unwrap_or_default();
        let Some(token) = secrets.get("token") else {
            continue;
        };
        let server = channel
            .terms
            .settings
            .get("url")
            .map_or(VENDOR, String::as_str);
        let bot = Bot {
            server: server.trim_end_matches('/').to_owned(),
            token: token.clone(),
        };
        bots.entry(bot).or_default().push(id);
    }
    Ok(bots)
}

/// The last answer to the reader of a bot's messages, as it is noted.
#[derive(Debug, PartialEq, Eq)]
enum Reading {
    /// Nothing yet.
    Unknown,
    /// They can be read.
    Well,
    /// They cannot, and why.
    Refused(String),
}

/// Reads the messages of one bot.
struct Listener<C> {
    chat: Arc<Chat<C>>,
    bot: Bot,
    channels: Vec<ChannelId>,
    /// The next update; not read from the database yet where none.
    next: Option<(i64, Timestamp)>,
    /// True if updates are asked for one by one, since several were too large.
    is_single: bool,
    reading: Reading,
    strangers: Strangers,
    /// Refusals that are on their way.
    refusals: JoinSet<()>,
}

impl<C: Clock> Listener<C> {
    /// Time that the service may hold a request back. Until it is known that there is no problem it
    /// is asked for an answer at once.
    fn held(&self) -> Duration {
        match self.reading {
            Reading::Well => HELD,
            Reading::Unknown | Reading::Refused(_) => Duration::ZERO,
        }
    }

    async fn updates(&mut self) -> std::result::Result<Updates, Failed> {
        let now = self.chat.clock.now();
        if self.next.is_none() {
            let bot = self.bot.id().to_owned();
            let read = self.chat.store.readers();
            let read = read.run(move |connection| next_update(connection, &bot));
            self.next = read.await.ok().flatten();
        }
        let next = self.next.filter(|(_, at)| is_recent(*at, now));
        let offset = next.map(|(next, _)| next);
        let refused = |why: String| {
            Failed::Refused(Refused {
                why,
                pause: None,
                is_cut: false,
            })
        };
        let request = bot_api::get_updates(&self.bot, offset, self.is_single, self.held())
            .map_err(|_| refused("the channel's address is not valid".to_owned()))?;
        let answer = self.chat.client.clone().within(POLL).send(request).await;
        let answer = answer.map_err(Failed::Line)?;
        let read = bot_api::updates(&self.bot, &answer);
        self.is_single = read.as_ref().is_err_and(|refused| refused.is_cut);
        read.map_err(Failed::Refused)
    }

    async fn take_all(&mut self, updates: Updates) {
        let told_at = updates.at.unwrap_or_else(|| self.chat.clock.now());
        for Update { id, message } in updates.updates {
            if let Some(message) = message {
                self.take(id, message, told_at).await;
            }
            // One that the service gives again is older than those that were acted on.
            let now = self.chat.clock.now();
            let before = self.next.filter(|(_, at)| is_recent(*at, now));
            let next = before.map_or(id + 1, |(next, _)| next.max(id + 1));
            self.next = Some((next, now));
        }
        while self.refusals.try_join_next().is_some() {}
    }

    /// Acts on a message, for as long as it takes.
    async fn take(&mut self, update: i64, message: Message, told_at: Timestamp) {
        static FAILED: Rarely = Rarely::new();
        loop {
            match self.try_to_take(update, &message, told_at).await {
                Ok(()) => return,
                Err(error) => {
                    if let Some(unsaid) = FAILED.say() {
                        tracing::warn!(%error, unsaid, "a command could not be acted on; it is tried again");
                    }
                }
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn try_to_take(
        &mut self,
        update: i64,
        message: &Message,
        told_at: Timestamp,
    ) -> Result<()> {
        let now = self.chat.clock.now();
        let command = Command::of(message.text.as_deref().unwrap_or_default());
        let (faults, channels) = (Arc::clone(&self.chat.faults), self.channels.clone());
        let (asked, by) = (command.clone(), message.clone());
        let read = self.chat.store.readers().run(move |connection| {
            let sender = sender_of(connection, &channels, &by, &asked, now)?;
            let Sender::Commander(channel) = sender else {
                return Ok((sender, None));
            };
            let channel = channels::get(connection, channel)?;
            let faults = match asked {
                Command::Status => faults(connection, now)?,
                _ => Vec::new(),
            };
            let answer = answers::answer(connection, &channel, &asked, &faults, now)?;
            Ok((sender, answer))
        });
        let (sender, answer) = read.await?;
        if sender == Sender::Stranger
            && !self
                .strangers
                .is_news(message.chat, self.chat.clock.elapsed())
        {
            // Nothing is written for one who was refused just now, so that a flood costs nothing.
            return Ok(());
        }
        let taken = TakenMessage {
            bot: self.bot.id().to_owned(),
            channels: self.channels.clone(),
            update,
            message: message.clone(),
            command,
            answer,
            code: new_digits()?,
            told_at,
        };
        let write = move |context: &mut WriteContext<'_>| take(context, &taken, now);
        let taken = self.chat.store.writer().run(None, write).await?;
        match taken {
            acts::Outcome::Known => {}
            acts::Outcome::Done => self.chat.registry.load(&self.chat.store).await?,
            acts::Outcome::Refused => self.refuse(message),
        }
        Ok(())
    }

    /// Refuses a stranger, once: whether that arrives matters to nobody.
    fn refuse(&mut self, message: &Message) {
        let (chat, user) = (message.chat, message.user_name.as_str());
        tracing::warn!(
            chat,
            user,
            "a stranger wrote to the bot of a channel, and was refused"
        );
        let text = "I take no commands from this chat.";
        if let Ok(request) = bot_api::send_message(&self.bot, message.chat, text) {
            let client = self.chat.client.clone();
            self.refusals.spawn(async move {
                let _ = client.send(request).await;
            });
        }
    }

    /// Notes why there is nothing to read; returns the pause that the service asks for.
    async fn note_failure(&mut self, failed: Failed) -> Duration {
        static UNREACHED: Rarely = Rarely::new();
        match failed {
            Failed::Refused(refused) => {
                self.note(Reading::Refused(refused.why)).await;
                refused.pause.unwrap_or_default()
            }
            Failed::Line(error) => {
                if let Some(unsaid) = UNREACHED.say() {
                    tracing::warn!(%error, unsaid, "the commands of a chat cannot be read; it is tried again");
                }
                Duration::ZERO
            }
        }
    }

    /// Keeps what the service said last, so that the page shows it; written only when it changes.
    async fn note(&mut self, reading: Reading) {
        if self.reading == reading {
            return;
        }
        let problem = match &reading {
            Reading::Refused(why) => {
                tracing::warn!(why, "the messages of a channel's bot cannot be read");
                Some(why.clone())
            }
            Reading::Unknown | Reading::Well => None,
        };
        let bot = self.bot.id().to_owned();
        let write = move |context: &mut WriteContext<'_>| {
            set_problem(context.connection, &bot, problem.as_deref())
        };
        let written = self.chat.store.writer().run_shared(None, write).await;
        if written.is_ok() {
            self.reading = reading;
        }
    }
}

/// Six digits, for a second step.
fn new_digits() -> Result<String> {
    let mut bytes = [0; 4];
    random_bytes(&mut bytes).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(format!("{:06}", u32::from_le_bytes(bytes) % 1_000_000))
}
