//! Parts that every handler of requests shares: bodies, their compression, and clients.

pub mod body;
pub mod body_budget;
pub mod client;
pub mod compression;
pub mod known_addresses;
pub mod origin_tally;
pub mod standing;

pub use body::{Body, full};
pub use client::Client;
