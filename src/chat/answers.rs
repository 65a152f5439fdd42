//! Answers to those who ask: read, never written.

use jiff::{SignedDuration, Timestamp};

use super::command::{Command, Named, named};
use crate::domain::book::Book;
use crate::domain::currency::signed;
use crate::domain::moment::{Moment, Range};
use crate::domain::money::Decimal;
use crate::domain::webhook::WebhookState;
use crate::reports::digest::{happened, of_scope};
use crate::reports::{AttentionWatch, ReportFilter, mixed_currencies, profits};
use crate::store::channels::StoredChannel;
use crate::store::webhooks::StoredWebhook;
use crate::store::{Connection, Result, StoreError, events, forwards, outbox, positions};

/// Days that `/report` is of.
const REPORTED_DAYS: i64 = 30;

/// Positions that are listed.
const MOST_POSITIONS: usize = 50;

/// An answer: a line that says it, and the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The line.
    pub title: String,
    /// Further lines.
    pub lines: Vec<String>,
}

impl Answer {
    /// An answer of these lines.
    pub fn of(title: impl Into<String>, lines: impl IntoIterator<Item = String>) -> Self {
        Self {
            title: title.into(),
            lines: lines.into_iter().collect(),
        }
    }

    /// An answer of one line, and what to do.
    pub fn hint(title: impl Into<String>, hint: &str) -> Self {
        Self::of(title, [hint.to_owned()])
    }
}

/// The answer to a command that only asks; none to one that acts.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn answer(
    connection: &Connection,
    channel: &StoredChannel,
    command: &Command,
    faults: &[String],
    now: Timestamp,
) -> Result<Option<Answer>> {
    let scope = &channel.terms.webhooks;
    Ok(Some(match command {
        Command::Status => status(connection, &of_scope(connection, scope)?, faults, now)?,
        Command::Today => {
            let zone = channel.terms.zone();
            let today = zone.to_datetime(now).date();
            let midnight = zone.to_timestamp(today.at(0, 0, 0, 0)).unwrap_or(now);
            let lines = happened(connection, scope, midnight, now)?;
            Answer::of(
                format!("{today}, until now ({})", channel.terms.zone),
                lines,
            )
        }
        Command::Positions => open_positions(connection, &of_scope(connection, scope)?)?,
        Command::Report(name) => report(
            connection,
            &of_scope(connection, scope)?,
            name.as_deref(),
            now,
        )?,
        Command::Help | Command::Unknown => help(),
        Command::Start(_)
        | Command::Pause(_)
        | Command::Resume(_)
        | Command::Halt
        | Command::Confirm(_) => return Ok(None),
    }))
}

fn help() -> Answer {
    let lines = [
        "/status: the server and every webhook",
        "/today: today’s trades and alerts",
        "/positions: what is open",
        "/report NAME: 30 days, of all webhooks or of one",
        "/pause NAME: alerts of a webhook make no order",
        "/halt: pause every webhook and every forward",
        "/resume NAME: after a code; without a name, what was halted",
        "NAME is a webhook’s name, how it begins, or its number in /status.",
    ];
    Answer::of("Commands", lines.map(str::to_owned))
}

/// The answer where a name does not say which webhook is meant.
pub fn which(among: &[StoredWebhook], command: &str) -> Answer {
    if among.is_empty() {
        return Answer::hint(
            format!("{command}: no webhook"),
            "There is no webhook to do that with.",
        );
    }
    let names = among.iter().zip(1..);
    let names = names.map(|(webhook, number)| format!("{number}. {}", webhook.name));
    Answer::of(format!("{command}: which webhook?"), names)
}

fn status(
    connection: &Connection,
    webhooks: &[StoredWebhook],
    faults: &[String],
    now: Timestamp,
) -> Result<Answer> {
    let mut watch = AttentionWatch::default();
    watch.look(connection, now)?;
    let (mut lines, mut count) = (Vec::new(), faults.len());
    lines.extend(faults.iter().map(|fault| format!("! {fault}")));
    for (webhook, number) in webhooks.iter().zip(1..) {
        let last = events::last_alert(connection, webhook.row)?;
        let last = last.map_or_else(
            || "no alert yet".to_owned(),
            |last| format!("last alert {}", ago(last, now)),
        );
        let (name, state) = (&webhook.name, state_of(webhook));
        lines.push(format!("{number}. {name}: {state}, {last}"));
        let attention = watch.known().find(|(id, _)| **id == webhook.id);
        for matter in attention.map_or(&[][..], |(_, attention)| attention) {
            count += 1;
            lines.push(format!("  ! {matter}"));
        }
    }
    let (mut waiting, mut dead) = (0, 0);
    for forward in forwards::list(connection)? {
        if webhooks.iter().any(|webhook| webhook.id == forward.webhook) {
            let counts = outbox::counts(connection, &forward.lane())?;
            waiting += counts.waiting;
            dead += counts.dead + counts.unknown;
        }
    }
    if waiting + dead > 0 {
        lines.push(format!("Forwards: {waiting} waiting, {dead} not passed on"));
    }
    let title = match count {
        0 => "All is well".to_owned(),
        1 => "1 thing needs you".to_owned(),
        count => format!("{count} things need you"),
    };
    let is_paused = |webhook: &&StoredWebhook| webhook.state == WebhookState::Paused;
    let title = match webhooks.iter().filter(is_paused).count() {
        0 => title,
        paused => format!("{title}, {paused} paused"),
    };
    Ok(Answer::of(title, lines))
}

fn state_of(webhook: &StoredWebhook) -> &'static str {
    match webhook.state {
        WebhookState::Active => "active",
        WebhookState::Paused => "paused",
        WebhookState::Archived => "archived",
    }
}

/// A time before now, as one says it.
pub fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    let (count, unit) = match seconds {
        ..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

fn open_positions(connection: &Connection, webhooks: &[StoredWebhook]) -> Result<Answer> {
    let mut lines = Vec::new();
    for webhook in webhooks {
        for position in positions::list(connection, Some(&webhook.id), None)? {
            let Some(ledger) = &position.ledger else {
                lines.push(format!(
                    "{}: {} is being counted again",
                    webhook.name, position.instrument
                ));
                continue;
            };
            let held = ledger.position();
            if held == Decimal::ZERO {
                continue;
            }
            let side = if held > Decimal::ZERO {
                "long"
            } else {
                "short"
            };
            let profit = position.open_profit().map_or_else(String::new, |profit| {
                format!(
                    ", open {} {}",
                    signed(profit, &position.currency),
                    position.currency
                )
            });
            let (name, quantity) = (&webhook.name, held.abs().normalize());
            lines.push(format!(
                "{name}: {side} {quantity} {}{profit}",
                position.instrument
            ));
        }
    }
    let title = match lines.len() {
        0 => "No position is open".to_owned(),
        1 => "1 position is open".to_owned(),
        count => format!("{count} positions are open"),
    };
    let beyond = lines.len().saturating_sub(MOST_POSITIONS);
    lines.truncate(MOST_POSITIONS);
    if beyond > 0 {
        lines.push(format!("and {beyond} more"));
    }
    Ok(Answer::of(title, lines))
}

fn report(
    connection: &Connection,
    webhooks: &[StoredWebhook],
    name: Option<&str>,
    now: Timestamp,
) -> Result<Answer> {
    let of = match name.map(|name| named(webhooks, Some(name), |webhook| &webhook.name)) {
        None => webhooks.iter().collect(),
        Some(Named::One(webhook)) => vec![webhook],
        Some(Named::NotOne) => return Ok(which(webhooks, "/report")),
    };
    let whose = match of[..] {
        [one] => one.name.clone(),
        _ => format!("{} webhooks", of.len()),
    };
    let title = format!("{whose}, {REPORTED_DAYS} days");
    if of.is_empty() {
        return Ok(Answer::hint(title, "There is no webhook."));
    }
    let from = now.checked_sub(SignedDuration::from_hours(24 * REPORTED_DAYS));
    let from = from.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let filter = ReportFilter {
        webhooks: of.iter().map(|webhook| webhook.id.clone()).collect(),
        range: Range::new(Some(Moment::Time(from)), None).unwrap_or_default(),
        ..ReportFilter::default()
    };
    let mut lines = Vec::new();
    for (currency, (_, profits)) in profits(connection, &filter)? {
        lines.extend(figures(&currency, &profits));
    }
    if lines.is_empty() {
        lines.push("No trade was closed.".to_owned());
    }
    for webhook in of {
        let mixed = mixed_currencies(connection, webhook, Book::Alerts, None)?;
        lines.extend(mixed.map(|mixed| format!("Note: {mixed}.")));
    }
    Ok(Answer::of(title, lines))
}

/// The figures of trades in one currency.
fn figures(currency: &str, profits: &[Decimal]) -> Vec<String> {
    let add = |sum: Decimal, profit: &Decimal| sum.saturating_add(*profit);
    let won = || profits.iter().filter(|profit| **profit > Decimal::ZERO);
    let gained = won().fold(Decimal::ZERO, add);
    let net = profits.iter().fold(Decimal::ZERO, add);
    let lost = gained.saturating_sub(net);
    let (count, wins) = (profits.len(), won().count());
    if count == 0 {
        return Vec::new();
    }
    let percent = 100 * wins / count;
    let trades = if count == 1 { "trade" } else { "trades" };
    let mut lines = vec![
        format!("Net profit: {} {currency}", signed(net, currency)),
        format!("{count} {trades}, {wins} won ({percent} %)"),
    ];
    if let Some(factor) = gained.checked_div(lost) {
        lines.push(format!("Profit factor: {}", factor.round_dp(2).normalize()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_report() {
        let profits: Vec<Decimal> = [30, -10, 0, -5].map(Decimal::from).to_vec();
        assert_eq!(
            figures("USD", &profits),
            [
                "Net profit: +15.00 USD",
                "4 trades, 1 won (25 %)",
                "Profit factor: 2"
            ]
        );
        assert_eq!(figures("USD", &profits[..1]).len(), 2, "nothing was lost");
        assert_eq!(figures("USD", &[]), Vec::<String>::new());
    }

    #[test]
    fn a_time_is_said_as_one_says_it() {
        let now: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        let before = |seconds| ago(now - SignedDuration::from_secs(seconds), now);
        assert_eq!(before(-5), "just now");
        assert_eq!(before(61), "1 minute ago");
        assert_eq!(before(3600), "1 hour ago");
        assert_eq!(before(3 * 86_400), "3 days ago");
    }
}
