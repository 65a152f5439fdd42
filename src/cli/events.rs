//! `algohook events`: the event log in the terminal.

use std::collections::HashMap;
use std::io::Write;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::open::{self, WebhookArgument};
use super::output::{self, printable};
use crate::config::Config;
use crate::desk::events::Event;
use crate::desk::outbox::ForwardAnswer;
use crate::domain::event::{EventId, EventSource, EventStatus, Warning};
use crate::domain::webhook::WebhookId;
use crate::store::events::{self, EventFilter};
use crate::store::rejections::{self, Rejected};
use crate::store::{Store, event_log, orders, outbox, webhooks};

/// Interval at which `--follow` looks for new events.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Show what was received and what became of it
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Events {
    /// One event, to show it with its payload; or a webhook, as --webhook
    #[arg(value_name = "ID", conflicts_with = "webhook")]
    subject: Option<Subject>,
    /// Of one webhook: its id, or its name
    #[arg(long, value_name = "ID")]
    webhook: Option<WebhookArgument>,
    /// Of one status: processed, duplicate, ignored, failed or limited
    #[arg(long, value_name = "STATUS")]
    status: Option<EventStatus>,
    /// Of one ticker
    #[arg(long)]
    ticker: Option<String>,
    /// Show this many of the newest
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = output::how_many)]
    limit: u32,
    /// Go on with new ones as they come, and with requests that are refused
    #[arg(long, short)]
    follow: bool,
    /// Print JSON, one event a line
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook events --follow
  algohook events --status failed
  algohook events \"BTC Strategy\"
  algohook events evt_12";

/// The subject of the list: one event, or those of a webhook.
#[derive(Debug, Clone)]
enum Subject {
    Event(EventId),
    Webhook(WebhookArgument),
}

impl FromStr for Subject {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("evt_") {
            return Ok(Self::Event(text.parse()?));
        }
        Ok(Self::Webhook(text.parse()?))
    }
}

impl Events {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let is_filtered = self.status.is_some() || self.ticker.is_some() || self.follow;
        if matches!(self.subject, Some(Subject::Event(_))) && is_filtered {
            super::wrong_use("one event cannot be used with --status, --ticker or --follow");
        }
        let store = open::store(config)?;
        let webhook = match &self.subject {
            Some(Subject::Event(id)) => return self.show(&store, *id, out),
            Some(Subject::Webhook(webhook)) => Some(webhook),
            None => self.webhook.as_ref(),
        };
        let filter = EventFilter {
            webhook: webhook.map(|webhook| webhook.find(&store)).transpose()?,
            status: self.status,
            ticker: self.ticker.clone(),
            ..EventFilter::default()
        };
        let mut log = Log {
            out,
            store,
            json: self.json,
            names: HashMap::new(),
        };
        let from = log.end()?;
        let mut listed = log.newest(&filter, self.limit)?;
        listed.reverse();
        if listed.is_empty() && !self.json && !self.follow {
            let is_filtered = is_filtered || filter.webhook.is_some();
            let which = if is_filtered {
                "No such events"
            } else {
                "No events yet"
            };
            writeln!(log.out, "{which} in {}", config.data_dir.display())?;
        }
        let newest = listed.iter().map(|event| event.id).max();
        log.print(listed)?;
        if !self.follow {
            return Ok(());
        }
        let from = End {
            event: newest.map_or(from.event, |newest| newest.max(from.event)),
            ..from
        };
        log.follow(config, filter, from)
    }

    fn show(&self, store: &Store, id: EventId, out: &mut dyn Write) -> anyhow::Result<()> {
        let readers = store.readers();
        let event = Event::from(readers.run_blocking(|connection| events::get(connection, id))?);
        let rows = readers.run_blocking(|connection| outbox::of_event(connection, id))?;
        let answers = rows
            .into_iter()
            .map(|row| ForwardAnswer::of(row, event.received_at));
        let forwards: Vec<ForwardAnswer> = answers.collect();
        if self.json {
            return output::json(out, &Shown { event, forwards });
        }
        writeln!(out, "Event:     {}", event.id)?;
        writeln!(out, "Webhook:   {}", event.webhook)?;
        writeln!(out, "Received:  {}", event.received_at)?;
        if let Some(address) = &event.source_address {
            writeln!(out, "From:      {address}")?;
        }
        writeln!(out, "Source:    {}", event.source)?;
        writeln!(out, "Status:    {}", event.status)?;
        if let Some(order) = event.order {
            writeln!(out, "Order:     {order}")?;
        }
        if let Some(original) = event.original {
            writeln!(out, "Original:  {original}")?;
        }
        if let Some(error) = &event.error {
            writeln!(out, "Error:     {}", printable(&error.message))?;
            writeln!(out, "Hint:      {}", printable(&error.hint))?;
        }
        for warning in &event.warnings {
            writeln!(out, "Warning:   {}", printable(&warning.message))?;
        }
        for forward in &forwards {
            writeln!(out, "Forward:   {}", printable(&in_words(forward)))?;
        }
        let Some(payload) = &event.payload else {
            writeln!(out, "Payload:   no longer kept")?;
            return Ok(());
        };
        writeln!(out, "Payload:\n")?;
        for line in payload.lines() {
            writeln!(out, "  {}", printable(line))?;
        }
        Ok(())
    }
}

/// An event with what became of its forwards.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    event: Event,
    forwards: Vec<ForwardAnswer>,
}

/// The result of a forward, in a line.
fn in_words(forward: &ForwardAnswer) -> String {
    let item = &forward.item;
    let times = match (forward.sent_after_ms, forward.answered_after_ms) {
        (Some(sent), Some(answered)) => {
            format!(", sent after {sent:.0} ms, answered after {answered:.0} ms")
        }
        (Some(sent), None) => format!(", sent after {sent:.0} ms"),
        (None, _) => String::new(),
    };
    let tries = output::counted(&item.attempts, "attempt");
    let answer: String = item
        .last_answer
        .iter()
        .flat_map(|answer| answer.chars())
        .take(200)
        .collect();
    format!(
        "{} ({}): {} after {tries}{times}: {answer}",
        item.target, item.id, item.state
    )
}

/// The end of the log that was read.
#[derive(Clone, Copy)]
struct End {
    event: EventId,
    /// The number of a rejection.
    refused: i64,
}

/// The log as it is written, with the names of the webhooks seen so far.
struct Log<'a> {
    out: &'a mut dyn Write,
    store: Store,
    json: bool,
    names: HashMap<WebhookId, String>,
}

impl Log<'_> {
    fn end(&self) -> anyhow::Result<End> {
        let readers = self.store.readers();
        Ok(readers.run_blocking(|connection| {
            Ok(End {
                event: events::newest(connection)?,
                refused: rejections::newest(connection)?,
            })
        })?)
    }

    /// The newest by their time, which is not that of their recording where they were imported.
    fn newest(&self, filter: &EventFilter, limit: u32) -> anyhow::Result<Vec<Event>> {
        let readers = self.store.readers();
        let read = |connection: &_| event_log::page(connection, filter, None, limit);
        let (listed, _) = readers.run_blocking(read)?;
        Ok(listed.into_iter().map(Event::from).collect())
    }

    fn read(&self, filter: &EventFilter, limit: u32) -> anyhow::Result<Vec<Event>> {
        let readers = self.store.readers();
        let listed = readers.run_blocking(|connection| events::list(connection, filter, limit))?;
        Ok(listed.into_iter().map(Event::from).collect())
    }

    fn follow(
        &mut self,
        config: &Config,
        mut filter: EventFilter,
        mut end: End,
    ) -> anyhow::Result<()> {
        const AT_ONCE: u32 = 200;
        // A request without an event has no status and no ticker.
        let with_refused = !self.json && filter.status.is_none() && filter.ticker.is_none();
        loop {
            let now = Timestamp::now();
            filter.after = Some(end.event);
            let listed = self.read(&filter, AT_ONCE)?;
            let is_idle = listed.is_empty();
            end.event = listed.last().map_or(end.event, |last| last.id);
            self.print(listed)?;
            if with_refused {
                end.refused = self.print_refused(filter.webhook.as_ref(), end.refused)?;
            }
            if is_idle {
                thread::sleep(LOOK_EVERY);
            }
            if self.store.is_replaced() {
                end = self.reopen(config, now)?;
            }
        }
    }

    /// Goes over to the database that a restore put in the place of the one that is
    /// read; what it received since the last look is still to be printed.
    fn reopen(&mut self, config: &Config, last_look: Timestamp) -> anyhow::Result<End> {
        self.store = open::store(config)?;
        self.names.clear();
        let said = "(the database was replaced by a backup; following from here)";
        if self.json {
            eprintln!("{said}");
        } else {
            writeln!(self.out, "{said}")?;
            self.out.flush()?;
        }
        let before = EventFilter {
            to: Some(last_look),
            ..EventFilter::default()
        };
        let newest = self.read(&before, 1)?.first().map(|event| event.id);
        Ok(End {
            event: newest.unwrap_or(EventId(0)),
            ..self.end()?
        })
    }

    /// Prints what was refused after the rejection `after`; returns the last one's number.
    fn print_refused(&mut self, webhook: Option<&WebhookId>, after: i64) -> anyhow::Result<i64> {
        let read = |connection: &_| rejections::of_all(connection, after, Timestamp::MIN);
        let refused = self.store.readers().run_blocking(read)?;
        let last = refused.last().map_or(after, |last| last.number);
        for one in refused {
            if webhook.is_some_and(|webhook| *webhook != one.webhook) {
                continue;
            }
            let line = self.refused_line(&one)?;
            writeln!(self.out, "{line}")?;
            self.out.flush()?;
        }
        Ok(last)
    }

    fn refused_line(&mut self, refused: &Rejected) -> anyhow::Result<String> {
        let name = self.name_of(&refused.webhook)?;
        let rejection = &refused.rejection;
        let (time, none) = (format!("{:.0}", rejection.rejected_at), "-");
        let why = rejection.in_words();
        let from = rejection.source_address;
        let line = format!(
            "{time}  {none:<10}  refused    {name:<20}  {why}, from {from} (no event is kept)"
        );
        Ok(printable(&line))
    }

    fn print(&mut self, listed: Vec<Event>) -> anyhow::Result<()> {
        for event in listed {
            if self.json {
                output::json_line(self.out, &event)?;
            } else {
                let line = self.line(&event)?;
                writeln!(self.out, "{line}")?;
                self.out.flush()?;
            }
        }
        Ok(())
    }

    fn line(&mut self, event: &Event) -> anyhow::Result<String> {
        let name = self.name_of(&event.webhook)?;
        let mut what = match (&event.error, event.order) {
            (Some(error), _) => format!("{}. Hint: {}", error.message, error.hint),
            (None, Some(order)) => {
                let readers = self.store.readers();
                let order = readers.run_blocking(|connection| orders::get(connection, order))?;
                super::orders::in_words(&order)
            }
            (None, None) => why_no_order(event),
        };
        for remark in remarks(event.id, event.source, &event.warnings) {
            what = format!("{what} ({remark})");
        }
        let time = format!("{:.0}", event.received_at);
        let (id, status) = (event.id.to_string(), event.status);
        let line = format!("{time}  {id:<10}  {status:<9}  {name:<20}  {what}");
        Ok(printable(&line))
    }

    fn name_of(&mut self, id: &WebhookId) -> anyhow::Result<String> {
        if let Some(name) = self.names.get(id) {
            return Ok(name.clone());
        }
        let readers = self.store.readers();
        let webhook = readers.run_blocking(|connection| webhooks::get(connection, id))?;
        self.names.insert(id.clone(), webhook.name.clone());
        Ok(webhook.name)
    }
}

fn why_no_order(event: &Event) -> String {
    match (event.status, event.original) {
        (EventStatus::Duplicate, Some(original)) => format!("the same alert as {original}"),
        (EventStatus::Ignored, _) => "the webhook is paused".to_owned(),
        (EventStatus::Limited, _) => "over the limit of alerts a minute".to_owned(),
        _ => "no order".to_owned(),
    }
}

/// Remarks of a line beside the order itself: how its event came to be,
/// where no alert arrived, and where to read its warnings.
pub fn remarks(event: EventId, source: EventSource, warnings: &[Warning]) -> Vec<String> {
    let how = match source {
        EventSource::Webhook => None,
        EventSource::Test => Some("test".to_owned()),
        EventSource::Imported | EventSource::Reprocessed | EventSource::Adjustment => {
            Some(source.to_string())
        }
    };
    let warned = match warnings.len() {
        0 => None,
        1 => Some(format!("1 warning: algohook events {event}")),
        count => Some(format!("{count} warnings: algohook events {event}")),
    };
    how.into_iter().chain(warned).collect()
}
