//! Hints to errors: the option or the command that does what an error asks for.
//!
//! Errors are worded for the page and the API as well, so they name no option. The command line
//! knows each by its type and adds its own words here.

use crate::desk::channels::ChannelError;
use crate::desk::forwards::ForwardError;
use crate::domain::setting::UnfitSetting;
use crate::imports::{Kind, Unreadable};
use crate::journal::fills::NotTraded;
use crate::reports::comparison::CannotCompare;
use crate::reports::expectation::CannotExpect;
use crate::store::{Conflict, StoreError};

/// The hint to an error, by the first of its causes that has one.
pub fn of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let compared = cause.downcast_ref().and_then(of_comparison);
        let expected = cause.downcast_ref().and_then(of_expectation);
        let read = cause.downcast_ref().and_then(of_file);
        let traded = cause.downcast_ref().map(of_symbols);
        let set = setting_of(cause).map(|name| format!("--set {name}=VALUE"));
        let stored = cause.downcast_ref().and_then(of_store);
        compared.or(expected).or(read).or(traded).or(set).or(stored)
    })
}

fn import(kind: &str, more: &str) -> String {
    format!("algohook import {kind} FILE --webhook {more}")
}

fn of_comparison(error: &CannotCompare) -> Option<String> {
    Some(match error {
        CannotCompare::NoBacktest(webhook) => import("trades", webhook),
        CannotCompare::NoFills(webhook) => import("fills", webhook),
        CannotCompare::WhichBacktest(_)
        | CannotCompare::NoBacktestOf(..)
        | CannotCompare::WhichFills(_)
        | CannotCompare::NoFillsOf(..) => "--ticker TICKER".to_owned(),
        CannotCompare::NothingInRange { .. } => "--from TIME --to TIME".to_owned(),
        CannotCompare::NoAlerts(..) => import("trades", "ID --ticker TICKER"),
        CannotCompare::FillsElsewhere { .. } => import("fills", "ID --time-zone ZONE"),
        CannotCompare::NoTrades(_) | CannotCompare::NoOverlap { .. } => return None,
    })
}

fn of_expectation(error: &CannotExpect) -> Option<String> {
    Some(match error {
        CannotExpect::Nothing(_, _, webhook) => import("trades", webhook.as_str()),
        CannotExpect::WhichTicker(_) => "--ticker TICKER".to_owned(),
        CannotExpect::Currencies { .. } => import("trades", "ID --currency CODE"),
        CannotExpect::TooFew(..) | CannotExpect::Uniform(..) => return None,
    })
}

fn of_file(error: &Unreadable) -> Option<String> {
    Some(match error {
        Unreadable::Foreign(foreign) => match foreign.kind? {
            Kind::Alerts => import("alerts", "ID"),
            Kind::Trades => import("trades", "ID"),
            Kind::Fills => import("fills", "ID"),
        },
        Unreadable::UnknownHeader { .. } | Unreadable::UnknownTable { .. } => import(
            "trades",
            "ID --column date=3 --column \"profit=Gewinn EUR\"",
        ),
        Unreadable::SeveralLists(_) => "--ticker TICKER".to_owned(),
        _ => return None,
    })
}

fn of_symbols(error: &NotTraded) -> String {
    format!("--symbol {}", error.example)
}

/// The setting without a value.
fn setting_of<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a str> {
    let missing = |error: &'a UnfitSetting| match error {
        UnfitSetting::Missing { name, .. } => Some(*name),
        UnfitSetting::Unknown { .. } | UnfitSetting::Unusable { .. } => None,
    };
    let forward = cause.downcast_ref().and_then(|error| match error {
        ForwardError::SecretMissing(name) => Some(name.as_str()),
        ForwardError::Settings(error) => missing(error),
        _ => None,
    });
    let channel = || match cause.downcast_ref() {
        Some(ChannelError::Settings(error)) => missing(error),
        _ => None,
    };
    forward.or_else(channel)
}

fn of_store(error: &StoreError) -> Option<String> {
    let StoreError::Conflict(conflict) = error else {
        return None;
    };
    let text = match conflict {
        Conflict::NoIssuerPinned => {
            "algohook senders show lists them; algohook senders pin FINGERPRINT pins one"
        }
        Conflict::LastIssuer(_) => {
            "algohook senders set any chooses others for the server; algohook senders pin FINGERPRINT pins another"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
