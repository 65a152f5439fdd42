//! Tells the owner what is wrong and what is over, of logins from new places, and the digests of
//! days and weeks.
//!
//! The rules are those of the dashboard. While there is no channel nothing is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::digests::{self, Digest};
use crate::clock::{Clock, SystemClock};
use crate::domain::attention::Attention;
use crate::domain::channel::Topic;
use crate::domain::event::EventStatus;
use crate::domain::notice::Notice;
use crate::domain::webhook::WebhookId;
use crate::journal::notices::{self, Matter, name_of};
use crate::reports::AttentionWatch;
use crate::store::backup::BackupState;
use crate::store::channels::StoredChannel;
use crate::store::events::{self, EventFilter};
use crate::store::known_clients::{self, NewPlace};
use crate::store::{Connection, Result, Store, WriteContext, channels, forwards, outbox, webhooks};
use crate::workers::{Board, Outcome};

/// The shortest time between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// How long it is waited for an event or an act after that.
const WAIT: Duration = Duration::from_mins(1);

/// Time within which a login is news.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

/// What is looked at beside the database.
#[derive(Clone)]
pub struct Surroundings {
    /// The state of the backups.
    pub backups: BackupState,
    /// How the background tasks are.
    pub workers: Board,
}

/// What one look found.
struct Found {
    channels: Vec<StoredChannel>,
    matters: Vec<Matter>,
    logins: Vec<NewPlace>,
    digests: Vec<Digest>,
}

/// Looks and tells for as long as it is polled.
pub async fn run(store: Arc<Store>, surroundings: Surroundings, clock: SystemClock) -> Outcome {
    let (mut newest, mut acts) = (store.signals().newest(), store.signals().acts());
    let watch = Arc::new(Mutex::new(AttentionWatch::default()));
    let mut told = BTreeSet::new();
    loop {
        newest.mark_unchanged();
        acts.mark_unchanged();
        if let Err(error) = tell(&store, &surroundings, &watch, &mut told, clock).await {
            tracing::warn!(%error, "the owner could not be told what happened; it is tried again");
        }
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            _ = newest.changed() => {}
            _ = acts.changed() => {}
            () = tokio::time::sleep(WAIT) => {}
        }
    }
}

async fn tell(
    store: &Store,
    surroundings: &Surroundings,
    watch: &Arc<Mutex<AttentionWatch>>,
    told: &mut BTreeSet<String>,
    clock: SystemClock,
) -> Result<()> {
    let (watch, faults, now) = (Arc::clone(watch), faults(surroundings), clock.now());
    let known = told.clone();
    let look = move |connection: &Connection| {
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        look(connection, &mut watch, &faults, &known, now)
    };
    let found = store.readers().run(look).await?;
    if found.channels.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = found.digests.iter().map(Digest::key).collect();
    let write = move |context: &mut WriteContext<'_>| {
        notices::settle(context, &found.matters, now)?;
        for login in &found.logins {
            let (topic, notice) = (Topic::Login, login_notice(login));
            for channel in found
                .channels
                .iter()
                .filter(|channel| channel.terms.tells.has(topic))
            {
                let name = format!("login_{}", login.id);
                notices::tell_once(context, channel, &name, topic, &notice, now)?;
            }
        }
        for digest in &found.digests {
            let (channel, name) = (&digest.channel, &digest.name);
            notices::tell_once(context, channel, name, digest.topic, &digest.notice, now)?;
        }
        Ok(())
    };
    store.writer().run_shared(None, write).await?;
    told.extend(names);
    Ok(())
}

/// The faults of the server itself.
fn faults(surroundings: &Surroundings) -> Vec<String> {
    let backups = surroundings.backups.fault();
    backups
        .into_iter()
        .chain(surroundings.workers.faults())
        .collect()
}

fn look(
    connection: &Connection,
    watch: &mut AttentionWatch,
    faults: &[String],
    told: &BTreeSet<String>,
    now: Timestamp,
) -> Result<Found> {
    let mut channels = channels::list(connection)?;
    channels.retain(|channel| !channel.terms.is_paused);
    if channels.is_empty() {
        return Ok(Found {
            channels,
            matters: Vec::new(),
            logins: Vec::new(),
            digests: Vec::new(),
        });
    }
    watch.look(connection, now)?;
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
    matters.extend(faults.iter().map(|fault| of_server(fault)));
    matters.extend(of_forwards(connection)?);
    let digests = digests::due(connection, &channels, told, &matters, now)?;
    Ok(Found {
        channels,
        matters,
        logins: known_clients::new_places(connection, now - NEWS)?,
        digests,
    })
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

fn of_server(fault: &str) -> Matter {
    Matter {
        name: name_of(
            Topic::Server,
            None,
            fault.split([':', '.']).next().unwrap_or(fault),
        ),
        topic: Topic::Server,
        webhook: None,
        title: fault.to_owned(),
        lines: Vec::new(),
        count: 0,
    }
}

/// Forwards that have messages which nobody took, or nobody knows of.
fn of_forwards(connection: &Connection) -> Result<Vec<Matter>> {
    let mut matters = Vec::new();
    for forward in forwards::list(connection)? {
        let counts = outbox::counts(connection, &forward.lane())?;
        let (dead, unknown) = (counts.dead, counts.unknown);
        if dead + unknown == 0 {
            continue;
        }
        let id = forward.id;
        matters.push(Matter {
            name: name_of(Topic::Forward, Some(&forward.webhook), &id.to_string()),
            topic: Topic::Forward,
            webhook: Some(forward.webhook),
            title: format!(
                "{id} to {}: alerts were not passed on",
                forward.terms.origin
            ),
            lines: vec![
                format!("{dead} not taken, {unknown} of which nobody knows"),
                format!("algohook outbox --target {id} shows them; send them again, or drop them"),
            ],
            count: i64::try_from(dead + unknown).unwrap_or(i64::MAX),
        });
    }
    Ok(matters)
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
