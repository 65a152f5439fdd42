//! The prices of an order, and its type, which follows from them where it is not stated.

use super::names::Standing;
use super::{Object, PayloadError};
use crate::domain::money::{Decimal, NumberError, Price, parse_decimal};
use crate::domain::signal::{OrderType, Trail};

/// The prices that decide how an order is filled.
pub struct Prices {
    /// At signal time.
    pub market: Option<Price>,
    /// Limit of a limit or stop-limit order.
    pub limit: Option<Price>,
    /// Trigger of a stop or stop-limit order.
    pub stop: Option<Price>,
    /// Distance of a trailing stop.
    pub trail: Option<Trail>,
    /// The order type.
    pub order_type: OrderType,
    /// The price that the trader wants.
    pub intended: Price,
}

impl Prices {
    /// Reads all of them.
    ///
    /// # Errors
    ///
    /// Where one cannot be used, or one that the order type needs is not there.
    pub fn read(fields: &Object<'_, '_>) -> Result<Self, PayloadError> {
        let stated: Option<OrderType> = fields.one_of("orderType")?;
        let (mut read, trail) = StatedPrices::stated(fields, stated)?;
        let order_type = stated.unwrap_or_else(|| {
            fields
                .notes
                .because("orderType", "it follows from the prices");
            read.follows(trail)
        });
        let needs_limit = matches!(order_type, OrderType::Limit | OrderType::StopLimit);
        let needs_stop = matches!(order_type, OrderType::Stop | OrderType::StopLimit);
        if needs_limit && read.limit.is_none() {
            read.take_price_for_limit(fields);
        }
        read.drop_zeros(fields, needs_limit, needs_stop);
        let needed = |name| {
            let own = fields.notes.wording().name(name);
            let hint =
                format!("A {order_type} order needs {own}: add it, or change the order type.");
            Err(fields.missing(name, &hint))
        };
        if needs_limit && read.limit.is_none() {
            return needed("limitPrice");
        }
        if needs_stop && read.stop.is_none() {
            return needed("stopPrice");
        }
        let is_trailing = order_type == OrderType::TrailingStop;
        if is_trailing && trail.is_none() {
            return Err(fields.missing(
                "trailPrice",
                "A trailing_stop order needs trailPrice or trailPercent: add one of them.",
            ));
        }
        if trail.is_some() && !is_trailing {
            let message = format!(
                "trailPrice and trailPercent mean nothing for a {order_type} order and are not used"
            );
            fields.notes.warn("unused_field", message);
        }
        let intended = read.intended(fields, order_type)?;
        if stated.is_some() {
            let limit = read.limit.filter(|_| !needs_limit);
            let stop = read.stop.filter(|_| !needs_stop);
            for (name, price) in [("limitPrice", limit), ("stopPrice", stop)] {
                warn_of_unused(fields, order_type, name, price, intended);
            }
        }
        Ok(Self {
            market: read.market,
            limit: read.limit,
            stop: read.stop,
            trail: trail.filter(|_| is_trailing),
            order_type,
            intended,
        })
    }
}

/// The prices as they are stated.
struct StatedPrices {
    market: Option<Price>,
    limit: Option<Price>,
    stop: Option<Price>,
}

impl StatedPrices {
    /// Reads the prices; what the stated order type has no use for need not be readable.
    fn stated(
        fields: &Object<'_, '_>,
        stated: Option<OrderType>,
    ) -> Result<(Self, Option<Trail>), PayloadError> {
        use OrderType::{Limit, Stop, StopLimit, TrailingStop};
        let is_other = |types: &[OrderType]| stated.is_some_and(|stated| !types.contains(&stated));
        let limit = fields.number("limitPrice", str::parse);
        let limit = unless_needed(fields, limit, is_other(&[Limit, StopLimit]))?;
        let stop = fields.number("stopPrice", str::parse);
        let stop = unless_needed(fields, stop, is_other(&[Stop, StopLimit]))?;
        let trail = unless_needed(fields, trail(fields), is_other(&[TrailingStop]))?;
        let has_own = match stated {
            Some(Limit | StopLimit) => limit.is_some(),
            Some(Stop) => stop.is_some(),
            _ => false,
        };
        let market = fields.number("marketPrice", str::parse);
        let market = unless_needed(fields, market, has_own)?;
        let read = Self {
            market,
            limit,
            stop,
        };
        Ok((read, trail))
    }

    /// The order type that the prices tell; a zero is more likely no price than a price.
    fn follows(&self, trail: Option<Trail>) -> OrderType {
        let (limit, stop) = (not_zero(self.limit), not_zero(self.stop));
        match (limit, stop, trail) {
            (Some(_), Some(_), _) => OrderType::StopLimit,
            (Some(_), None, _) => OrderType::Limit,
            (None, Some(_), _) => OrderType::Stop,
            (None, None, Some(_)) => OrderType::TrailingStop,
            (None, None, None) => OrderType::Market,
        }
    }

    /// A limit order whose only price is called `price` has its limit there.
    fn take_price_for_limit(&mut self, fields: &Object<'_, '_>) {
        let only = fields.first("marketPrice");
        let is_other = |standing| standing == Standing::Same || fields.notes.is_translated();
        if let Some(stated) = only.filter(|stated| {
            is_other(stated.standing) && super::names::is_name(stated.name, "price")
        }) {
            self.limit = self.market.take();
            fields.notes.warn(
                "other_name",
                format!("{} was read as the limit order's limitPrice", stated.name),
            );
        }
    }

    /// Takes away the zeros that are no prices: those that nothing needs.
    fn drop_zeros(&mut self, fields: &Object<'_, '_>, needs_limit: bool, needs_stop: bool) {
        let is_zero = |price: Option<Price>| price.is_some() && not_zero(price).is_none();
        if is_zero(self.limit) && !needs_limit {
            fields.notes.blank(&fields.name_of("limitPrice"), "0");
            self.limit = None;
        }
        if is_zero(self.stop) && !needs_stop {
            fields.notes.blank(&fields.name_of("stopPrice"), "0");
            self.stop = None;
        }
        if is_zero(self.market) {
            let name = fields.name_of("marketPrice");
            if self.limit.or(self.stop).is_some() {
                fields.notes.blank(&name, "0");
                self.market = None;
            } else {
                let message = format!(
                    "{name} is 0 and was taken as the price, which a spread can have; check it for any other instrument"
                );
                fields.notes.warn("zero_price", message);
            }
        }
    }

    /// The price that the trader wants.
    fn intended(
        &self,
        fields: &Object<'_, '_>,
        order_type: OrderType,
    ) -> Result<Price, PayloadError> {
        let of_the_type = match order_type {
            OrderType::Limit | OrderType::StopLimit => self.limit,
            OrderType::Stop => self.stop,
            OrderType::Market | OrderType::TrailingStop => self.market,
        };
        let price = of_the_type.or(self.limit).or(self.stop);
        price.ok_or_else(|| none(fields))
    }
}

/// Names a price that the order type has no use for.
fn warn_of_unused(
    fields: &Object<'_, '_>,
    order_type: OrderType,
    name: &'static str,
    price: Option<Price>,
    intended: Price,
) {
    let Some(price) = price else { return };
    let name = fields.name_of(name);
    let message = if price == intended {
        format!("{name} is taken as the price of a {order_type} order, which has no other")
    } else {
        format!("{name} means nothing for a {order_type} order; change orderType where it should")
    };
    fields.notes.warn("unused_field", message);
}

/// A price, or none where it cannot be read and the order does not need it. Two that differ
/// are always an error.
fn unless_needed<T>(
    fields: &Object<'_, '_>,
    read: Result<Option<T>, PayloadError>,
    is_optional: bool,
) -> Result<Option<T>, PayloadError> {
    match read {
        Err(error) if is_optional && error.code == "invalid_field" => {
            fields.notes.unreadable("unreadable_field", &error);
            Ok(None)
        }
        read => read,
    }
}

fn not_zero(price: Option<Price>) -> Option<Price> {
    price.filter(|price| !price.get().is_zero())
}

fn trail(fields: &Object<'_, '_>) -> Result<Option<Trail>, PayloadError> {
    let price = fields.number_but_zero("trailPrice", |text| text.parse().map(Trail::Price))?;
    let percent = fields.number_but_zero("trailPercent", |text| match parse_decimal(text)? {
        percent if percent < Decimal::ZERO => Err(NumberError::NotPositive),
        percent => Ok(Trail::Percent(percent)),
    })?;
    if price.is_some() && percent.is_some() {
        return Err(fields.invalid(
            "trailPercent",
            "cannot be given together with trailPrice",
            "Keep one of the two.",
        ));
    }
    Ok(price.or(percent))
}

/// The error of an alert without any price.
fn none(fields: &Object<'_, '_>) -> PayloadError {
    let names = ["marketPrice", "limitPrice", "stopPrice"];
    let blank = names.iter().find_map(|name| fields.without_value(name));
    blank.unwrap_or_else(|| {
        let wording = fields.notes.wording();
        let hint = fields.rename(&names);
        let hint = hint.unwrap_or_else(|| wording.add_price.to_owned());
        PayloadError::none_of("marketPrice", wording.no_price.to_owned(), hint)
    })
}
