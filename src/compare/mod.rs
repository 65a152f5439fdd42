//! Two books of one strategy laid over each other: the backtest and the alerts, or the alerts
//! and the fills. Says which leg of the one is which of the other, why some are on one side
//! only, and where the money between them went.
//!
//! Legs are matched, not trades: a trade can match with one leg only, and an exit whose entry
//! was lost makes no trade at all and still matches. The order of both books is kept, because
//! taking the nearest pairs first lets one missing alert take its successor, and the mistake
//! runs on.
//!
//! All of it is pure: books come in, a comparison comes out.

pub mod alerts;
pub mod align;
pub mod bar;
pub mod bridge;
pub mod cause;
mod certain;
pub mod clock;
pub mod drift;
#[cfg(test)]
mod examples;
pub mod execution;
pub mod fills;
pub mod leg;
pub mod matching;
mod measure;
pub mod rate;
mod rules;
pub mod scale;
pub mod seasons;
pub mod shift;
pub mod splits;
pub mod tolerance;

pub use alerts::AlertLegs;
pub use bridge::{Bridge, MatchedProfit, Step, TradeLegs};
pub use cause::{Cause, Causes, Evidence, Outage, Refused};
pub use certain::By;
pub use clock::ClockShift;
pub use drift::Drift;
pub use execution::{Executed, Execution, Retention};
pub use fills::{FillLegs, FillOf};
pub use leg::{Action, Joined, Leg};
pub use matching::{Fate, Matching, Pair, matched, matching};
pub use rate::{MatchBand, Rate};
pub use scale::Scale;
pub use seasons::Seasons;
pub use shift::Shift;
pub use tolerance::{Preset, Tolerance};
