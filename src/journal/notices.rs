//! Telling the owner: rows in the outbox, in the transaction of what they tell of.
//!
//! What comes within two seconds becomes one message, so that a bar on which ten strategies
//! trade is one buzz of a phone. Faults wait for nobody's morning; the rest keeps quiet hours.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::deliveries::{Delivery, Reading, Recorded};
use super::{Remembered, ledgers};
use crate::domain::channel::Topic;
use crate::domain::event::EventSource;
use crate::domain::notice::{Notice, Notices};
use crate::domain::webhook::WebhookId;
use crate::store::channels::{self, StoredChannel};
use crate::store::outbox::{self, NewRow};
use crate::store::{Connection, Result, WriteContext, issues};

/// The kind of row that a message to the owner is.
pub const KIND: &str = "notification";

/// Time for which a message waits for others.
const TOGETHER: SignedDuration = SignedDuration::from_secs(2);

/// Time after which what is no fault is of no use any more.
const STALE: SignedDuration = SignedDuration::from_hours(48);

/// Time after which the owner is reminded of what is still wrong.
const REMIND_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The channels that are not paused; read when first needed.
#[derive(Debug, Default)]
pub struct Channels(Option<Arc<Vec<StoredChannel>>>);

impl Channels {
    /// Forgets everything; it is read again from the database when needed.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    fn get(&mut self, connection: &Connection) -> Result<Arc<Vec<StoredChannel>>> {
        if let Some(channels) = &self.0 {
            return Ok(Arc::clone(channels));
        }
        let mut channels = channels::list(connection)?;
        channels.retain(|channel| !channel.terms.is_paused);
        let channels = Arc::new(channels);
        self.0 = Some(Arc::clone(&channels));
        Ok(channels)
    }
}

/// Tells of the order of a delivery, where it made one.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub(super) fn tell_order(
    context: &mut WriteContext<'_>,
    webhook: i64,
    delivery: &Delivery,
    recorded: &Recorded,
) -> Result<()> {
    let is_live = matches!(
        delivery.source,
        EventSource::Webhook | EventSource::Reprocessed
    );
    let (true, Some(order)) = (is_live, recorded.order) else {
        return Ok(());
    };
    let now = delivery.clock_time();
    if !is_told(context, Topic::Order, &delivery.webhook)? {
        return Ok(());
    }
    // Those that come until it is told change it.
    let position = match &delivery.reading {
        Reading::Signal(parsed) => ledgers::position_of(context, webhook, &parsed.signal.ticker)?,
        Reading::Withheld(..) | Reading::Failed(_) => None,
    };
    let notice = Notice::Order {
        order: order.0,
        position,
    };
    tell(context, Topic::Order, Some(&delivery.webhook), &notice, now)
}

/// True if any channel tells of a topic and a webhook.
fn is_told(context: &mut WriteContext<'_>, topic: Topic, webhook: &WebhookId) -> Result<bool> {
    let connection = context.connection;
    let channels = Remembered::of(context).channels.get(connection)?;
    Ok(channels
        .iter()
        .any(|channel| wants(channel, topic, Some(webhook))))
}

/// Tells a notice to every channel that tells of its topic and webhook.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn tell(
    context: &mut WriteContext<'_>,
    topic: Topic,
    webhook: Option<&WebhookId>,
    notice: &Notice,
    now: Timestamp,
) -> Result<()> {
    let connection = context.connection;
    let channels = Remembered::of(context).channels.get(connection)?;
    for channel in channels
        .iter()
        .filter(|channel| wants(channel, topic, webhook))
    {
        put(context, channel, topic, notice, now)?;
    }
    Ok(())
}

fn wants(channel: &StoredChannel, topic: Topic, webhook: Option<&WebhookId>) -> bool {
    let terms = &channel.terms;
    let is_of = webhook.is_none_or(|id| terms.webhooks.is_empty() || terms.webhooks.contains(id));
    is_of && terms.tells.has(topic)
}

/// Tells a channel a notice once, under a name.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn tell_once(
    context: &mut WriteContext<'_>,
    channel: &StoredChannel,
    name: &str,
    topic: Topic,
    notice: &Notice,
    now: Timestamp,
) -> Result<()> {
    let mut notices = Notices::default();
    notices.push(notice.clone());
    let row = row(channel, name.to_owned(), &notices, topic, now, now);
    outbox::put(context, &row, now).map(drop)
}

fn put(
    context: &mut WriteContext<'_>,
    channel: &StoredChannel,
    topic: Topic,
    notice: &Notice,
    now: Timestamp,
) -> Result<()> {
    let (lane, is_vital) = (channel.lane(), topic.is_fault());
    let due_at = due_at(channel, is_vital, now);
    let waiting = outbox::joinable(context.connection, &lane, KIND, is_vital, now, due_at)?;
    // One that cannot be read is left to its sender, who says so.
    let waiting =
        waiting.and_then(|(id, body)| Some((id, serde_json::from_slice::<Notices>(&body).ok()?)));
    if let Some((id, mut notices)) = waiting {
        notices.push(notice.clone());
        return outbox::rewrite(context.connection, id, &bytes(&notices));
    }
    let mut notices = Notices::default();
    notices.push(notice.clone());
    let name = format!(
        "msg_{}{}",
        now.as_microsecond(),
        if is_vital { "f" } else { "" }
    );
    let row = row(channel, name, &notices, topic, now, due_at);
    outbox::put(context, &row, now).map(drop)
}

/// Time at which a message is sent: after a short wait for others to join it, or at the end of the
/// quiet hours.
fn due_at(channel: &StoredChannel, is_vital: bool, now: Timestamp) -> Timestamp {
    let zone = channel.terms.zone();
    let quiet = channel.terms.quiet.filter(|_| !is_vital);
    let morning = quiet.and_then(|quiet| quiet.end(now, &zone));
    morning.unwrap_or_else(|| now.checked_add(TOGETHER).unwrap_or(now))
}

/// Moves the messages that a channel holds back to the end of its new quiet hours; without quiet
/// hours they are sent at once.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn follow_quiet(
    context: &mut WriteContext<'_>,
    channel: &StoredChannel,
    now: Timestamp,
) -> Result<()> {
    // A message that only waits for others to join it stays as it is.
    let soon = now.checked_add(TOGETHER).unwrap_or(now);
    let due_at = due_at(channel, false, now);
    outbox::hold_until(context, &channel.lane(), KIND, soon, due_at)
}

fn row(
    channel: &StoredChannel,
    about: String,
    notices: &Notices,
    topic: Topic,
    now: Timestamp,
    due_at: Timestamp,
) -> NewRow {
    let is_vital = topic.is_fault();
    NewRow {
        lane: channel.lane(),
        kind: KIND,
        about,
        body: bytes(notices),
        // A message that comes twice is better than one that never comes.
        repeatable: true,
        vital: is_vital,
        due_at,
        expires_at: (!is_vital).then(|| now.checked_add(STALE).unwrap_or(Timestamp::MAX)),
        event: None,
        via: String::new(),
    }
}

fn bytes(notices: &Notices) -> Vec<u8> {
    serde_json::to_vec(notices).unwrap_or_default()
}

/// Something that is wrong now, by the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Its name, the same for as long as it lasts.
    pub name: String,
    /// Its topic.
    pub topic: Topic,
    /// The webhook that it concerns.
    pub webhook: Option<WebhookId>,
    /// A line that says it.
    pub title: String,
    /// Further lines.
    pub lines: Vec<String>,
    /// Times that it happened, where they are counted.
    pub count: i64,
}

impl Matter {
    fn notice(&self, title: String, lines: Vec<String>, is_fault: bool) -> Notice {
        Notice::Text {
            topic: self.topic,
            title,
            lines,
            is_fault,
        }
    }
}

/// Reports whether [`settle`] would change nothing: every matter is one of the `open` issues,
/// counted as far and told of within the day, and nothing else is open.
#[must_use]
pub fn is_settled(open: &[issues::Issue], wrong: &[Matter], now: Timestamp) -> bool {
    let is_known = |matter: &Matter| {
        let issue = open.iter().find(|issue| issue.matter == matter.name);
        issue.is_some_and(|issue| matter.count <= issue.count && !is_due(issue, now))
    };
    let is_wrong = |issue: &issues::Issue| wrong.iter().any(|matter| matter.name == issue.matter);
    wrong.iter().all(is_known) && open.iter().all(is_wrong)
}

/// Reports whether the owner is to be reminded of an issue.
fn is_due(issue: &issues::Issue, now: Timestamp) -> bool {
    issue.told_at.duration_until(now) >= REMIND_AFTER
}

/// Opens issues for what is wrong and was not, counts on those that are open, reminds of them
/// daily, and closes those that are over. Each change is told once.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn settle(context: &mut WriteContext<'_>, wrong: &[Matter], now: Timestamp) -> Result<()> {
    let open = issues::open(context.connection)?;
    for matter in wrong {
        let Some(issue) = open.iter().find(|issue| issue.matter == matter.name) else {
            issues::insert(
                context.connection,
                &matter.name,
                &matter.title,
                matter.count,
                now,
            )?;
            let notice = matter.notice(matter.title.clone(), matter.lines.clone(), true);
            tell(context, matter.topic, matter.webhook.as_ref(), &notice, now)?;
            continue;
        };
        let count = issue.count.max(matter.count);
        let is_due = is_due(issue, now);
        let told_at = if is_due { now } else { issue.told_at };
        if is_due {
            let title = format!("Still: {}", matter.title);
            let mut lines = vec![since(issue.opened_at, count)];
            lines.extend(matter.lines.iter().cloned());
            let notice = matter.notice(title, lines, true);
            tell(context, matter.topic, matter.webhook.as_ref(), &notice, now)?;
        }
        if (count, told_at) != (issue.count, issue.told_at) {
            issues::update(context.connection, issue.id, count, told_at)?;
        }
    }
    let is_over = |issue: &&issues::Issue| !wrong.iter().any(|matter| matter.name == issue.matter);
    for issue in open.iter().filter(is_over) {
        issues::close(context.connection, issue.id, now)?;
        let (topic, webhook) = of_name(&issue.matter);
        let notice = Notice::Text {
            topic,
            title: format!("Over: {}", issue.title),
            lines: vec![since(issue.opened_at, issue.count)],
            is_fault: false,
        };
        tell(context, topic, webhook.as_ref(), &notice, now)?;
    }
    Ok(())
}

fn since(opened_at: Timestamp, count: i64) -> String {
    let opened = opened_at.strftime("%Y-%m-%d %H:%M");
    match count {
        ..=0 => format!("since {opened} UTC"),
        1 => format!("since {opened} UTC, once"),
        count => format!("since {opened} UTC, {count} times"),
    }
}

/// The name of a matter: its topic, its webhook where it has one, and what else tells it apart.
#[must_use]
pub fn name_of(topic: Topic, webhook: Option<&WebhookId>, apart: &str) -> String {
    format!("{topic}/{}/{apart}", webhook.map_or("", WebhookId::as_str))
}

fn of_name(name: &str) -> (Topic, Option<WebhookId>) {
    let mut parts = name.splitn(3, '/');
    let topic = parts
        .next()
        .and_then(|topic| topic.parse().ok())
        .unwrap_or(Topic::Server);
    (topic, parts.next().and_then(|id| id.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::scratch::Scratch;

    #[test]
    fn nothing_is_written_of_what_did_not_change() {
        let mut scratch = Scratch::new();
        let start: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        let matter = |name: &str, count| Matter {
            name: name_of(Topic::Server, None, name),
            topic: Topic::Server,
            webhook: None,
            title: name.to_owned(),
            lines: Vec::new(),
            count,
        };
        let settled = |scratch: &Scratch, wrong: &[Matter], now| {
            is_settled(&issues::open(&scratch.connection).unwrap(), wrong, now)
        };
        assert!(settled(&scratch, &[], start));
        let one = [matter("one", 1)];
        assert!(!settled(&scratch, &one, start), "it began");
        settle(&mut scratch.context(), &one, start).unwrap();
        assert!(settled(&scratch, &one, start));
        let later = start + SignedDuration::from_hours(23);
        assert!(settled(&scratch, &one, later));
        assert!(
            !settled(&scratch, &[matter("one", 2)], later),
            "it counts on"
        );
        let both = [matter("one", 1), matter("two", 0)];
        assert!(!settled(&scratch, &both, later), "another one began");
        assert!(!settled(&scratch, &[], later), "it is over");
        let day = start + REMIND_AFTER;
        assert!(!settled(&scratch, &one, day), "its owner is reminded");
        settle(&mut scratch.context(), &one, day).unwrap();
        assert!(settled(&scratch, &one, day));
    }
}
