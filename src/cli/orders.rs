//! `algohook orders`: what the alerts asked for.

use std::io::Write;

use crate::store::Connection;
use clap::Args;

use super::events::remarks;
use super::open::{self, WebhookArgument};
use super::output::{self, OrderInWords, plain};
use crate::config::Config;
use crate::desk::orders::Order;
use crate::store::orders::{self, OrderFilter, StoredOrder};
use crate::store::{self, events};

/// Show the orders that the alerts made
#[derive(Args)]
#[command(after_help = "Example:\n  algohook orders wh_... --ticker BTCUSDT")]
pub struct Orders {
    /// Of one webhook, as --webhook
    #[arg(value_name = "ID", conflicts_with = "webhook")]
    of: Option<WebhookArgument>,
    /// Of one webhook: its id, or its name
    #[arg(long, value_name = "ID")]
    webhook: Option<WebhookArgument>,
    /// Of one ticker
    #[arg(long)]
    ticker: Option<String>,
    /// Show this many of the newest
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = output::how_many)]
    limit: u32,
    /// Print JSON, one order a line
    #[arg(long)]
    json: bool,
}

impl Orders {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        let webhook = self.of.as_ref().or(self.webhook.as_ref());
        let filter = OrderFilter {
            webhook: webhook.map(|webhook| webhook.find(&store)).transpose()?,
            ticker: self.ticker,
            ..OrderFilter::default()
        };
        let is_filtered = filter.webhook.is_some() || filter.ticker.is_some();
        let readers = store.readers();
        let mut listed =
            readers.run_blocking(|connection| orders::list(connection, &filter, self.limit))?;
        listed.reverse();
        if self.json {
            let mut listed = listed.into_iter().map(Order::from);
            return listed.try_for_each(|order| output::json_line(out, &order));
        }
        if listed.is_empty() {
            let which = if is_filtered {
                "No such orders"
            } else {
                "No orders yet"
            };
            return Ok(writeln!(out, "{which} in {}", config.data_dir.display())?);
        }
        let row = |order| readers.run_blocking(|connection| row_of(connection, order));
        let rows = listed.iter().map(row).collect::<store::Result<Vec<_>>>()?;
        let head = ["TIME", "ORDER", "EVENT", "WHAT", "SIGNAL", "NOTE"];
        Ok(output::table(out, &head, &rows)?)
    }
}

fn row_of(connection: &Connection, order: &StoredOrder) -> store::Result<Vec<String>> {
    let event = events::get(connection, order.event)?;
    Ok(vec![
        format!("{:.0}", order.paired_at),
        order.id.to_string(),
        order.event.to_string(),
        in_words(order),
        output::printable(order.signal_name.as_deref().unwrap_or_default()),
        remarks(event.id, event.source, &event.warnings).join("; "),
    ])
}

/// An order in a few words, as `entryLong 2 BTCUSDT at 64490.4 (limit)`.
pub fn in_words(order: &StoredOrder) -> String {
    OrderInWords {
        position_direction: order.intent.position_direction(),
        direction: order.intent.direction(),
        quantity: order.quantity.map(|quantity| plain(quantity.get())),
        ticker: order.ticker.as_str(),
        price: plain(order.intended_price.get()),
        order_type: order.order_type.as_str(),
    }
    .to_string()
}
