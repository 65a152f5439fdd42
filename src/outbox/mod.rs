//! Sending what waits in the outbox.
//!
//! Each destination has a lane of its own, with a sender of its own: one that hangs or is
//! down holds up no other, and none holds up an alert, since rows are taken and noted in the
//! transactions that alerts share. A commit that puts a row here wakes the senders.
//!
//! Between sending and noting lies a moment in which the server can end. Nobody knows then
//! whether the row was taken. What a receiver takes once however often it comes is sent
//! again; the rest is `unknown`, and its owner decides.

mod consumer;
mod schedule;
#[cfg(test)]
mod tests;
mod worker;

pub use consumer::{Consumer, Consumers, Sending, Sent};
pub use schedule::Schedule;
pub use worker::{Senders, run};
