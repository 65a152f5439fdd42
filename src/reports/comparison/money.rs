//! Next steps for the money between two books whose fills match.

use super::frame::PairFindings;
use crate::compare::Step;
use crate::domain::currency;
use crate::domain::money::Decimal;
use crate::text::counted;

/// A difference that nobody has to look at, as a share of the backtest's profit: one in so many.
const LITTLE: i64 = 20;

/// Advice where trades are of one side only.
const LOOK: &str =
    "Look at the fills that are missing or false: one of them can change all trades behind it.";

/// The step about money: of books that are in two currencies, or of the largest part of a
/// difference that is no little one.
pub(super) fn step(found: &PairFindings<'_>) -> Option<String> {
    let Some(bridge) = found.bridge else {
        return (found.first_currency != found.currency).then(|| {
            format!(
                "The list counts in {} and the webhook in {}, so that their money is not compared: set the webhook's \
                 currency to that of the list.",
                found.first_currency, found.currency
            )
        });
    };
    let difference = (bridge.observed - bridge.expected).abs();
    let is_little = difference * Decimal::from(LITTLE) < bridge.expected.abs();
    if difference.is_zero() || is_little {
        return None;
    }
    let (step, amount) = bridge.main()?;
    let amount = signed(amount, found.currency);
    let counts = bridge.trades;
    Some(match step {
        Step::Missed => format!(
            "{} of the backtest only: {amount} of the difference. {LOOK}",
            are(counts.missed)
        ),
        Step::False => format!(
            "{} of the alerts only: {amount} of the difference. {LOOK}",
            are(counts.false_trades)
        ),
        Step::Exits => format!(
            "{} closed at another time than in the backtest: {amount} of the difference. Look at their exits first.",
            counted(&counts.exits, "trade")
        ),
        Step::Prices => format!(
            "The alerts' prices are others than the backtest's: {amount} of the difference. Give the backtest as much \
             slippage in its properties as the alerts have, and list its trades anew."
        ),
        Step::Quantities => format!(
            "The alerts' quantities are others than the backtest's: {amount} of the difference. Give the strategy of \
             the alerts the same order size and capital."
        ),
        Step::Settings => format!(
            "The webhook's settings take other commission or slippage than the backtest: {amount} of the difference. Set \
             them as the strategy's properties are, or list its trades with those of the webhook."
        ),
        Step::Rounding => format!(
            "The contract's terms differ: {amount} of the difference. Set the webhook's point value and contract as the \
             list has them."
        ),
    })
}

fn are(trades: usize) -> String {
    let verb = if trades == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(&trades, "trade"))
}

/// An amount with its sign.
pub(super) fn signed(amount: Decimal, currency: &str) -> String {
    let sign = if amount.is_sign_negative() { "-" } else { "+" };
    format!(
        "{sign}{} {currency}",
        currency::shown(amount.abs(), currency)
    )
}
