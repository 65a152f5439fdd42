//! The signal: what the fields of an alert ask for together.

use crate::domain::event::Warning;
use crate::domain::money::{Decimal, Notional, NumberError, Price, Quantity, parse_decimal};
use crate::domain::signal::{
    Direction, Intent, Metadata, OrderType, Signal, Size, StatedPosition, StopLoss, Ticker, Trail,
};

use super::{Object, PayloadError, hints, position, rename, string, unknown};

/// The longest `id`, in characters.
const LONGEST_ID: usize = 128;

/// Reads the signal; oddities that do not stop it become warnings.
pub fn read(
    fields: &Object<'_, '_>,
    metadata: Metadata,
    warnings: &mut Vec<Warning>,
) -> Result<Signal, PayloadError> {
    let ticker = ticker(fields)?;
    let intent = intent(fields, warnings)?;
    let prices = Prices::read(fields)?;
    let order_type = order_type(fields, &prices)?;
    if prices.trail.is_some() && order_type != OrderType::TrailingStop {
        warnings.push(Warning::new(
            "unused_field",
            format!(
                "trailPrice and trailPercent mean nothing for a {order_type} order and are not used"
            ),
        ));
    }
    let stated_position = position::read(fields, warnings)?;
    Ok(Signal {
        ticker,
        intent,
        order_type,
        size: size(fields, intent, &stated_position)?,
        market_price: prices.market,
        limit_price: prices.limit,
        stop_price: prices.stop,
        trail: prices
            .trail
            .filter(|_| order_type == OrderType::TrailingStop),
        intended_price: prices.intended(fields, order_type)?,
        profit_target: profit_target(fields, warnings)?,
        stop_loss: stop_loss(fields, warnings)?,
        time_in_force: fields.one_of("timeInForce")?,
        extended_hours: fields.boolean("extendedHours")?,
        stated_position,
        idempotency_key: idempotency_key(fields, warnings)?,
        metadata,
    })
}

fn ticker(fields: &Object<'_, '_>) -> Result<Ticker, PayloadError> {
    let Some(text) = fields.text("ticker")? else {
        return Err(fields.missing("ticker", "Add \"ticker\": \"{{ticker}}\" to the message."));
    };
    if let Some(at) = text.find("{{") {
        return Err(fields.placeholder("ticker", &text[at..], "a symbol"));
    }
    text.parse().map_err(|problem| {
        let hint = "Use \"{{ticker}}\", or write the symbol as TradingView shows it.";
        fields.invalid("ticker", problem, hint)
    })
}

/// The first of the three ways to say what the order does.
fn intent(fields: &Object<'_, '_>, warnings: &mut Vec<Warning>) -> Result<Intent, PayloadError> {
    let action = match fields.text("action")?.as_deref() {
        Some("buy") => Ok(Some(Intent::Buy)),
        Some("sell") => Ok(Some(Intent::Sell)),
        Some(other) => Err(fields.not_one_of("action", other, &["buy", "sell"])),
        None => Ok(None),
    };
    if let Some(text) = fields.text("positionDirection")? {
        let intent = text
            .parse::<Intent>()
            .ok()
            .filter(|intent| intent.position_direction().is_some())
            .ok_or_else(|| {
                let known = ["entryLong", "exitLong", "entryShort", "exitShort"];
                fields.not_one_of("positionDirection", &text, &known)
            })?;
        if let Ok(Some(action)) = action
            && action.direction() != intent.direction()
        {
            let message = format!(
                "positionDirection {intent} and action {action} contradict each other; positionDirection was used. Use the template for all orders if one alert serves entries and exits"
            );
            warnings.push(Warning::new("contradiction", message));
        }
        return Ok(intent);
    }
    if let Some(direction) = fields.one_of::<Direction>("direction")? {
        return Ok(match direction {
            Direction::Long => Intent::Buy,
            Direction::Short => Intent::Sell,
        });
    }
    action?.ok_or_else(|| no_side(fields))
}

/// The error of an alert that does not say what its order does.
fn no_side(fields: &Object<'_, '_>) -> PayloadError {
    let mut given = fields.fields.0.iter();
    let renamed = given.find_map(|(name, value)| match unknown::meant(name)? {
        "action" => match string(value).as_deref() {
            Some("long" | "short") => Some(rename(name, "direction")),
            _ => Some(rename(name, "action")),
        },
        meant @ ("direction" | "positionDirection") => Some(rename(name, meant)),
        _ => None,
    });
    let hint = renamed.unwrap_or_else(|| {
        "Say what the order does in one of three ways: \"positionDirection\": \"entryLong\" (or exitLong, entryShort, exitShort); or \"direction\": \"long\" (or short); or \"action\": \"{{strategy.order.action}}\" with \"marketPosition\": \"{{strategy.market_position}}\".".to_owned()
    });
    let message = "the order's side is missing: action, direction or positionDirection";
    PayloadError::none_of("positionDirection", message.to_owned(), hint)
}

fn size(
    fields: &Object<'_, '_>,
    intent: Intent,
    stated: &StatedPosition,
) -> Result<Size, PayloadError> {
    let quantity = fields.amount("qty")?;
    let notional = fields.amount::<Notional>("notional")?;
    match (quantity, notional) {
        (Some(_), Some(_)) => Err(fields.invalid(
            "notional",
            "cannot be given together with qty",
            "Keep qty for a quantity or notional for an amount of money.",
        )),
        (Some(quantity), None) => Ok(Size::Quantity(quantity)),
        (None, Some(notional)) => Ok(Size::Notional(notional)),
        (None, None) => match untold_size(intent, stated) {
            Some(size) => Ok(size),
            None => "1"
                .parse()
                .map(Size::Quantity)
                .map_err(|error| fields.no_number("qty", "1", error)),
        },
    }
}

/// How much an alert means that does not say it: what its position moves by, or all that
/// is open where it only leaves.
fn untold_size(intent: Intent, stated: &StatedPosition) -> Option<Size> {
    let moved = match (stated.previous, stated.new) {
        (Some(previous), Some(new)) => new.checked_sub(previous)?,
        _ => Decimal::ZERO,
    };
    let along = moved * intent.direction().sign();
    if let Ok(quantity) = Quantity::new(along) {
        return Some(Size::Quantity(quantity));
    }
    let leaves = intent.is_exit() || stated.new.is_some_and(|new| new.is_zero());
    leaves.then_some(Size::WholePosition)
}

/// The prices that decide how an order is filled.
struct Prices {
    market: Option<Price>,
    limit: Option<Price>,
    stop: Option<Price>,
    trail: Option<Trail>,
    /// Both kinds of trail are given.
    has_two_trails: bool,
}

impl Prices {
    fn read(fields: &Object<'_, '_>) -> Result<Self, PayloadError> {
        let trail_price = fields.amount("trailPrice")?.map(Trail::Price);
        let trail_percent = fields.number("trailPercent", |text| match parse_decimal(text)? {
            percent if percent.is_zero() || percent.is_sign_negative() => {
                Err(NumberError::NotPositive)
            }
            percent => Ok(Trail::Percent(percent)),
        })?;
        Ok(Self {
            market: fields.amount("marketPrice")?,
            limit: fields.amount("limitPrice")?,
            stop: fields.amount("stopPrice")?,
            has_two_trails: trail_price.is_some() && trail_percent.is_some(),
            trail: trail_price.or(trail_percent),
        })
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
        price.ok_or_else(|| no_price(fields))
    }
}

/// The error of an alert without any price.
fn no_price(fields: &Object<'_, '_>) -> PayloadError {
    let rename = fields.rename(&["marketPrice", "limitPrice", "stopPrice"]);
    let hint = rename.unwrap_or_else(|| {
        "Add \"marketPrice\": {{strategy.order.price}} in the alert of a strategy, \"marketPrice\": {{close}} in any other.".to_owned()
    });
    let message = "no price: marketPrice, limitPrice or stopPrice is needed";
    PayloadError::none_of("marketPrice", message.to_owned(), hint)
}

/// The order type as stated, or as the prices show it; with what it needs.
fn order_type(fields: &Object<'_, '_>, prices: &Prices) -> Result<OrderType, PayloadError> {
    let follows = match (prices.limit, prices.stop, prices.trail) {
        (Some(_), Some(_), _) => OrderType::StopLimit,
        (Some(_), None, _) => OrderType::Limit,
        (None, Some(_), _) => OrderType::Stop,
        (None, None, Some(_)) => OrderType::TrailingStop,
        (None, None, None) => OrderType::Market,
    };
    let order_type = fields.one_of("orderType")?.unwrap_or(follows);
    let needs_limit = matches!(order_type, OrderType::Limit | OrderType::StopLimit);
    let needs_stop = matches!(order_type, OrderType::Stop | OrderType::StopLimit);
    let needed = |name| {
        let hint = format!("A {order_type} order needs {name}: add it, or change orderType.");
        Err(fields.missing(name, &hint))
    };
    if needs_limit && prices.limit.is_none() {
        return needed("limitPrice");
    }
    if needs_stop && prices.stop.is_none() {
        return needed("stopPrice");
    }
    if order_type == OrderType::TrailingStop {
        if prices.trail.is_none() {
            return Err(fields.missing(
                "trailPrice",
                "A trailing_stop order needs trailPrice or trailPercent: add one of them.",
            ));
        }
        if prices.has_two_trails {
            return Err(fields.invalid(
                "trailPercent",
                "cannot be given together with trailPrice",
                "Keep one of the two.",
            ));
        }
    }
    Ok(order_type)
}

fn profit_target(
    fields: &Object<'_, '_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Price>, PayloadError> {
    let flat = fields.amount("profitTarget")?;
    let Some(nested) = fields.object("takeProfit")? else {
        return Ok(flat);
    };
    let nested = Object {
        fields: &nested,
        parent: "takeProfit.",
    };
    let price = nested.amount("limitPrice")?;
    warn_if_different(
        flat,
        price,
        "profitTarget",
        "takeProfit.limitPrice",
        warnings,
    );
    flat.or(price).map(Some).ok_or_else(|| {
        nested.missing(
            "limitPrice",
            "Add the target's price, or leave takeProfit out.",
        )
    })
}

fn stop_loss(
    fields: &Object<'_, '_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<StopLoss>, PayloadError> {
    let flat = fields.amount("stopLossTarget")?;
    let Some(nested) = fields.object("stopLoss")? else {
        return Ok(flat.map(|stop_price| StopLoss {
            stop_price,
            limit_price: None,
        }));
    };
    let nested = Object {
        fields: &nested,
        parent: "stopLoss.",
    };
    let price = nested.amount("stopPrice")?;
    let limit_price = nested.amount("limitPrice")?;
    warn_if_different(
        flat,
        price,
        "stopLossTarget",
        "stopLoss.stopPrice",
        warnings,
    );
    let stop_price = flat.or(price).ok_or_else(|| {
        nested.missing("stopPrice", "Add the stop's price, or leave stopLoss out.")
    })?;
    Ok(Some(StopLoss {
        stop_price,
        limit_price,
    }))
}

fn warn_if_different(
    used: Option<Price>,
    other: Option<Price>,
    used_name: &str,
    other_name: &str,
    warnings: &mut Vec<Warning>,
) {
    if used.is_some() && other.is_some() && used != other {
        let message = format!("{used_name} and {other_name} differ; {used_name} was used");
        warnings.push(Warning::new("contradiction", message));
    }
}

fn idempotency_key(
    fields: &Object<'_, '_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<String>, PayloadError> {
    let Some(id) = fields.text("id")? else {
        return Ok(None);
    };
    if let Some(at) = id.find("{{") {
        // Taken as it is, every later alert would count as the same one again.
        let (what, hint) = (
            hints::unreplaced(&id[at..]),
            hints::placeholder(&id[at..], "an id"),
        );
        let message =
            format!("id was not used, because it is the same in every alert: {what}. {hint}");
        warnings.push(Warning::new("placeholder", message));
        return Ok(None);
    }
    if id.is_empty() || id.chars().count() > LONGEST_ID {
        let hint = "Give every alert an id of its own, or leave the field out.";
        return Err(fields.invalid("id", "must be 1 to 128 characters", hint));
    }
    Ok(Some(id.into_owned()))
}
