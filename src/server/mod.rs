//! The HTTP layer: listeners, connections, and which handler a request goes to.
//!
//! What a request means is decided in `ingest` and `api`.

mod activity;
mod connection;
mod connection_slots;
pub mod healthz;
mod hook_address;
pub mod hooks;
pub mod host;
pub mod listener;
pub mod lock;
mod page;
pub mod public;
pub mod routes;
mod wire;
