//! `algohook orders`: what the alerts asked for.

use std::io::Write;

use clap::Args;

use super::open;
use super::output;
use crate::api::orders::Order;
use crate::config::Config;
use crate::domain::signal::Direction;
use crate::domain::webhook::WebhookId;
use crate::store::orders::{self, OrderFilter, StoredOrder};

/// Show the orders that the alerts made
#[derive(Args)]
#[command(after_help = "Example:\n  algohook orders --webhook wh_... --ticker BTCUSDT")]
pub struct Orders {
    /// Of one webhook
    #[arg(long, value_name = "ID")]
    webhook: Option<WebhookId>,
    /// Of one ticker
    #[arg(long)]
    ticker: Option<String>,
    /// How many of the newest
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=10_000))]
    limit: u32,
    /// Print JSON, one order a line
    #[arg(long)]
    json: bool,
}

impl Orders {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        let filter = OrderFilter {
            webhook: self.webhook,
            ticker: self.ticker,
            ..OrderFilter::default()
        };
        let mut listed = store
            .readers()
            .run_blocking(|connection| orders::list(connection, &filter, self.limit))?;
        listed.reverse();
        if self.json {
            let mut listed = listed.into_iter().map(Order::from);
            return listed.try_for_each(|order| output::json_line(out, &order));
        }
        if listed.is_empty() {
            return Ok(writeln!(out, "No such orders.")?);
        }
        let rows: Vec<Vec<String>> = listed
            .iter()
            .map(|order| {
                vec![
                    format!("{:.0}", order.paired_at),
                    order.id.to_string(),
                    order.event.to_string(),
                    in_words(order),
                    output::printable(order.signal_name.as_deref().unwrap_or_default()),
                ]
            })
            .collect();
        let head = ["TIME", "ORDER", "EVENT", "WHAT", "SIGNAL"];
        Ok(output::table(out, &head, &rows)?)
    }
}

/// An order in a few words, as `entryLong 2 BTCUSDT at 64490.4 (limit)`.
pub fn in_words(order: &StoredOrder) -> String {
    let what =
        order
            .intent
            .position_direction()
            .unwrap_or_else(|| match order.intent.direction() {
                Direction::Long => "buy",
                Direction::Short => "sell",
            });
    let quantity = order
        .quantity
        .map_or_else(|| "all".to_owned(), |quantity| quantity.to_string());
    let (ticker, price) = (order.ticker.as_str(), order.intended_price);
    format!(
        "{what} {quantity} {ticker} at {price} ({})",
        order.order_type
    )
}
