//! algohook: a self-hosted home for TradingView alerts.
//!
//! The modules follow an alert's way through the program: [`ingest`] receives
//! it, [`payload`] reads it, [`store`] keeps it, [`domain`] says what it means.
//! See `ARCHITECTURE.md` for the arrows between them.

pub mod access;
pub mod acme;
pub mod analytics;
pub mod api;
pub mod app;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod config;
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod domain;
pub mod formats;
pub mod forwards;
pub mod http;
pub mod imports;
pub mod ingest;
pub mod journal;
pub mod logging;
pub mod metrics;
pub mod notify;
pub mod outbound;
pub mod outbox;
pub mod payload;
pub mod platform;
pub mod reports;
pub mod secrets;
pub mod server;
pub mod store;
pub mod templates;
pub mod text;
pub mod tls;
pub mod upstream;
pub mod vault;
pub mod workers;
