//! The acts of the owner, each once, with its entry in the audit log.
//!
//! An act is a function on a transaction of the writer, so that it and its entry are there
//! together or not at all. The API runs it on the server's queue and a command on a store of
//! its own; both say who acts and nothing else. What they show of it has one shape, too.

pub mod account;
pub mod channels;
pub mod chats;
pub mod events;
pub mod expectations;
pub mod explain;
pub mod faults;
pub mod forwards;
pub mod imports;
pub mod notes;
pub mod orders;
pub mod outbox;
pub mod positions;
pub mod senders;
pub mod tokens;
pub mod trades;
pub mod webhooks;
