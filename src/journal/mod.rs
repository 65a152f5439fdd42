//! The transactions that decide: what a delivery becomes, and what follows from it.
//!
//! Tables are in `store`, one file each, and decide nothing. What goes into one transaction
//! together is said here and nowhere else, so a delivery, its order and its trades are there
//! together or not at all. Only these transactions use what the writer remembers.

pub mod arrivals;
pub mod deliveries;
mod entries;
pub mod fills;
mod forward_loops;
pub mod forwards;
pub mod imports;
pub mod ledgers;
pub mod notices;
mod placing;
pub mod positions;
pub mod rebuild;
mod recent_deliveries;
mod repetition;
pub mod reprocess;
#[cfg(test)]
pub(crate) mod scratch;
pub mod sizing;
pub mod turns;
pub mod webhooks;

use crate::store::WriteContext;
use crate::store::memory::Remembers;
use arrivals::Arrivals;
use forwards::Routes;
use ledgers::Ledgers;
use notices::Channels;
use recent_deliveries::RecentDeliveries;

/// The journal's memory between transactions.
#[derive(Debug, Default)]
struct Remembered {
    /// Deliveries that a resend could repeat.
    recent: RecentDeliveries,
    /// The ledgers that were in use of late.
    ledgers: Ledgers,
    /// Forwards that alerts are passed on to.
    routes: Routes,
    /// Channels that the owner is told by.
    channels: Channels,
    /// The newest arrival and the clock. Not of the database, so it is never forgotten: a
    /// transaction that was undone leaves times that are unused.
    arrivals: Arrivals,
}

impl Remembered {
    fn of<'a>(context: &'a mut WriteContext<'_>) -> &'a mut Self {
        context.memory.remembered()
    }
}

impl Remembers for Remembered {
    fn forget(&mut self) {
        self.recent.forget();
        self.ledgers.forget();
        self.routes.forget();
        self.channels.forget();
    }
}
