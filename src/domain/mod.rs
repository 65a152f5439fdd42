//! The meaning of trading: webhooks, events, orders, trades, positions and money.
//!
//! Everything here is pure. No I/O, no clock, no SQL, no HTTP, and nothing of
//! the rest of the crate: time and randomness are passed in.

pub mod attention;
pub mod book;
pub mod channel;
pub mod currency;
pub mod delivery;
pub mod departure;
pub mod event;
pub mod exact;
pub mod exact_sum;
pub mod fill;
pub mod fill_order;
pub mod format;
pub mod forward;
pub mod futures;
pub mod instrument;
pub mod ledger;
pub mod moment;
pub mod money;
pub mod names;
pub mod notice;
pub mod order;
pub mod profit_currency;
pub mod scope;
pub mod sender;
pub mod setting;
pub mod signal;
pub mod silence;
pub mod tag;
pub mod terms;
pub mod trade;
pub mod webhook;
