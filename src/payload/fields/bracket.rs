//! The bracket around a position: its target and its stop.
//!
//! The order needs neither. So words for "none" are taken as that, and what is stated as
//! something other than a price is named and left out.

use serde_json::value::RawValue;

use super::names::{self, Standing, Table};
use super::sorted_fields::SortedFields;
use super::{Object, PayloadError, Stated, stops, string};
use crate::domain::money::Price;
use crate::domain::signal::{Direction, StopLoss};

/// The facts that decide whether a number can be the price of a target or a stop.
#[derive(Clone, Copy)]
pub struct Order {
    /// The order's direction.
    pub direction: Direction,
    /// The price that it wants.
    pub price: Price,
    /// True if it only closes.
    pub is_exit: bool,
}

/// Reads the target.
pub fn profit_target(fields: &Object<'_, '_>, order: Order) -> Result<Option<Price>, PayloadError> {
    let side = Side {
        fields,
        order,
        flat: "profitTarget",
        nested: "takeProfit",
        table: &names::TAKE_PROFIT,
        is_target: true,
    };
    Ok(side.read("limitPrice")?.0)
}

/// Reads the stop.
pub fn stop_loss(fields: &Object<'_, '_>, order: Order) -> Result<Option<StopLoss>, PayloadError> {
    let side = Side {
        fields,
        order,
        flat: "stopLossTarget",
        nested: "stopLoss",
        table: &names::STOP_LOSS,
        is_target: false,
    };
    let (stop_price, limit_price) = side.read("stopPrice")?;
    Ok(stop_price.map(|stop_price| StopLoss {
        stop_price,
        limit_price,
    }))
}

/// One side of a bracket, which can be stated flat or nested.
struct Side<'o, 'f, 'a> {
    fields: &'o Object<'f, 'a>,
    order: Order,
    flat: &'static str,
    nested: &'static str,
    table: &'static Table,
    is_target: bool,
}

impl<'f, 'a> Side<'_, 'f, 'a> {
    /// The price, and the limit beside a stop.
    fn read(&self, price: &'static str) -> Result<(Option<Price>, Option<Price>), PayloadError> {
        let flat = self.price(self.fields, self.flat)?;
        let mut inner = (None, None);
        for stated in self.fields.given.all(self.nested) {
            if let Some(blank) = stated.blank() {
                self.fields.notes.blank(stated.name, blank);
                continue;
            }
            let read = if stated.value.get().starts_with('{') {
                self.inside(stated, price)
            } else {
                self.fields.notes.read(self.nested, stated.name, stated);
                self.bare(stated).map(|price| (price, None))
            };
            match read {
                Ok(read) => inner = read,
                Err(error) => {
                    if !stops::is_off(stated.value) {
                        self.miss(stated.name);
                    }
                    if stated.standing == Standing::Ours {
                        self.fields.notes.unreadable("unreadable_field", &error);
                    } else {
                        self.fields.notes.unused(stated.name);
                    }
                }
            }
        }
        if let (Some(flat), Some(inner)) = (flat, inner.0)
            && flat != inner
        {
            let flat_name = self.fields.name_of(self.flat);
            let nested_name = self.fields.name_of(self.nested);
            let what = format!("{flat_name} {flat} and {nested_name} {inner}");
            let hint = "Keep the one that you mean, and delete the other.";
            return Err(PayloadError::contradiction(&nested_name, what, hint));
        }
        Ok((flat.or(inner.0), inner.1))
    }

    /// The prices inside an object.
    fn inside(
        &self,
        stated: &Stated<'f, 'a>,
        price: &'static str,
    ) -> Result<(Option<Price>, Option<Price>), PayloadError> {
        let fields = self.fields.object(stated)?;
        let given = SortedFields::new(&fields, self.table);
        let inner = Object {
            given: &given,
            notes: self.fields.notes,
            parent: match self.nested {
                "takeProfit" => "takeProfit.",
                _ => "stopLoss.",
            },
        };
        let found = self.price(&inner, price)?;
        let limit = match price {
            "stopPrice" => self.price(&inner, "limitPrice")?,
            _ => None,
        };
        let switch = |(name, value): &(&str, &RawValue)| {
            names::is_name(name, "enabled") && stops::is_off(value)
        };
        let is_off = given.unknown().iter().any(switch);
        for (name, value) in given.unknown() {
            inner.notes.unused(&inner.path(name));
            if found.is_none() && !is_off && stops::states(value) {
                self.miss(&inner.path(name));
            }
        }
        if found.is_none() {
            let message = format!(
                "{} states no {price}, so there is no {} with this order",
                stated.name,
                if self.is_target { "target" } else { "stop" }
            );
            inner.notes.warn("unused_field", message);
        }
        Ok((found, limit.filter(|_| found.is_some())))
    }

    /// Notes that a stop is stated and not used.
    fn miss(&self, name: &str) {
        if !self.is_target {
            self.fields.notes.stop_unused(name);
        }
    }

    /// A number where an object is expected: a price, where it can be one.
    fn bare(&self, stated: &Stated<'f, 'a>) -> Result<Option<Price>, PayloadError> {
        let is_number = string(stated.value).is_some()
            || matches!(stated.value.get().as_bytes(), [b'-' | b'0'..=b'9', ..]);
        match stated.value.get() {
            "false" => {
                self.fields.notes.blank(stated.name, "false");
                Ok(None)
            }
            _ if is_number => {
                let price: Price = self.fields.read(stated, str::parse)?;
                if price.get().is_zero() {
                    self.fields.notes.blank(stated.name, "0");
                    return Ok(None);
                }
                Ok(self.plausible(stated.name, price))
            }
            _ => self.fields.object(stated).map(|_| None),
        }
    }

    /// A price in a field; zero means none.
    fn price(
        &self,
        fields: &Object<'_, 'a>,
        field: &'static str,
    ) -> Result<Option<Price>, PayloadError> {
        let price: Option<Price> = fields.number_but_zero(field, str::parse)?;
        let Some(price) = price else {
            return Ok(None);
        };
        let stated = fields.first(field);
        let is_other = |stated: &&Stated<'_, '_>| {
            stated.standing != Standing::Ours && fields.parent.is_empty()
        };
        // Another service's target or stop is held to what that service would do with it.
        let is_checked = fields.notes.is_translated() && !self.order.is_exit;
        if let Some(stated) = stated.filter(|stated| is_checked || is_other(stated)) {
            return Ok(self.plausible(&fields.path(stated.name), price));
        }
        if !price.is_positive() && self.order.price.is_positive() {
            let message = format!(
                "{} is below zero, which only a spread's price can be",
                fields.name_of(field)
            );
            fields.notes.warn("negative_price", message);
        }
        Ok(Some(price))
    }

    /// A number that another name than ours calls a target or a stop: it can be a distance, a
    /// percentage or an amount of money, too. It is a price where it lies on its side of the
    /// order's.
    fn plausible(&self, name: &str, price: Price) -> Option<Price> {
        let is_above = price > self.order.price;
        let is_long = self.order.direction == Direction::Long;
        if price != self.order.price && is_above == (self.is_target == is_long) {
            return Some(price);
        }
        let mut message = format!(
            "{name} {price} is no price that this order at {} could have there, so it was not used",
            self.order.price
        );
        if !self.fields.notes.is_translated() {
            message.push_str("; ");
            message.push_str(self.flat);
            message.push_str(" takes a price");
        }
        self.fields.notes.warn("unused_field", message);
        self.miss(name);
        None
    }
}
