//! The digests of a day and of a week: trades, profit, failures, match rates, and what still waits.

use std::collections::BTreeSet;

use jiff::civil::{Time, Weekday};
use jiff::{Timestamp, ToSpan};

use crate::domain::channel::Topic;
use crate::domain::notice::Notice;
use crate::journal::notices::Matter;
use crate::reports::digest;
use crate::store::channels::StoredChannel;
use crate::store::{Connection, Result};

/// Time of day of digests, in the channel's zone.
const AT: Time = Time::constant(8, 0, 0, 0);

/// A digest that is due.
pub struct Digest {
    /// The channel that it is for.
    pub channel: StoredChannel,
    /// Its name, by which it is told once.
    pub name: String,
    /// Its topic.
    pub topic: Topic,
    /// Its message.
    pub notice: Notice,
}

impl Digest {
    /// Its name with the channel's.
    pub fn key(&self) -> String {
        key(&self.channel, &self.name)
    }
}

fn key(channel: &StoredChannel, name: &str) -> String {
    format!("{} {name}", channel.id)
}

/// The digests that are due and were not told.
pub fn due(
    connection: &Connection,
    channels: &[StoredChannel],
    told: &BTreeSet<String>,
    open: &[Matter],
    now: Timestamp,
) -> Result<Vec<Digest>> {
    let mut due = Vec::new();
    for channel in channels {
        let zone = channel.terms.zone();
        let today = zone.to_datetime(now).date();
        let Ok(morning) = zone.to_timestamp(today.to_datetime(AT)) else {
            continue;
        };
        // One that was made after breakfast begins tomorrow.
        if now < morning || channel.created_at > morning {
            continue;
        }
        for (topic, days) in [(Topic::Daily, 1_i64), (Topic::Weekly, 7)] {
            let is_its_day = topic == Topic::Daily || today.weekday() == Weekday::Monday;
            let name = format!("{topic}_{today}");
            if !is_its_day || !channel.terms.tells.has(topic) || told.contains(&key(channel, &name))
            {
                continue;
            }
            let begin = today.checked_sub(days.days()).unwrap_or(today);
            let midnight =
                |date: jiff::civil::Date| zone.to_timestamp(date.to_datetime(Time::midnight()));
            let (Ok(from), Ok(to)) = (midnight(begin), midnight(today)) else {
                continue;
            };
            let title = if topic == Topic::Daily {
                format!("algohook: {begin}")
            } else {
                format!("algohook: the week from {begin}")
            };
            due.push(Digest {
                channel: channel.clone(),
                name,
                topic,
                notice: Notice::Text {
                    topic,
                    title,
                    lines: lines(connection, channel, open, from, to)?,
                    is_fault: false,
                },
            });
        }
    }
    Ok(due)
}

/// Events of the time, how well they match the backtests, and what still waits for the owner; of
/// the channel's webhooks alone.
fn lines(
    connection: &Connection,
    channel: &StoredChannel,
    open: &[Matter],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<String>> {
    let scope = &channel.terms.webhooks;
    let mut lines = digest::happened(connection, scope, from, to)?;
    lines.extend(digest::match_rates(connection, scope)?);
    let is_of = |matter: &&Matter| {
        let webhook = matter.webhook.as_ref();
        webhook.is_none_or(|webhook| scope.is_empty() || scope.contains(webhook))
    };
    let open = open.iter().filter(is_of);
    lines.extend(open.map(|matter| format!("Open: {}", matter.title)));
    Ok(lines)
}
