//! `algohook explain`: the order that a message would make, and where each field is from.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;

use super::open::{self, WebhookArgument};
use super::output::{self, OrderInWords, printable};
use crate::config::Config;
use crate::desk::explain::{ExplainedOrder, Explanation, KeyFound, explain};
use crate::domain::money::parse_decimal;
use crate::ingest::LARGEST_BODY;
use crate::store::webhooks;

/// Show the order that a message would make, without recording anything
///
/// The message can be algohook's own, or one for TradersPost, 3Commas, SignalStack, PickMyTrade,
/// WunderTrading or Alertatron, or plain text. TradingView's placeholders get example values.
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Explain {
    /// The file with the message; - is standard input
    file: PathBuf,
    /// As this webhook would read it, with its settings: its id, or its name
    #[arg(long, value_name = "ID")]
    webhook: Option<WebhookArgument>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook explain alert.json
  algohook explain alert.json --webhook \"BTC Strategy\"
  echo 'buy 10 AAPL at 180' | algohook explain - --json";

impl Explain {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let message = bytes_of(&self.file)?;
        let now = Timestamp::now();
        let explained = match &self.webhook {
            Some(webhook) => {
                let store = open::store(config)?;
                let id = webhook.find(&store)?;
                store.readers().run_blocking(|connection| {
                    let webhook = webhooks::get(connection, &id)?;
                    explain(Some((connection, &webhook)), &message, now)
                })?
            }
            None => explain(None, &message, now)?,
        };
        if self.json {
            output::json(out, &explained)?;
        } else {
            print(out, &explained)?;
        }
        if explained.error.is_some() {
            bail!("the message makes no order");
        }
        Ok(())
    }
}

fn bytes_of(file: &Path) -> anyhow::Result<Vec<u8>> {
    let limit = u64::try_from(LARGEST_BODY + 1).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    }
    .with_context(|| format!("cannot read {}", file.display()))?;
    if bytes.len() > LARGEST_BODY {
        bail!("the message is larger than {LARGEST_BODY} bytes, which no alert may be");
    }
    Ok(bytes)
}

fn print(out: &mut dyn Write, explained: &Explanation) -> anyhow::Result<()> {
    writeln!(out, "Format:   {}", explained.format.name())?;
    match explained.key {
        Some(KeyFound::Right) => writeln!(out, "Key:      right")?,
        Some(KeyFound::Wrong) => {
            writeln!(
                out,
                "Key:      not this webhook's; the alert would be refused"
            )?;
        }
        Some(KeyFound::Missing) => {
            writeln!(out, "Key:      none; the alert would be refused")?;
        }
        None => {}
    }
    if let Some(order) = &explained.order {
        writeln!(out, "Order:    {}", printable(&in_words(order)))?;
    }
    if !explained.placeholders.is_empty() {
        writeln!(
            out,
            "Example:  the message has placeholders. Only TradingView knows their values; these stand for them here:"
        )?;
        for example in &explained.placeholders {
            let (name, value) = (&example.placeholder, &example.value);
            writeln!(out, "          {} {}", printable(name), printable(value))?;
        }
    }
    if !explained.fields.is_empty() {
        writeln!(out)?;
        let rows: Vec<Vec<String>> = explained
            .fields
            .iter()
            .map(|origin| {
                let from = match (&origin.from, &origin.note) {
                    (Some(from), Some(note)) => format!("{from} ({note})"),
                    (Some(from), None) => from.clone(),
                    (None, note) => note.clone().unwrap_or_default(),
                };
                let cells = [origin.field.as_str(), origin.value.as_str(), from.as_str()];
                cells.map(printable).to_vec()
            })
            .collect();
        output::table(out, &["FIELD", "VALUE", "FROM"], &rows)?;
    }
    for warning in &explained.warnings {
        writeln!(out, "\nWarning:  {}", printable(&warning.message))?;
    }
    if let Some(error) = &explained.error {
        writeln!(out, "\nError:    {}", printable(&error.message))?;
        writeln!(out, "Hint:     {}", printable(&error.hint))?;
    }
    Ok(())
}

/// An order in a few words, as `algohook orders` has it.
fn in_words(order: &ExplainedOrder) -> String {
    let number = |text: &String| parse_decimal(text).map_or_else(|_| text.clone(), output::plain);
    OrderInWords {
        position_direction: order.position_direction,
        direction: order.direction,
        quantity: order.qty.as_ref().map(number),
        ticker: &order.ticker,
        price: number(&order.intended_price),
        order_type: order.order_type.as_str(),
    }
    .to_string()
}
