//! The HTTP layer: listeners, connections, bodies, and who is on the other side.
//!
//! What a request means is decided in `ingest` and `api`.

pub mod activity;
pub mod body;
pub mod challenges;
pub mod client;
pub mod hooks;
pub mod listener;
pub mod lock;
mod page;
mod per_address;
pub mod public;
pub mod routes;
pub mod shutdown;
pub mod tls;

pub use body::{Body, full};
pub use client::Client;
