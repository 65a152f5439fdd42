//! Tells the owner what is wrong and what is over, of logins from new places, and the digests of
//! days and weeks.
//!
//! The rules are those of the dashboard. While there is no channel nobody is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::digests::{self, Digest};
use super::server_faults;
use crate::desk::faults::{NotPassedOn, not_passed_on};
use crate::domain::attention::Attention;
use crate::domain::channel::Topic;
use crate::domain::event::EventStatus;
use crate::domain::notice::Notice;
use crate::domain::webhook::WebhookId;
use crate::journal::notices::{self, Matter, name_of};
use crate::reports::{AttentionChange, AttentionWatch};
use crate::store::channels::StoredChannel;
use crate::store::events::{self, EventFilter};
use crate::store::issues::{self, Issue};
use crate::store::known_clients::{self, NewPlace};
use crate::store::{Connection, Result, Store, WriteContext, channels, webhooks};

pub use server_faults::Surroundings;

/// Time within which a login is news.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

/// The state that one look leaves to the next.
#[derive(Debug, Default)]
pub struct Memory {
    watch: AttentionWatch,
    /// The names of what was told once, each with its channel.
    told: BTreeSet<String>,
}

/// Result of one look.
pub struct Findings {
    /// Needs that began or ended at a webhook, for the log.
    pub changes: Vec<AttentionChange>,
    /// News for the channels; `None` where nothing changed, or there is no channel.
    pub news: Option<News>,
}

/// News for the channels.
pub struct News {
    channels: Vec<StoredChannel>,
    matters: Vec<Matter>,
    logins: Vec<NewPlace>,
    digests: Vec<Digest>,
    at: Timestamp,
}

/// Looks at what needs the owner, and compares it with what was told.
pub fn look(
    connection: &Connection,
    surroundings: &Surroundings,
    memory: &mut Memory,
    now: Timestamp,
) -> Result<Findings> {
    let changes = memory.watch.look(connection, now)?;
    let mut channels = channels::list(connection)?;
    channels.retain(|channel| !channel.terms.is_paused);
    if channels.is_empty() {
        let news = None;
        return Ok(Findings { changes, news });
    }
    let open = issues::open(connection)?;
    let matters = matters(connection, &memory.watch, surroundings, &open, now)?;
    let mut logins = known_clients::new_places(connection, now - NEWS)?;
    logins.retain(|login| {
        let mut wanting = told_of_logins(&channels);
        wanting.any(|channel| !memory.told.contains(&login_key(channel, login)))
    });
    let digests = digests::due(connection, &channels, &memory.told, &matters, now)?;
    let is_nothing =
        logins.is_empty() && digests.is_empty() && notices::is_settled(&open, &matters, now);
    let news = News {
        channels,
        matters,
        logins,
        digests,
        at: now,
    };
    Ok(Findings {
        changes,
        news: (!is_nothing).then_some(news),
    })
}

fn matters(
    connection: &Connection,
    watch: &AttentionWatch,
    surroundings: &Surroundings,
    open: &[Issue],
    now: Timestamp,
) -> Result<Vec<Matter>> {
    let webhooks = webhooks::list(connection)?.into_iter();
    let names: BTreeMap<WebhookId, String> =
        webhooks.map(|webhook| (webhook.id, webhook.name)).collect();
    let mut matters = Vec::new();
    for (webhook, attention) in watch.known() {
        let name = names.get(webhook).map_or("", String::as_str);
        for one in attention {
            matters.push(of_attention(connection, webhook, name, one)?);
        }
    }
    matters.extend(surroundings.matters(connection, open, now)?);
    matters.extend(not_passed_on(connection)?.iter().map(of_forward));
    Ok(matters)
}

fn told_of_logins(channels: &[StoredChannel]) -> impl Iterator<Item = &StoredChannel> {
    let channels = channels.iter();
    channels.filter(|channel| channel.terms.tells.has(Topic::Login))
}

fn login_name(login: &NewPlace) -> String {
    format!("login_{}", login.id)
}

fn login_key(channel: &StoredChannel, login: &NewPlace) -> String {
    format!("{} {}", channel.id, login_name(login))
}

/// Tells what a look found to be news.
pub async fn tell(store: &Store, news: Option<News>, memory: &Mutex<Memory>) -> Result<()> {
    let Some(news) = news else {
        return Ok(());
    };
    let mut names: Vec<String> = news.digests.iter().map(Digest::key).collect();
    for login in &news.logins {
        names.extend(told_of_logins(&news.channels).map(|channel| login_key(channel, login)));
    }
    let write = move |context: &mut WriteContext<'_>| put(context, &news);
    store.writer().run_shared(None, write).await?;
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    memory.told.extend(names);
    Ok(())
}

fn put(context: &mut WriteContext<'_>, news: &News) -> Result<()> {
    let now = news.at;
    notices::settle(context, &news.matters, now)?;
    for login in &news.logins {
        let (topic, notice, name) = (Topic::Login, login_notice(login), login_name(login));
        for channel in told_of_logins(&news.channels) {
            notices::tell_once(context, channel, &name, topic, &notice, now)?;
        }
    }
    for digest in &news.digests {
        let (channel, name) = (&digest.channel, &digest.name);
        notices::tell_once(context, channel, name, digest.topic, &digest.notice, now)?;
    }
    Ok(())
}

fn of_attention(
    connection: &Connection,
    webhook: &WebhookId,
    name: &str,
    attention: &Attention,
) -> Result<Matter> {
    let (topic, apart, count) = match attention {
        Attention::OutOfSync(instrument) => (Topic::OutOfSync, format!("sync {instrument}"), 0),
        Attention::PointValue(instrument, _) => {
            (Topic::OutOfSync, format!("point value {instrument}"), 0)
        }
        Attention::OtherCurrency(instrument, _) => {
            (Topic::OutOfSync, format!("currency {instrument}"), 0)
        }
        Attention::Departed(instrument, departure) => (
            Topic::Drift,
            format!("{instrument} {:?}", departure.side),
            0,
        ),
        Attention::Failed(count) => (Topic::Failed, String::new(), *count),
        Attention::Limited(count) => (Topic::Limited, String::new(), *count),
        Attention::Rejected(count) => (Topic::Rejected, String::new(), *count),
        Attention::ClockSetBack(count, _) => (Topic::Server, "clock".to_owned(), *count),
        Attention::Silent(_) => (Topic::Silence, String::new(), 0),
    };
    let lines = if topic == Topic::Failed {
        why_failed(connection, webhook)?
    } else {
        Vec::new()
    };
    Ok(Matter {
        name: name_of(topic, Some(webhook), &apart),
        topic,
        webhook: Some(webhook.clone()),
        title: format!("{name}: {attention}"),
        lines,
        count,
    })
}

/// The cause of the newest alert that failed, and its remedy.
fn why_failed(connection: &Connection, webhook: &WebhookId) -> Result<Vec<String>> {
    let filter = EventFilter {
        webhook: Some(webhook.clone()),
        status: Some(EventStatus::Failed),
        ..EventFilter::default()
    };
    let newest = events::list(connection, &filter, 1)?.into_iter().next();
    let error = newest.and_then(|event| event.error);
    Ok(error.map_or_else(Vec::new, |error| vec![error.message, error.hint]))
}

/// Tells of a forward with messages which nobody took, or nobody knows of.
fn of_forward(found: &NotPassedOn) -> Matter {
    let (id, webhook) = (found.forward.id, &found.forward.webhook);
    let origin = &found.forward.terms.origin;
    Matter {
        name: name_of(Topic::Forward, Some(webhook), &id.to_string()),
        topic: Topic::Forward,
        webhook: Some(webhook.clone()),
        title: format!("{id} to {origin}: alerts were not passed on"),
        lines: vec![found.counts(), found.next()],
        count: i64::try_from(found.dead + found.unknown).unwrap_or(i64::MAX),
    }
}

fn login_notice(login: &NewPlace) -> Notice {
    let device = login
        .user_agent
        .clone()
        .unwrap_or_else(|| "an unknown program".to_owned());
    let address = login
        .address
        .clone()
        .unwrap_or_else(|| "an unknown address".to_owned());
    Notice::Text {
        topic: Topic::Login,
        title: format!("A login from a new place: {address}"),
        lines: vec![
            format!("{device}, at {:.0}", login.at),
            "Was that not you? Change the password: every session ends.".to_owned(),
        ],
        is_fault: true,
    }
}
