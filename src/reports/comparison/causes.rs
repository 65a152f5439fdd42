//! Causes counted by kind.

use serde::Serialize;
use utoipa::ToSchema;

use crate::compare::{Cause, Causes, Fate, Matching};

/// A cause and how many legs it explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CauseCount {
    /// The cause in a sentence; "no evidence" where there is none.
    pub cause: String,
    /// Missed legs.
    pub missed: usize,
    /// False alerts.
    pub false_alerts: usize,
    /// Pairs: of alerts that were brought in later.
    pub matched: usize,
}

impl CauseCount {
    /// True of a cause that has evidence.
    pub(super) fn is_evident(&self) -> bool {
        self.cause != NO_EVIDENCE && self.missed + self.false_alerts > 0
    }
}

/// Of alerts that were brought in later.
const IMPORTED_LATER: &str = "The alert never came by itself and was brought in later";

/// Of legs that no cause is known of.
const NO_EVIDENCE: &str = "No evidence of a cause";

/// The name of a cause without its particulars, so that equal ones are counted together.
fn named(cause: Option<&Cause>) -> &'static str {
    match cause {
        Some(Cause::Paused { .. }) => "The webhook was paused",
        Some(Cause::NoOrder { .. }) => "An alert came and made no order",
        Some(Cause::Rejected) => "A request was rejected: its key was wrong",
        Some(Cause::TooManyTriggers { .. }) => {
            "TradingView stopped the alert after 15 triggers in 3 minutes"
        }
        Some(Cause::Silence { .. }) => "No alert came for a while: it was stopped or had expired",
        Some(Cause::OtherOrder { .. }) => {
            "Both traded in the bar, but not alike: the alert runs another version"
        }
        Some(Cause::Repeated { .. }) => "The same alert came twice",
        Some(Cause::OutsideSession) => "Only one side trades at this time of day",
        Some(Cause::NotRunning { .. }) => "This server was not running",
        Some(Cause::NoFills { .. }) => "No fill came for a while",
        Some(Cause::PositionGap { .. }) => "TradingView fired an alert that never came",
        Some(Cause::ImportedLater) => IMPORTED_LATER,
        Some(Cause::Repainted { .. }) => "Two exports of the backtest disagree: it repaints",
        None => NO_EVIDENCE,
    }
}

pub(super) fn counted(found: &Matching, causes: &Causes, imported: usize) -> Vec<CauseCount> {
    let mut counted: Vec<CauseCount> = Vec::new();
    let mut add = |cause: Option<&Cause>, is_missed: bool| {
        let name = named(cause);
        let place = counted.iter().position(|known| known.cause == name);
        let place = place.unwrap_or_else(|| {
            counted.push(CauseCount {
                cause: name.to_owned(),
                missed: 0,
                false_alerts: 0,
                matched: 0,
            });
            counted.len() - 1
        });
        counted[place].missed += usize::from(is_missed);
        counted[place].false_alerts += usize::from(!is_missed);
    };
    for (fate, cause) in found.first.iter().zip(&causes.missed) {
        if *fate == Fate::Alone {
            add(cause.as_ref(), true);
        }
    }
    for (fate, cause) in found.second.iter().zip(&causes.invented) {
        if *fate == Fate::Alone {
            add(cause.as_ref(), false);
        }
    }
    if imported > 0 {
        counted.push(CauseCount {
            cause: IMPORTED_LATER.to_owned(),
            missed: 0,
            false_alerts: 0,
            matched: imported,
        });
    }
    counted.sort_by_key(|count| std::cmp::Reverse(count.missed + count.false_alerts));
    counted
}
