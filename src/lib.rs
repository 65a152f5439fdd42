//! algohook: a self-hosted home for TradingView alerts.
//!
//! The modules follow an alert's way through the program: [`ingest`] receives
//! it, [`payload`] reads it, [`store`] keeps it, [`domain`] says what it means.
//! See `ARCHITECTURE.md` for the arrows between them.

pub mod domain;
pub mod payload;
pub mod store;
