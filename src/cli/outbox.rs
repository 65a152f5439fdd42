//! `algohook outbox`: what waits for the outside, and what became of the rest.

use std::io::Write;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::open;
use super::output::{self, how_many, printable};
use crate::config::Config;
use crate::desk::outbox::{self as desk, OutboxItem};
use crate::store::Store;
use crate::store::outbox::{self, RowFilter, RowId, RowState};

/// List messages to other services, send them again, or drop them
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Outbox {
    #[command(subcommand)]
    act: Option<Act>,
    /// Of one state: waiting, sending, done, unknown or dead
    #[arg(long)]
    state: Option<RowState>,
    /// For one forward or channel, such as `fwd_1`
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// Messages to list, the newest ones
    #[arg(long, default_value = "50", value_parser = how_many)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  algohook outbox --state dead
  algohook outbox send out_12
  algohook outbox send --all-dead fwd_1
  algohook outbox drop out_12";

#[derive(Subcommand)]
enum Act {
    Send(Send),
    Drop(Drop),
}

/// Send a message again that is dead or unknown, however late it is
#[derive(Args)]
#[command(
    after_help = "Examples:\n  algohook outbox send out_12\n  algohook outbox send --all-dead fwd_1"
)]
struct Send {
    /// The message
    #[arg(required_unless_present = "all_dead")]
    id: Option<RowId>,
    /// All dead messages for one forward or channel
    #[arg(long, value_name = "TARGET", conflicts_with = "id")]
    all_dead: Option<String>,
}

/// Drop a message that is not being sent
#[derive(Args)]
#[command(after_help = "Example:\n  algohook outbox drop out_12")]
struct Drop {
    /// The message
    id: RowId,
}

impl Outbox {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        match self.act {
            Some(Act::Send(send)) => send.run(&store, out),
            Some(Act::Drop(drop)) => drop.run(&store, out),
            None => self.list(&store, out),
        }
    }

    fn list(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let filter = RowFilter {
            lane: self.target,
            state: self.state,
            before: None,
        };
        let limit = self.limit;
        let read = |connection: &_| outbox::list_shown(connection, &filter, limit);
        let listed = store.readers().run_blocking(read)?;
        let items: Vec<OutboxItem> = listed.into_iter().map(OutboxItem::from).collect();
        if self.json {
            return output::json(out, &items);
        }
        if items.is_empty() {
            return Ok(writeln!(out, "There are no such messages.")?);
        }
        let rows: Vec<Vec<String>> = items.into_iter().map(row).collect();
        let head = [
            "ID",
            "TARGET",
            "ABOUT",
            "STATE",
            "TRIES",
            "PUT",
            "LAST ANSWER",
        ];
        Ok(output::table(out, &head, &rows)?)
    }
}

fn row(item: OutboxItem) -> Vec<String> {
    let answer: String = item
        .last_answer
        .unwrap_or_default()
        .chars()
        .take(60)
        .collect();
    vec![
        item.id.to_string(),
        item.target,
        item.event
            .map_or_else(|| item.kind.clone(), |event| event.to_string()),
        item.state.to_string(),
        item.attempts.to_string(),
        format!("{:.0}", item.put_at),
        printable(&answer),
    ]
}

impl Send {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let (Some(id), None) = (self.id, &self.all_dead) else {
            let Some(target) = self.all_dead else {
                bail!("name a message, or --all-dead TARGET");
            };
            let of = target.clone();
            let count = open::act(store, move |context, actor| {
                desk::send_all(context, actor, Some(&of), RowState::Dead)
            })?;
            let messages = output::counted(&count, "message");
            return Ok(writeln!(
                out,
                "{messages} for {target} will be sent again."
            )?);
        };
        open::act(store, move |context, actor| desk::send(context, actor, id))?;
        Ok(writeln!(out, "{id} will be sent again.")?)
    }
}

impl Drop {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let id = self.id;
        open::act(store, move |context, actor| {
            desk::drop_row(context, actor, id)
        })?;
        Ok(writeln!(out, "Dropped {id}.")?)
    }
}
