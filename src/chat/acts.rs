//! The act of an update: one transaction, in which the act, its entry in the audit log, its answer
//! and the place of the next update are there together or not at all.
//!
//! So an update that comes twice acts once, and one whose act could not be stored comes again.
//! Stopping needs no second step, for a mistake costs a missed order; whatever makes orders
//! flow again needs a code.

use std::convert::Infallible;

use jiff::{SignedDuration, Timestamp};

use super::answers::{Answer, ago, which};
use super::bot_api::Message;
use super::command::{Command, Named, named};
use crate::desk::{self, chats::hash_of};
use crate::domain::channel::{ChannelId, Topic};
use crate::domain::notice::{Notice, Notices};
use crate::domain::webhook::{WebhookId, WebhookState};
use crate::journal::notices::KIND;
use crate::reports::digest::of_scope;
use crate::store::audit::{self, Act, Actor};
use crate::store::channels::StoredChannel;
use crate::store::chats::{self, Code, Commander, Halted, PendingCommand, StoredChat};
use crate::store::outbox::{self, NewRow};
use crate::store::webhooks::{StoredWebhook, WebhookChange};
use crate::store::{Connection, Result, StoreError, WriteContext, channels, forwards, webhooks};

/// The age at which a command is too old to be acted on: what waited while the server was away
/// must not pause or resume anything hours later.
const OLDEST: SignedDuration = SignedDuration::from_mins(2);

/// Time for a second step.
const SECOND_STEP: SignedDuration = SignedDuration::from_mins(2);

/// Wrong codes after which a command is forgotten.
const MOST_WRONG: u32 = 3;

/// Time after which an answer is of no use.
const ANSWER_LASTS: SignedDuration = SignedDuration::from_mins(2);

/// A message to act on.
#[derive(Debug, Clone)]
pub struct TakenMessage {
    /// The public part of the bot's token.
    pub bot: String,
    /// The channels that the bot serves.
    pub channels: Vec<ChannelId>,
    /// The number of the update.
    pub update: i64,
    /// The message.
    pub message: Message,
    /// The message as a command.
    pub command: Command,
    /// The answer, where the command only asks.
    pub answer: Option<Answer>,
    /// The code that a second step gets.
    pub code: String,
    /// The time by the service's clock, which dates messages.
    pub told_at: Timestamp,
}

/// The sender of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The one whose commands a channel takes.
    Commander(ChannelId),
    /// One who sends the code that a channel waits for.
    HasCode(ChannelId),
    /// Anybody else.
    Stranger,
}

/// Result of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was acted on before.
    Known,
    /// It was acted on now.
    Done,
    /// It is a stranger's.
    Refused,
}

/// The sender of a message, by the chats that are confirmed now.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn sender_of(
    connection: &Connection,
    of: &[ChannelId],
    message: &Message,
    command: &Command,
    now: Timestamp,
) -> Result<Sender> {
    let Some(user) = message.user else {
        return Ok(Sender::Stranger);
    };
    let mut sender = Sender::Stranger;
    for (channel, chat) in chats::list(connection)? {
        if !of.contains(&channel) {
            continue;
        }
        if let (Command::Start(code), Some(wanted)) = (command, &chat.code)
            && now < wanted.until
            && hash_of(code) == wanted.hash
        {
            return Ok(Sender::HasCode(channel));
        }
        let is_of =
            |commander: &Commander| (commander.chat, commander.user) == (message.chat, user);
        if sender == Sender::Stranger && chat.commander.as_ref().is_some_and(is_of) {
            sender = Sender::Commander(channel);
        }
    }
    Ok(sender)
}

/// Acts on a message once.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written.
pub fn take(
    context: &mut WriteContext<'_>,
    taken: &TakenMessage,
    now: Timestamp,
) -> Result<Outcome> {
    let known = chats::next_update(context.connection, &taken.bot)?;
    if known.is_some_and(|(next, at)| taken.update < next && is_recent(at, now)) {
        return Ok(Outcome::Known);
    }
    chats::set_next_update(context.connection, &taken.bot, taken.update + 1, now)?;
    let (message, command) = (&taken.message, &taken.command);
    let sender = sender_of(context.connection, &taken.channels, message, command, now)?;
    let channel = match sender {
        Sender::Commander(channel) | Sender::HasCode(channel) => channel,
        Sender::Stranger => {
            let actor = Actor {
                name: "stranger".to_owned(),
                address: None,
                at: now,
            };
            let subject = format!("chat {} {}", message.chat, message.user_name);
            audit::note(
                context.connection,
                &actor,
                Act::ChatRefused,
                Some(subject.trim()),
            )?;
            return Ok(Outcome::Refused);
        }
    };
    let channel = channels::get(context.connection, channel)?;
    let actor = Actor {
        name: format!("chat {}", channel.id),
        address: None,
        at: now,
    };
    let age = taken.told_at.duration_since(message.sent_at);
    // The code that confirms a chat has a time of its own.
    let answer = if age > OLDEST && matches!(sender, Sender::Commander(_)) {
        audit::note(
            context.connection,
            &actor,
            Act::ChatTooOld,
            Some(&command.noted()),
        )?;
        Answer::of(
            "Nothing was done",
            [
                format!(
                    "{} was sent {}, and a command is good for two minutes.",
                    command.noted(),
                    ago(message.sent_at, taken.told_at)
                ),
                "Send it again.".to_owned(),
            ],
        )
    } else if matches!(sender, Sender::HasCode(_)) {
        confirm_chat(context, &actor, channel.id, message)?
    } else {
        audit::note(
            context.connection,
            &actor,
            Act::ChatCommand,
            Some(&command.noted()),
        )?;
        act(context, &actor, &channel, taken)?
    };
    tell(context, &channel, taken.update, &answer, now)?;
    Ok(Outcome::Done)
}

/// True while the numbers of updates are counted on: a service that had none for a week begins
/// anew, and it forgets after a day what was not read.
pub fn is_recent(acted_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(acted_at) < SignedDuration::from_hours(48)
}

/// Puts an answer into the outbox.
fn tell(
    context: &mut WriteContext<'_>,
    channel: &StoredChannel,
    update: i64,
    answer: &Answer,
    now: Timestamp,
) -> Result<()> {
    let mut notices = Notices::default();
    notices.push(Notice::Text {
        topic: Topic::Server,
        title: answer.title.clone(),
        lines: answer.lines.clone(),
        is_fault: false,
    });
    let row = NewRow {
        lane: channels::chat_lane(channel.id),
        kind: KIND,
        about: format!("update_{update}_{}", now.as_second()),
        body: serde_json::to_vec(&notices).unwrap_or_default(),
        repeatable: true,
        vital: true,
        due_at: now,
        expires_at: now.checked_add(ANSWER_LASTS).ok(),
        event: None,
        via: String::new(),
    };
    outbox::put(context, &row, now).map(drop)
}

fn confirm_chat(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    channel: ChannelId,
    message: &Message,
) -> Result<Answer> {
    let chat = chats::get(context.connection, channel)?.unwrap_or_default();
    let commander = Commander {
        chat: message.chat,
        user: message.user.unwrap_or_default(),
        name: message.user_name.clone(),
        confirmed_at: actor.at,
    };
    let subject = format!("chat {} {}", message.chat, message.user_name);
    let chat = StoredChat {
        code: None,
        commander: Some(commander),
        asked: None,
        ..chat
    };
    chats::put(context.connection, channel, &chat)?;
    audit::note(
        context.connection,
        actor,
        Act::ChatConfirm,
        Some(subject.trim()),
    )?;
    Ok(Answer::hint(
        "Your commands are taken from now on",
        "Only yours, and only in this chat. /help lists them.",
    ))
}

fn act(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    channel: &StoredChannel,
    taken: &TakenMessage,
) -> Result<Answer> {
    let among = of_scope(context.connection, &channel.terms.webhooks)?;
    match &taken.command {
        Command::Pause(name) => pause(context, actor, &among, name.as_deref()),
        Command::Halt => halt(context, actor, channel.id, &among),
        Command::Resume(name) => {
            let (name, code) = (name.as_deref(), &taken.code);
            ask_to_resume(context, actor, channel.id, &among, name, code)
        }
        Command::Confirm(code) => second_step(context, actor, channel.id, code),
        _ => Ok(taken
            .answer
            .clone()
            .unwrap_or_else(|| Answer::hint("That could not be answered", "Send it again."))),
    }
}

fn set_state(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    id: &WebhookId,
    state: WebhookState,
) -> Result<()> {
    let change = |_: &StoredWebhook| -> std::result::Result<_, Infallible> {
        Ok(WebhookChange {
            state: Some(state),
            ..WebhookChange::default()
        })
    };
    let Ok(_) = desk::webhooks::change(context, actor, id, change)?;
    Ok(())
}

fn pause(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    among: &[StoredWebhook],
    name: Option<&str>,
) -> Result<Answer> {
    let Named::One(webhook) = named(among, name, |webhook| &webhook.name) else {
        return Ok(which(among, "/pause"));
    };
    if webhook.state != WebhookState::Active {
        let title = format!("{} is paused already", webhook.name);
        return Ok(Answer::hint(title, "Nothing was changed."));
    }
    set_state(context, actor, &webhook.id, WebhookState::Paused)?;
    Ok(Answer::of(
        format!("Paused: {}", webhook.name),
        [
            "Its alerts are recorded and make no order. What is open stays open.".to_owned(),
            format!("/resume {}", webhook.name),
        ],
    ))
}

fn note(ids: &mut Vec<String>, id: String) {
    if !ids.contains(&id) {
        ids.push(id);
    }
}

/// Pauses all that is active, and remembers what it paused: what was paused before stays so.
fn halt(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    channel: ChannelId,
    among: &[StoredWebhook],
) -> Result<Answer> {
    let mut chat = chats::get(context.connection, channel)?.unwrap_or_default();
    let (mut names, mut count) = (Vec::new(), 0);
    for webhook in among {
        if webhook.state == WebhookState::Active {
            set_state(context, actor, &webhook.id, WebhookState::Paused)?;
            note(&mut chat.halted.webhooks, webhook.id.to_string());
            names.push(webhook.name.clone());
        }
    }
    for forward in forwards::list(context.connection)? {
        let is_of = among.iter().any(|webhook| webhook.id == forward.webhook);
        if is_of && !forward.terms.is_paused {
            desk::forwards::pause(context, actor, forward.id, true)?;
            note(&mut chat.halted.forwards, forward.id.to_string());
            count += 1;
        }
    }
    chat.asked = None;
    chats::put(context.connection, channel, &chat)?;
    if names.is_empty() && count == 0 {
        return Ok(Answer::hint(
            "Everything is halted already",
            "/resume resumes what was halted.",
        ));
    }
    let forwards = match count {
        0 => String::new(),
        1 => " and 1 forward".to_owned(),
        count => format!(" and {count} forwards"),
    };
    let webhooks = match names.len() {
        1 => "1 webhook".to_owned(),
        count => format!("{count} webhooks"),
    };
    let mut lines = names;
    lines.push(
        "Alerts are recorded, make no order and are passed on to nobody. What is open stays open."
            .to_owned(),
    );
    lines.push("/resume resumes what was halted, after a code.".to_owned());
    Ok(Answer::of(format!("Halted: {webhooks}{forwards}"), lines))
}

fn ask_to_resume(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    channel: ChannelId,
    among: &[StoredWebhook],
    name: Option<&str>,
    code: &str,
) -> Result<Answer> {
    let mut chat = chats::get(context.connection, channel)?.unwrap_or_default();
    let (subject, what) = if name.is_none() && !chat.halted.is_empty() {
        let is_halted = |webhook: &&StoredWebhook| {
            let is_of = chat
                .halted
                .webhooks
                .iter()
                .any(|id| id == webhook.id.as_str());
            is_of && webhook.state == WebhookState::Paused
        };
        let names: Vec<&str> = among
            .iter()
            .filter(is_halted)
            .map(|webhook| webhook.name.as_str())
            .collect();
        let forwards = chat.halted.forwards.len();
        let what = format!(
            "what was halted (webhooks: {}; forwards: {forwards})",
            names.join(", ")
        );
        (PendingCommand::HALTED.to_owned(), what)
    } else {
        let paused: Vec<StoredWebhook> = among
            .iter()
            .filter(|webhook| webhook.state == WebhookState::Paused)
            .cloned()
            .collect();
        let among = if name.is_some() { among } else { &paused };
        let Named::One(webhook) = named(among, name, |webhook| &webhook.name) else {
            return Ok(which(among, "/resume"));
        };
        if webhook.state == WebhookState::Active {
            let title = format!("{} is active already", webhook.name);
            return Ok(Answer::hint(title, "Nothing was changed."));
        }
        (webhook.id.to_string(), webhook.name.clone())
    };
    let until = actor.at.checked_add(SECOND_STEP).unwrap_or(Timestamp::MAX);
    chat.asked = Some(PendingCommand {
        subject,
        code: Code {
            hash: hash_of(code),
            until,
        },
        wrong: 0,
    });
    chats::put(context.connection, channel, &chat)?;
    Ok(Answer::of(
        format!("Resume {what}?"),
        [
            "Alerts make orders again and are passed on.".to_owned(),
            format!("/yes {code}"),
            "The code is good for two minutes.".to_owned(),
        ],
    ))
}

fn second_step(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    channel: ChannelId,
    code: &str,
) -> Result<Answer> {
    let mut chat = chats::get(context.connection, channel)?.unwrap_or_default();
    let Some(asked) = chat
        .asked
        .take()
        .filter(|asked| actor.at < asked.code.until)
    else {
        return Ok(Answer::hint(
            "Nothing waits for a code",
            "A code is good for two minutes, once. Nothing was changed.",
        ));
    };
    if hash_of(code) != asked.code.hash {
        let wrong = asked.wrong + 1;
        chat.asked = (wrong < MOST_WRONG).then_some(PendingCommand { wrong, ..asked });
        let hint = if chat.asked.is_some() {
            "Nothing was changed. Send /yes with the code again."
        } else {
            "Nothing was changed. That was the third one: begin again."
        };
        chats::put(context.connection, channel, &chat)?;
        return Ok(Answer::hint("That is not the code", hint));
    }
    let resumed = if asked.subject == PendingCommand::HALTED {
        let halted = std::mem::take(&mut chat.halted);
        resume_halted(context, actor, &halted)?
    } else {
        chat.halted.webhooks.retain(|id| *id != asked.subject);
        resume_webhook(context, actor, &asked.subject)?
    };
    chats::put(context.connection, channel, &chat)?;
    if resumed.is_empty() {
        return Ok(Answer::hint(
            "Nothing was to be resumed",
            "It was resumed or removed meanwhile.",
        ));
    }
    Ok(Answer::of("Resumed", resumed))
}

/// Resumes a webhook that is still paused; its name, in a list.
fn resume_webhook(context: &mut WriteContext<'_>, actor: &Actor, id: &str) -> Result<Vec<String>> {
    let Ok(id) = id.parse::<WebhookId>() else {
        return Ok(Vec::new());
    };
    let webhook = match webhooks::get(context.connection, &id) {
        Err(StoreError::NotFound(_)) => return Ok(Vec::new()),
        found => found?,
    };
    if webhook.state != WebhookState::Paused {
        return Ok(Vec::new());
    }
    set_state(context, actor, &id, WebhookState::Active)?;
    Ok(vec![webhook.name])
}

fn resume_halted(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    halted: &Halted,
) -> Result<Vec<String>> {
    let mut resumed = Vec::new();
    for id in &halted.webhooks {
        resumed.extend(resume_webhook(context, actor, id)?);
    }
    for id in &halted.forwards {
        let Ok(id) = id.parse() else { continue };
        match desk::forwards::pause(context, actor, id, false) {
            Err(StoreError::NotFound(_)) => {}
            done => {
                if done? {
                    resumed.push(id.to_string());
                }
            }
        }
    }
    Ok(resumed)
}
