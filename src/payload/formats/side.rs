//! The words for a side that several services share.

use super::traderspost::cancels;
use super::translation::{TakenField, not_one_of};
use crate::domain::format::{ReadingRules, SellWhileFlat};
use crate::domain::signal::Direction;
use crate::payload::error::PayloadError;
use crate::payload::fields::{SideWord, side_word};
use crate::payload::translation::Translation;

/// The words that a message can say its side with.
const KNOWN: [&str; 8] = [
    "buy",
    "sell",
    "close",
    "sell_short",
    "buy_to_cover",
    "enter_long",
    "exit_long",
    "enter_short",
];

/// States the side of a word: `close` leaves the position, whichever side it has. `rules`
/// decide what `sell` means; without them it is an order on the net position.
///
/// # Errors
///
/// Where the word is no side.
pub fn state(
    translation: &mut Translation<'_>,
    action: &TakenField<'_>,
    rules: Option<ReadingRules>,
) -> Result<(), PayloadError> {
    let word = action.word();
    let mut say = |means: &str| {
        translation.state_as("positionDirection", &action.name, &action.text(), means);
    };
    match side_word(&word) {
        _ if word.starts_with("cancel") => return Err(cancels(action)),
        Some(SideWord::Whole(intent)) => say(intent.as_str()),
        Some(SideWord::Close) => say("exit"),
        Some(SideWord::Side(Direction::Long)) => say("entryLong"),
        Some(SideWord::Side(Direction::Short)) => say("entryShort"),
        Some(SideWord::Order(Direction::Short)) if only_closes(rules) => {
            say("exitLong");
            translation.sale_closes();
        }
        Some(SideWord::Order(_)) => translation.state("action", action),
        Some(SideWord::Open) | None => return Err(not_one_of(action, &KNOWN)),
    }
    Ok(())
}

/// True if a sale closes a long position and opens no short one.
pub fn only_closes(rules: Option<ReadingRules>) -> bool {
    rules.is_some_and(|rules| rules.sell_while_flat == SellWhileFlat::Nothing)
}
