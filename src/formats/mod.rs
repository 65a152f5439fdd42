//! The messages that alerts are passed on as: one file a format.
//!
//! All of it is pure: an alert and its order in, bytes out, or the reason why the format cannot
//! say it. An order is never made smaller by that: one with a stop that a service's message has
//! no word for is not sent without its stop.
//!
//! Secrets are no part of what is made here, for it waits in the database: the sender puts them
//! in ([`with_secrets`]).

mod alertatron;
mod algohook;
mod as_received;
mod json;
mod pickmytrade;
mod secret;
mod settings;
pub mod signing;
mod template;
mod threecommas;
mod traderspost;

use jiff::Timestamp;

use crate::domain::delivery::DeliveryId;
use crate::domain::event::EventId;
use crate::domain::forward::ForwardFormat;
use crate::domain::money::{Decimal, Quantity};
use crate::domain::signal::{Direction, Intent, OrderType, Signal};

pub use crate::domain::setting::Settings;
pub use as_received::with_key;
pub use secret::{struck_out, with_secrets};
pub use settings::{check, is_known, is_secret};
pub use template::{Template, TemplateError};

/// An alert to pass on.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The identity of its delivery.
    pub delivery: DeliveryId,
    /// The event.
    pub event: EventId,
    /// The webhook that it came to.
    pub webhook: &'a str,
    /// Time of arrival.
    pub received_at: Timestamp,
    /// Its payload as it is recorded, the key replaced.
    pub payload: &'a [u8],
    /// The order it asks for, where it could be read.
    pub order: Option<OutgoingOrder<'a>>,
}

/// The order of an alert.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingOrder<'a> {
    /// The alert's signal, whose side and size say themselves what the order does.
    pub signal: &'a Signal,
    /// Its quantity; none is an exit of the whole position.
    pub quantity: Option<Quantity>,
    /// Quantity that an exit closed; `None` of any other order.
    pub closed: Option<Quantity>,
    /// The position after it: the stated one, else that of the ledger, where either is known.
    pub position: Option<Decimal>,
    /// True of an exit that found nothing to close: where there is only buying and selling, it
    /// would open a position, or close one of the other side.
    pub closed_nothing: bool,
    /// The name of a field that states a stop which the signal does not have.
    pub unused_stop: Option<&'a str>,
}

/// The settings that a message is made with.
#[derive(Debug, Clone, Copy)]
pub struct MadeWith<'a> {
    /// The format.
    pub format: ForwardFormat,
    /// The format's own settings.
    pub settings: &'a Settings,
    /// The owner's text, for a template.
    pub template: Option<&'a str>,
    /// True if the bytes as received keep the place of the webhook's key.
    pub sends_key: bool,
}

/// A message that a format has no words for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsayable {
    /// The alert could not be read.
    #[error("the alert is no order, which this format needs; nothing was sent")]
    NoOrder,
    /// An exit of a position that there is not.
    #[error(
        "the exit found no position to close, and {service} has no message that closes one side only; nothing was sent"
    )]
    ClosedNothing {
        /// The service.
        service: &'static str,
    },
    /// The order has a part that the format does not know.
    #[error(
        "{service} has no message for {part}, and without it the order would be another one; nothing was sent"
    )]
    Part {
        /// The service.
        service: &'static str,
        /// The part of the order.
        part: &'static str,
    },
    /// The alert states a stop that is not in its signal.
    #[error(
        "the alert states a stop in {0} that could not be used, and without it the order would be another one; \
         nothing was sent"
    )]
    UnusedStop(String),
    /// A part that the format needs is missing.
    #[error("{service} needs {part}, which the alert does not state; nothing was sent")]
    Missing {
        /// The service.
        service: &'static str,
        /// The part of the order.
        part: &'static str,
    },
    /// The template is not what was checked when it was saved.
    #[error("{0}; nothing was sent")]
    Template(#[from] TemplateError),
}

/// The message of an alert, without secrets.
///
/// # Errors
///
/// [`Unsayable`] where the format cannot say it.
pub fn message(alert: &Outgoing<'_>, with: &MadeWith<'_>) -> Result<Vec<u8>, Unsayable> {
    let order = || {
        let order = alert.order.as_ref().ok_or(Unsayable::NoOrder)?;
        order.require_stop()?;
        Ok::<_, Unsayable>(order)
    };
    let text = match with.format {
        ForwardFormat::AsReceived if with.sends_key => return Ok(alert.payload.to_vec()),
        ForwardFormat::AsReceived => return Ok(as_received::message(alert.payload)),
        ForwardFormat::Template => of_template(alert, with.template.unwrap_or_default())?,
        ForwardFormat::Algohook => algohook::message(alert, order()?),
        ForwardFormat::TradersPost => traderspost::message(alert, order()?)?,
        ForwardFormat::ThreeCommas => threecommas::message(alert, order()?, with.settings)?,
        ForwardFormat::PickMyTrade => pickmytrade::message(alert, order()?, with.settings)?,
        ForwardFormat::Alertatron => alertatron::message(order()?, with.settings)?,
    };
    Ok(text.into_bytes())
}

fn of_template(alert: &Outgoing<'_>, template: &str) -> Result<String, Unsayable> {
    let template = Template::read(template)?;
    if alert.order.is_some_and(|order| order.closed_nothing) && !template.tells_side_closed() {
        let service = "the template";
        return Err(Unsayable::ClosedNothing { service });
    }
    if let (Some(order), true) = (&alert.order, template.has(&["stopLoss"])) {
        order.require_stop()?;
    }
    Ok(template.fill(alert)?)
}

/// The content type of a message.
#[must_use]
pub fn content_type(message: &[u8]) -> &'static str {
    let first = message.trim_ascii_start().first();
    if matches!(first, Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(message).is_ok()
    {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    }
}

/// The effect that an order has on a position, as services without a net position name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    EnterLong,
    ExitLong,
    EnterShort,
    ExitShort,
}

impl OutgoingOrder<'_> {
    /// Buys or sells. An exit of whichever side there was is one of that side here.
    fn direction(&self) -> Direction {
        let position = self.position.unwrap_or_default();
        self.signal.intent.direction_at(position)
    }

    /// `buy` or `sell`.
    fn side(&self) -> &'static str {
        self.direction().action()
    }

    /// The effect; none of an order on the net position whose outcome nobody knows. An entry that
    /// only reduces the opposite position is an exit of that: to enter would first close all of it.
    fn effect(&self) -> Option<Effect> {
        let after = self.position;
        Some(match self.signal.intent {
            Intent::EntryLong if after.is_none_or(|after| after > Decimal::ZERO) => {
                Effect::EnterLong
            }
            Intent::EntryShort if after.is_none_or(|after| after < Decimal::ZERO) => {
                Effect::EnterShort
            }
            Intent::Buy if self.position? > Decimal::ZERO => Effect::EnterLong,
            Intent::Sell if self.position? < Decimal::ZERO => Effect::EnterShort,
            Intent::EntryLong | Intent::Buy | Intent::ExitShort => Effect::ExitShort,
            Intent::EntryShort | Intent::Sell | Intent::ExitLong => Effect::ExitLong,
            Intent::Exit => return None,
        })
    }

    /// The quantity without what an exit states beyond the position: where there is only buying
    /// and selling, that would open one of the other side.
    fn within_position(&self) -> Option<Quantity> {
        let quantity = self.quantity?;
        Some(self.closed.map_or(quantity, |closed| quantity.min(closed)))
    }

    /// The same, and of an exit that states none what it closed.
    fn stated_or_closed(&self) -> Option<Quantity> {
        self.within_position().or(self.closed)
    }

    /// The quantity for a service that closes the opposite position by itself before it opens: the
    /// part of the order that opens.
    fn opened(&self) -> Option<Quantity> {
        let quantity = self.within_position()?;
        let opened = self.position.unwrap_or_default() * self.direction().sign();
        if opened > Decimal::ZERO && opened < quantity.get() {
            return Quantity::new(opened).ok();
        }
        Some(quantity)
    }

    /// Refuses an exit of nothing, for a service that has no word for the side that it closes.
    fn require_effect(&self, service: &'static str) -> Result<(), Unsayable> {
        if self.closed_nothing {
            return Err(Unsayable::ClosedNothing { service });
        }
        Ok(())
    }

    /// Refuses an order whose stop was stated and not read; one that closes needs none.
    fn require_stop(&self) -> Result<(), Unsayable> {
        let closes = matches!(self.effect(), Some(Effect::ExitLong | Effect::ExitShort));
        match self.unused_stop {
            Some(name) if !closes && !self.signal.intent.is_exit() => {
                Err(Unsayable::UnusedStop(name.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// True if nothing is left of the position: it says so, or closes all of it.
    fn closes_all(&self) -> bool {
        let is_exit = matches!(self.effect(), Some(Effect::ExitLong | Effect::ExitShort));
        is_exit && (self.quantity.is_none() || self.position == Some(Decimal::ZERO))
    }

    /// Refuses what a service has no words for.
    fn require(&self, service: &'static str, knows: &Knows) -> Result<(), Unsayable> {
        let signal = self.signal;
        let is_known = knows.order_types.contains(&signal.order_type);
        let part = if !is_known {
            match signal.order_type {
                OrderType::Market => "a market order",
                OrderType::Limit => "a limit order",
                OrderType::Stop => "a stop order",
                OrderType::StopLimit => "a stop-limit order",
                OrderType::TrailingStop => "a trailing stop",
            }
        } else if !knows.brackets && (signal.profit_target.is_some() || signal.stop_loss.is_some())
        {
            "a profit target or stop loss"
        } else {
            return Ok(());
        };
        Err(Unsayable::Part { service, part })
    }
}

/// The parts of an order that a service has words for.
struct Knows {
    order_types: &'static [OrderType],
    brackets: bool,
}

/// A ticker without its exchange, as `{{ticker}}` has it.
fn symbol(ticker: &str) -> &str {
    match ticker.split_once(':') {
        Some((_, symbol)) if !symbol.contains(':') => symbol,
        _ => ticker,
    }
}

/// The exchange of a ticker that states one.
fn exchange(ticker: &str) -> Option<&str> {
    let (exchange, symbol) = ticker.split_once(':')?;
    (!symbol.contains(':')).then_some(exchange)
}

#[cfg(test)]
mod tests;
