//! A departure: live trades are no longer those that were expected.

use jiff::Timestamp;
use serde::Serialize;

use super::event::text_enum;

text_enum! {
    /// The unit that the outcomes of trades are compared in.
    OutcomeUnit, "unit" {
        /// Net profit in the currency: the size of trades is fixed.
        Money = "money",
        /// Net profit in percent of the position's worth at entry: the size follows equity.
        Percent = "percent",
    }
}

text_enum! {
    /// The side on which live trades differ from the expected ones.
    DepartureSide, "side" {
        /// They make less.
        Worse = "worse",
        /// They make more: also a reason to look, at the sizes for instance.
        Better = "better",
    }
}

text_enum! {
    /// Evidence of a departure.
    DepartureGround, "ground" {
        /// The curve left the band.
        Band = "band",
        /// The evidence became too strong for chance.
        Evidence = "evidence",
    }
}

/// The first trade that showed it, and the one that showed that it was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Departure {
    /// The number of the live trade.
    pub trade: usize,
    /// Exit time of that trade.
    pub at: Timestamp,
    /// Less or more than expected.
    pub side: DepartureSide,
    /// Evidence of it.
    pub ground: DepartureGround,
    /// The number of the trade after which nothing was left of it: the evidence is gone, and the
    /// curve is back among nine of ten runs. `null` while it lasts.
    pub over: Option<usize>,
}
