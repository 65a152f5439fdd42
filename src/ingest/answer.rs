//! The answer to a delivery: JSON of one shape for success and one for failure.

use std::borrow::Cow;
use std::fmt::Display;

use hyper::StatusCode;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::event::{EventId, EventSource, EventStatus, Warning};
use crate::domain::money::Decimal;
use crate::domain::order::{ExecutionQuality, Measure, OrderId, measure, setup_cost};
use crate::domain::signal::{Direction, OrderType, Signal};
use crate::journal::deliveries::Recorded;
use crate::payload::{Parsed, PayloadError};

/// The HTTP status that a delivery of this outcome is answered with.
#[must_use]
pub fn status_of(status: EventStatus, error: Option<&PayloadError>) -> StatusCode {
    match (status, error) {
        (EventStatus::Limited, _) => StatusCode::TOO_MANY_REQUESTS,
        (_, Some(error)) if error.is_malformed() => StatusCode::BAD_REQUEST,
        (_, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, None) => StatusCode::OK,
    }
}

/// An answer to a delivery: status, body, and when to try again.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
    /// The JSON body.
    pub body: Vec<u8>,
}

/// Refusal of a delivery, whatever is in it; a `PayloadError` says what is wrong in it.
#[derive(Debug, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    code: &'static str,
    message: String,
    hint: Cow<'static, str>,
}

impl Refusal {
    /// A refusal: a name for programs, what is wrong, and what to do about it.
    pub fn new(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted<'a> {
    success: bool,
    message: String,
    webhook_event: Event<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderMade>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analytics: Option<Analytics>,
    validation: Validation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    id: EventId,
    status: EventStatus,
    ticker: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    position_direction: Option<&'static str>,
    /// None of an exit of whichever side there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    market_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<EventId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderMade {
    /// None of a test, which makes no order.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<OrderId>,
    order_type: OrderType,
    /// Null where an exit closes whatever is open.
    qty: Option<Number>,
    intended_price: Number,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Analytics {
    order_type: OrderType,
    market_price: Option<Number>,
    intended_price: Number,
    setup_cost: Option<Number>,
    execution_quality: Option<ExecutionQuality>,
    recommendations: Vec<String>,
}

#[derive(Serialize)]
struct Validation<'a> {
    valid: bool,
    warnings: &'a [Warning],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refused<'a, E> {
    success: bool,
    message: String,
    error: &'a E,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_event: Option<RefusedEvent>,
}

#[derive(Serialize)]
struct RefusedEvent {
    id: EventId,
    status: EventStatus,
}

/// A decimal as a JSON number with all its digits.
struct Number(Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits =
            RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?;
        digits.serialize(serializer)
    }
}

impl Answer {
    /// The alert was taken: 200.
    #[must_use]
    pub fn accepted(recorded: &Recorded, parsed: &Parsed, source: EventSource) -> Self {
        let signal = &parsed.signal;
        let is_test = source == EventSource::Test && recorded.status == EventStatus::Processed;
        let shows_order = recorded.order.is_some() || is_test;
        let market_price = || signal.market_price.map(|price| Number(price.get()));
        let body = Accepted {
            success: true,
            message: message_of(recorded, is_test),
            webhook_event: Event {
                id: recorded.event,
                status: recorded.status,
                ticker: signal.ticker.as_str(),
                position_direction: signal.intent.position_direction(),
                direction: signal.intent.direction(),
                market_price: market_price(),
                duplicate_of: recorded.repeats,
            },
            order: shows_order.then(|| OrderMade {
                id: recorded.order,
                order_type: signal.order_type,
                qty: match measure(signal) {
                    Ok(Measure::Quantity(quantity)) => quantity,
                    Ok(Measure::Percentage(_)) | Err(_) => recorded.sized,
                }
                .map(|quantity| Number(quantity.get())),
                intended_price: Number(signal.intended_price.get()),
            }),
            analytics: shows_order.then(|| analytics_of(signal)),
            validation: Validation {
                valid: true,
                warnings: &recorded.warnings,
            },
        };
        Self::json(StatusCode::OK, &body)
    }

    /// The alert was not taken; `event` is what was recorded of it.
    #[must_use]
    pub fn refused<E: Serialize + Display>(
        status: StatusCode,
        error: &E,
        event: Option<(EventId, EventStatus)>,
    ) -> Self {
        let message = error.to_string();
        let webhook_event = event.map(|(id, status)| RefusedEvent { id, status });
        Self::json(
            status,
            &Refused {
                success: false,
                message,
                error,
                webhook_event,
            },
        )
    }

    /// The same answer, telling when to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Serialising these types cannot fail: no maps, no foreign Serialize.
        let body = serde_json::to_vec(body).unwrap_or_else(|_| br#"{"success":false}"#.to_vec());
        Self {
            status,
            retry_after: None,
            body,
        }
    }
}

fn message_of(recorded: &Recorded, is_test: bool) -> String {
    match (recorded.status, recorded.repeats) {
        (EventStatus::Duplicate, Some(original)) => {
            format!("The same alert as {original}; no second order was made")
        }
        (EventStatus::Ignored, _) => {
            "The webhook is paused; the alert was recorded and no order was made".to_owned()
        }
        _ if is_test => {
            "A test: an alert like this would make the order shown; none was made".to_owned()
        }
        _ => "Webhook received and processed successfully".to_owned(),
    }
}

fn analytics_of(signal: &Signal) -> Analytics {
    let prices = signal.market_price.zip(signal.intent.direction());
    let cost =
        prices.map(|(market, direction)| setup_cost(direction, signal.intended_price, market));
    let recommendations = match cost {
        Some(cost) if cost.quality == Some(ExecutionQuality::Poor) => vec![format!(
            "The {} price is more than 1 % worse than the market; check that limitPrice and stopPrice \
             are of this instrument and this bar",
            signal.order_type
        )],
        _ => Vec::new(),
    };
    Analytics {
        order_type: signal.order_type,
        market_price: signal.market_price.map(|price| Number(price.get())),
        intended_price: Number(signal.intended_price.get()),
        setup_cost: cost.map(|cost| Number(cost.cost)),
        execution_quality: cost.and_then(|cost| cost.quality),
        recommendations,
    }
}
