//! Source of each field of an order: a field of the message, or a rule.

use serde::Serialize;
use utoipa::ToSchema;

use super::sorted_fields::{Notes, ReadField};
use crate::domain::signal::{Signal, Size, Trail};

/// A field of an order, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldOrigin {
    /// The field, by our name: `qty`.
    pub field: String,
    /// Its value.
    pub value: String,
    /// The field of the message that it was read from, with its parents: `order.amount`. Null
    /// where none states it.
    pub from: Option<String>,
    /// The value there, as the message has it.
    pub stated: Option<String>,
    /// The rule that it follows from, where the message alone does not tell it.
    pub note: Option<String>,
}

/// Fields that were read of a message that makes no order.
pub fn of_statements(notes: &Notes) -> Vec<FieldOrigin> {
    let reads = notes.reads().unwrap_or_default();
    let origin = |read: &ReadField| FieldOrigin {
        field: read.field.clone(),
        value: read.said.clone(),
        from: Some(read.name.clone()),
        stated: Some(read.said.clone()),
        note: None,
    };
    reads.iter().map(origin).collect()
}

/// The fields of an order; none where nobody asks.
pub fn of_order(signal: &Signal, notes: &Notes) -> Vec<FieldOrigin> {
    let Some(reads) = notes.reads() else {
        return Vec::new();
    };
    let mut origins = Origins {
        notes,
        reads,
        all: Vec::new(),
    };
    origins.add("ticker", signal.ticker.as_str(), &["ticker"]);
    let sides = ["positionDirection", "direction", "action"];
    origins.add("positionDirection", signal.intent.as_str(), &sides);
    origins.add("orderType", signal.order_type.as_str(), &["orderType"]);
    origins.size(signal);
    for (field, price) in [
        ("marketPrice", signal.market_price),
        ("limitPrice", signal.limit_price),
        ("stopPrice", signal.stop_price),
        ("profitTarget", signal.profit_target),
        ("stopLoss", signal.stop_loss.map(|stop| stop.stop_price)),
    ] {
        let Some(price) = price else { continue };
        let from: &[&str] = match field {
            "profitTarget" => &["profitTarget", "takeProfit.limitPrice", "takeProfit"],
            "stopLoss" => &["stopLossTarget", "stopLoss.stopPrice", "stopLoss"],
            "limitPrice" => &["limitPrice", "marketPrice"],
            field => &[field],
        };
        origins.add(field, &price.to_string(), from);
    }
    match signal.trail {
        Some(Trail::Price(price)) => origins.add("trailPrice", &price.to_string(), &["trailPrice"]),
        Some(Trail::Percent(percent)) => {
            origins.add("trailPercent", &percent.to_string(), &["trailPercent"]);
        }
        None => {}
    }
    if let Some(time) = signal.time_in_force {
        origins.add("timeInForce", time.as_str(), &["timeInForce"]);
    }
    if let Some(is_extended) = signal.extended_hours {
        origins.add(
            "extendedHours",
            &is_extended.to_string(),
            &["extendedHours"],
        );
    }
    if origins
        .reads
        .iter()
        .any(|read| read.field == "closesOpposite")
    {
        let closes = signal.closes_opposite.to_string();
        origins.add("closesOpposite", &closes, &["closesOpposite"]);
    }
    origins.position(signal);
    if let Some(id) = &signal.idempotency_key {
        origins.add("id", id, &["id"]);
    }
    let metadata = &signal.metadata;
    if let Some(time) = metadata.timestamp {
        origins.add(
            "metadata.timestamp",
            &time.to_string(),
            &["metadata.timestamp"],
        );
    }
    for (field, value) in [
        ("metadata.strategy", &metadata.strategy),
        ("metadata.signal", &metadata.signal),
        ("metadata.comment", &metadata.comment),
    ] {
        if let Some(value) = value {
            origins.add(field, value, &[field]);
        }
    }
    origins.all
}

struct Origins<'n> {
    notes: &'n Notes,
    reads: Vec<ReadField>,
    all: Vec<FieldOrigin>,
}

impl Origins<'_> {
    /// Adds a field that was read from any of these.
    fn add(&mut self, field: &str, value: &str, from: &[&str]) {
        // What a field has under its own name does not come from another one.
        let is_own = self.reads.iter().any(|read| read.field == field);
        let from = if is_own && field == "limitPrice" {
            &from[..1]
        } else {
            from
        };
        let is_from = |read: &&ReadField| from.contains(&read.field.as_str());
        let read: Vec<&ReadField> = self.reads.iter().filter(is_from).collect();
        let mut names: Vec<&str> = read.iter().map(|read| read.name.as_str()).collect();
        names.dedup();
        let mut stated: Vec<&str> = read.iter().map(|read| read.said.as_str()).collect();
        stated.dedup();
        let text = |parts: Vec<&str>| (!parts.is_empty()).then(|| parts.join(", "));
        let note = self.notes.reason(field);
        let is_stated = !names.is_empty();
        self.all.push(FieldOrigin {
            field: field.to_owned(),
            value: super::shortened(value),
            from: text(names),
            stated: text(stated),
            note: note.or_else(|| (!is_stated).then(|| "not stated".to_owned())),
        });
    }

    fn size(&mut self, signal: &Signal) {
        match signal.size {
            Size::Quantity(quantity) => {
                let is_derived = self.notes.reason("qty").is_some();
                let from: &[&str] = if is_derived { &[] } else { &["qty"] };
                self.add("qty", &quantity.to_string(), from);
            }
            Size::Notional(money) => self.add("notional", &money.to_string(), &["notional", "qty"]),
            Size::WholePosition => self.add("qty", "all", &["qty"]),
            Size::Percentage(percentage) => {
                let value = format!("{}% of the {}", percentage.percent(), percentage.of());
                let from = ["qty", "quantityPercent", "quantityType"];
                self.add("qty", &value, &from);
            }
        }
    }

    fn position(&mut self, signal: &Signal) {
        let stated = signal.stated_position;
        if let Some(new) = stated.new {
            let from = ["marketPosition", "marketPositionSize", "positionSize"];
            self.add("positionAfter", &new.normalize().to_string(), &from);
        } else if let Some(side) = stated.side {
            self.add("positionAfter", side.as_str(), &["marketPosition"]);
        }
        if let Some(previous) = stated.previous {
            let from = ["prevMarketPosition", "prevMarketPositionSize"];
            self.add("positionBefore", &previous.normalize().to_string(), &from);
        }
    }
}
