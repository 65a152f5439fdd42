//! The digests of a day and of a week: trades, profit, failures, and what still waits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::domain::channel::Topic;
use crate::domain::event::EventStatus;
use crate::domain::money::Decimal;
use crate::domain::notice::Notice;
use crate::journal::notices::Matter;
use crate::store::channels::StoredChannel;
use crate::store::event_log;
use crate::store::events::EventFilter;
use crate::store::trades::{self, TradeFilter};
use crate::store::{Connection, Result};

/// When digests are told, in the channel's zone.
const AT: Time = Time::constant(8, 0, 0, 0);

/// Trades that a digest adds up at most.
const MOST_TRADES: u32 = 100_000;

/// A digest that is due.
pub struct Digest {
    /// The channel that it is for.
    pub channel: StoredChannel,
    /// Its name, by which it is told once.
    pub name: String,
    /// Its topic.
    pub topic: Topic,
    /// What it says.
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
        let zone = TimeZone::get(&channel.terms.zone).unwrap_or(TimeZone::UTC);
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

fn lines(
    connection: &Connection,
    channel: &StoredChannel,
    open: &[Matter],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<String>> {
    let filter = TradeFilter {
        webhooks: channel.terms.webhooks.clone(),
        from: Some(from),
        to: Some(to),
        ..TradeFilter::default()
    };
    let mut profits: BTreeMap<String, (u32, Decimal)> = BTreeMap::new();
    for trade in trades::list(connection, &filter, MOST_TRADES)? {
        let (count, sum) = profits.entry(trade.currency).or_default();
        *count += 1;
        *sum = sum.checked_add(trade.trade.net_profit).unwrap_or(*sum);
    }
    let mut lines: Vec<String> = profits
        .into_iter()
        .map(|(currency, (count, sum))| {
            let trades = if count == 1 {
                "1 trade".to_owned()
            } else {
                format!("{count} trades")
            };
            let sign = if sum > Decimal::ZERO { "+" } else { "" };
            format!("{trades}: {sign}{} {currency}", sum.round_dp(2).normalize())
        })
        .collect();
    if lines.is_empty() {
        lines.push("No trade was closed.".to_owned());
    }
    let filter = EventFilter {
        from: Some(from),
        to: Some(to),
        ..EventFilter::default()
    };
    let counts = event_log::summary(connection, &filter)?.counts;
    let all: i64 = counts.iter().map(|of| of.events).sum();
    let is_failed = |of: &&event_log::StatusCount| of.status == EventStatus::Failed;
    let failed: i64 = counts.iter().filter(is_failed).map(|of| of.events).sum();
    lines.push(format!("Alerts: {all}, {failed} of them failed"));
    lines.extend(open.iter().map(|matter| format!("Open: {}", matter.title)));
    Ok(lines)
}
