//! algohook's own exports of events and orders, read back as the alerts that they were.
//!
//! What made no order is left out: it would make none again, or one that there was not.
//! An export of orders does not have the messages, so each order is written as the alert
//! that says the same.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::alerts::{AlertFile, LoggedAlert, is_too_long};
use super::records::Records;
use super::table::Cell;
use super::titled::{Titled, has_all};
use super::{Faults, Unreadable};
use crate::domain::names::Names;
use crate::payload;

/// Columns by which an export of events is known, and one of orders.
const EVENTS: [&str; 5] = ["webhook", "receivedAt", "status", "order", "payload"];
const ORDERS: [&str; 6] = [
    "webhook",
    "receivedAt",
    "direction",
    "qty",
    "intendedPrice",
    "change",
];

/// True if a header is that of an export of events or orders.
pub fn is_export(header: &[String]) -> bool {
    has_all(header, &EVENTS) || has_all(header, &ORDERS)
}

/// Reads the alerts behind an export.
pub(super) fn alerts(header: &[String], mut records: Records<'_>) -> Result<AlertFile, Unreadable> {
    let has_payloads = has_all(header, &EVENTS);
    let mut faults = Faults::default();
    let mut alerts = Vec::new();
    let (mut names, mut webhooks) = (Names::default(), BTreeSet::new());
    let (mut without_order, mut without_message) = (0, 0);
    while let Some(row) = records.next()? {
        if is_too_long(&row, header, &mut faults) {
            continue;
        }
        let cells = Titled::of(header, row.texts().map(Cell::Text));
        if has_payloads && cells.text("order").is_none() {
            without_order += 1;
            continue;
        }
        let stated = cells.text("receivedAt").unwrap_or_default();
        let Some(time) = payload::read_time(&stated) else {
            let fault = format!("\"{stated:.40}\" is no time like 2026-01-05T14:30:00Z");
            faults.note(row.line, "receivedAt", fault);
            continue;
        };
        let message = if has_payloads {
            cells.text("payload")
        } else {
            Some(message(&cells))
        };
        let Some(message) = message else {
            // It was not kept any longer.
            without_message += 1;
            continue;
        };
        let name = cells.text("webhook");
        let name = name.map(|name| names.one(&name));
        webhooks.extend(name.clone());
        alerts.push(LoggedAlert {
            row: row.line,
            time,
            name,
            message,
            said: None,
            is_adjustment: cells.text("source").as_deref() == Some("adjustment"),
            made_order: true,
        });
    }
    // Newest first; what is of one instant stays in its sequence.
    alerts.reverse();
    alerts.sort_by_key(|alert| alert.time);
    faults.or(AlertFile {
        alerts,
        is_of_account: webhooks.len() > 1,
        without_order,
        without_message,
    })
}

/// The alert that says what an order says.
fn message(cells: &Titled<'_>) -> String {
    let text = |title: &str| cells.text(title).map(Value::String);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    let direction = cells.text("direction");
    let is_buy = direction.as_deref() == Some("long");
    put("ticker", text("ticker"));
    let closes_opposite = cells.text("closesOpposite").as_deref() == Some("true");
    put("closesOpposite", closes_opposite.then_some(json!(true)));
    put("qty", text("qty"));
    let stated = cells.text("positionDirection");
    let side = match (cells.text("change").as_deref(), is_buy) {
        // Whether a reversal closes beside its own quantity is for the webhook to say.
        _ if cells.has("positionDirection") && direction.is_some() => stated.as_deref(),
        // It left the position, whichever side it had.
        _ if direction.is_none() => Some("exit"),
        (Some("entry" | "add"), true) => Some("entryLong"),
        (Some("entry" | "add"), false) => Some("entryShort"),
        // What it bought was short before; or it found nothing that it could close.
        (Some("exit" | "partialExit") | None, true) => Some("exitShort"),
        (Some("exit" | "partialExit") | None, false) => Some("exitLong"),
        _ => None,
    };
    match side {
        Some(side) => put("positionDirection", Some(json!(side))),
        None => put("action", Some(json!(if is_buy { "buy" } else { "sell" }))),
    }
    let intended = text("intendedPrice");
    match cells.text("orderType").as_deref() {
        Some("limit" | "stop_limit") => put("limitPrice", intended.clone()),
        Some("stop") => put("stopPrice", intended.clone()),
        _ => {}
    }
    put("marketPrice", text("marketPrice").or(intended));
    for (size, position, title) in [
        ("marketPositionSize", "marketPosition", "statedPosition"),
        (
            "prevMarketPositionSize",
            "prevMarketPosition",
            "statedPreviousPosition",
        ),
    ] {
        let Some(stated) = cells.text(title) else {
            continue;
        };
        let magnitude = stated.trim_start_matches('-');
        let is_flat = magnitude.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let side = match stated.starts_with('-') {
            _ if is_flat => "flat",
            true => "short",
            false => "long",
        };
        put(position, Some(json!(side)));
        put(size, Some(json!(magnitude)));
    }
    let mut metadata = Map::new();
    for (name, title) in [
        ("timestamp", "signalTime"),
        ("strategy", "strategy"),
        ("signal", "signal"),
        ("comment", "comment"),
    ] {
        if let Some(value) = text(title) {
            metadata.insert(name.to_owned(), value);
        }
    }
    put("metadata", Some(Value::Object(metadata)));
    Value::Object(fields).to_string()
}
