//! The alert messages that a trader pastes into TradingView.

use jiff::Timestamp;
use rust_embed::Embed;

use crate::domain::event::text_enum;
use crate::domain::webhook::AuthKey;

text_enum! {
    /// An alert message to start from.
    Template, "template" {
        /// One for all orders of a strategy, built on its action and position.
        Strategy = "strategy",
        /// One kind of order of a strategy, named in the message.
        Standard = "standard",
        /// One kind of order of an indicator or a price, whose alerts have no contracts.
        Indicator = "indicator",
    }
}

/// The placeholder of the key in a template.
const KEY_PLACEHOLDER: &str = "AUTH_KEY";

#[derive(Embed)]
#[folder = "assets/templates"]
struct Files;

impl Template {
    /// The message with a webhook's key filled in, ready to copy.
    #[must_use]
    pub fn message(self, key: &AuthKey) -> String {
        let name = format!("{self}.json");
        let file = Files::get(&name)
            .map(|file| file.data.into_owned())
            .unwrap_or_default();
        String::from_utf8_lossy(&file).replace(KEY_PLACEHOLDER, key.reveal())
    }

    /// The message as TradingView would send it, with example values.
    #[must_use]
    pub fn example(self, key: &AuthKey, now: Timestamp) -> String {
        fill(&self.message(key), key, now)
    }
}

/// A message with the key in the place of `AUTH_KEY` and example values in the
/// place of TradingView's placeholders.
#[must_use]
pub fn fill(message: &str, key: &AuthKey, now: Timestamp) -> String {
    let seconds = format!("{now:.0}");
    let values = [
        (KEY_PLACEHOLDER, key.reveal()),
        ("{{ticker}}", "BTCUSDT"),
        ("{{exchange}}", "BINANCE"),
        ("{{strategy.order.action}}", "buy"),
        ("{{strategy.order.contracts}}", "1"),
        ("{{strategy.order.price}}", "64490.4"),
        ("{{strategy.order.id}}", "Test"),
        ("{{strategy.order.comment}}", "Test"),
        ("{{strategy.order.alert_message}}", "Test"),
        ("{{strategy.position_size}}", "1"),
        ("{{strategy.market_position}}", "long"),
        ("{{strategy.market_position_size}}", "1"),
        ("{{strategy.prev_market_position}}", "flat"),
        ("{{strategy.prev_market_position_size}}", "0"),
        ("{{open}}", "64410.2"),
        ("{{high}}", "64520.8"),
        ("{{low}}", "64380.6"),
        ("{{close}}", "64490.4"),
        ("{{volume}}", "1250"),
        ("{{interval}}", "15"),
        ("{{time}}", seconds.as_str()),
        ("{{timenow}}", seconds.as_str()),
    ];
    let filled = values
        .iter()
        .fold(message.to_owned(), |message, (placeholder, value)| {
            message.replace(placeholder, value)
        });
    without_plots(&filled)
}

/// A number in the place of an indicator's plots: `{{plot_0}}` and `{{plot("Name")}}`.
fn without_plots(message: &str) -> String {
    let mut parts = message.split("{{plot");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once("}}") {
            Some((_, rest)) => filled.extend(["64400", rest]),
            None => filled.extend(["{{plot", part]),
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::format::ReadingRules;
    use crate::payload;

    #[test]
    fn every_template_becomes_a_valid_alert_without_warnings() {
        let key = AuthKey::from_stored("k".repeat(32));
        for template in Template::ALL {
            let alert = payload::parse(
                template.example(&key, Timestamp::UNIX_EPOCH).as_bytes(),
                ReadingRules::AUTO,
            )
            .unwrap();
            assert_eq!(alert.auth_key.unwrap().as_str(), key.reveal());
            assert_eq!(alert.signal.unwrap().warnings, []);
        }
    }

    #[test]
    fn the_indicator_template_has_nothing_that_only_strategies_have() {
        let key = AuthKey::from_stored("k".repeat(32));
        assert!(!Template::Indicator.message(&key).contains("{{strategy."));
    }
}
