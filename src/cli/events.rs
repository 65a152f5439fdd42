//! `algohook events`: the event log in the terminal.

use std::collections::HashMap;
use std::io::Write;
use std::thread;
use std::time::Duration;

use clap::Args;

use super::open;
use super::output::{self, printable};
use crate::api::events::Event;
use crate::config::Config;
use crate::domain::event::{EventId, EventSource, EventStatus};
use crate::domain::webhook::WebhookId;
use crate::store::events::{self, EventFilter};
use crate::store::{Store, orders, webhooks};

/// How often `--follow` looks for new events.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Show what was received and what became of it
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Events {
    /// Show one event with its payload
    id: Option<EventId>,
    /// Of one webhook
    #[arg(long, value_name = "ID", conflicts_with = "id")]
    webhook: Option<WebhookId>,
    /// Of one status: processed, duplicate, ignored, failed or limited
    #[arg(long, value_name = "STATUS", conflicts_with = "id")]
    status: Option<EventStatus>,
    /// Of one ticker
    #[arg(long, conflicts_with = "id")]
    ticker: Option<String>,
    /// How many of the newest
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=10_000))]
    limit: u32,
    /// Go on with new ones as they come
    #[arg(long, short, conflicts_with = "id")]
    follow: bool,
    /// Print JSON, one event a line
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook events --follow
  algohook events --status failed
  algohook events evt_12";

impl Events {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        if let Some(id) = self.id {
            return self.show(&store, id, out);
        }
        let filter = EventFilter {
            webhook: self.webhook.clone(),
            status: self.status,
            ticker: self.ticker.clone(),
            ..EventFilter::default()
        };
        let mut log = Log {
            out,
            store: &store,
            json: self.json,
            names: HashMap::new(),
        };
        let newest = store.readers().run_blocking(events::newest)?;
        let mut listed = log.read(&filter, self.limit)?;
        listed.reverse();
        if listed.is_empty() && !self.json && !self.follow {
            writeln!(log.out, "No such events.")?;
        }
        log.print(listed)?;
        if self.follow {
            log.follow(filter, newest)
        } else {
            Ok(())
        }
    }

    fn show(&self, store: &Store, id: EventId, out: &mut dyn Write) -> anyhow::Result<()> {
        let stored = store
            .readers()
            .run_blocking(|connection| events::get(connection, id))?;
        let event = Event::from(stored);
        if self.json {
            return output::json(out, &event);
        }
        writeln!(out, "Event:     {}", event.id)?;
        writeln!(out, "Webhook:   {}", event.webhook)?;
        writeln!(out, "Received:  {}", event.received_at)?;
        if let Some(address) = &event.source_address {
            writeln!(out, "From:      {address}")?;
        }
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
        writeln!(out, "Payload:\n")?;
        for line in event.payload.lines() {
            writeln!(out, "  {}", printable(line))?;
        }
        Ok(())
    }
}

/// The log as it is written, with the names of the webhooks seen so far.
struct Log<'a> {
    out: &'a mut dyn Write,
    store: &'a Store,
    json: bool,
    names: HashMap<WebhookId, String>,
}

impl Log<'_> {
    fn read(&self, filter: &EventFilter, limit: u32) -> anyhow::Result<Vec<Event>> {
        let readers = self.store.readers();
        let listed = readers.run_blocking(|connection| events::list(connection, filter, limit))?;
        Ok(listed.into_iter().map(Event::from).collect())
    }

    fn follow(&mut self, filter: EventFilter, newest: EventId) -> anyhow::Result<()> {
        const AT_ONCE: u32 = 200;
        let mut filter = EventFilter {
            after: Some(newest),
            ..filter
        };
        loop {
            let listed = self.read(&filter, AT_ONCE)?;
            match listed.last() {
                Some(last) => filter.after = Some(last.id),
                None => thread::sleep(LOOK_EVERY),
            }
            self.print(listed)?;
        }
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
        let what = match (&event.error, event.order) {
            (Some(error), _) => format!("{} {}", error.message, error.hint),
            (None, Some(order)) => {
                let readers = self.store.readers();
                let order = readers.run_blocking(|connection| orders::get(connection, order))?;
                super::orders::in_words(&order)
            }
            (None, None) => why_no_order(event),
        };
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
        _ if event.source == EventSource::Test => "a test: no order".to_owned(),
        _ => "no order".to_owned(),
    }
}
