//! Types of the domain as the API's document describes them.
//!
//! The domain knows nothing of the document. Each struct here stands for the one of its name:
//! it has the same properties, with the texts that programs read, and a test holds the two
//! together. What a property is where it is left out comes from the domain's own defaults. What is
//! one kind of text or another is described by hand.

#![expect(dead_code, reason = "the types are described, never made")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::channel::{Tells, Topic};
use crate::domain::departure::{self, DepartureGround, DepartureSide};
use crate::domain::format::{Format, SellWhileFlat};
use crate::domain::forward::{LONGEST_AGE, MaxAge};
use crate::domain::terms::Contract;
use crate::domain::{event, sender, silence, webhook};

/// Describes a type of the domain by the one that stands for it here.
macro_rules! described {
    ($($of:ty => $by:ty),+ $(,)?) => { $(
        impl PartialSchema for $of {
            fn schema() -> RefOr<Schema> {
                <$by>::schema()
            }
        }

        impl ToSchema for $of {
            fn name() -> Cow<'static, str> {
                <$by>::name()
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                <$by>::schemas(schemas);
            }
        }
    )+ };
}

described! {
    event::Warning => Warning,
    webhook::WebhookState => WebhookState,
    webhook::Settings => Settings,
    webhook::Commission => Commission,
    webhook::CommissionKind => CommissionKind,
    webhook::Slippage => Slippage,
    webhook::SlippageKind => SlippageKind,
    webhook::Reversal => Reversal,
    silence::Silence => Silence,
    silence::SilenceHours => SilenceHours,
    sender::Senders => Senders,
    departure::Departure => Departure,
}

impl PartialSchema for Tells {
    fn schema() -> RefOr<Schema> {
        let all = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["all"]));
        let some = ArrayBuilder::new().items(Topic::schema());
        OneOfBuilder::new().item(all).item(some).into()
    }
}

impl ToSchema for Tells {}

impl PartialSchema for MaxAge {
    fn schema() -> RefOr<Schema> {
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(LONGEST_AGE));
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^(off|[1-9][0-9]{0,3}[sm]?|[1-9][0-9]?h|[1-7]d)$"));
        OneOfBuilder::new().item(seconds).item(text).into()
    }
}

impl ToSchema for MaxAge {}

/// Says what the properties of settings are where they are left out: none has to be there.
pub(super) fn add_defaults(document: &mut Value) {
    let defaults = [
        (
            "Settings",
            serde_json::to_value(webhook::Settings::default()),
        ),
        (
            "Slippage",
            serde_json::to_value(webhook::Slippage::default()),
        ),
        ("Senders", serde_json::to_value(sender::Senders::default())),
    ];
    for (name, values) in defaults {
        let schema = &mut document["components"]["schemas"][name];
        if let (Value::Object(schema), Ok(Value::Object(values))) = (schema, values) {
            schema.remove("required");
            for (property, value) in values {
                schema["properties"][&property]["default"] = value;
            }
        }
    }
}

/// Something about a delivery that its owner should know, although it was accepted.
#[derive(ToSchema)]
struct Warning {
    /// A stable name for programs, such as `unknown_field`.
    code: String,
    /// The oddity, and the remedy.
    message: String,
}

/// State of a webhook; an active one makes orders of its alerts.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
enum WebhookState {
    Active,
    Paused,
    Archived,
}

/// The settings of a strategy, and of the reading of its numbers.
///
/// Changing one re-derives the webhook's trades; the orders stay as they are.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    /// Money at the start, in `currency`; zero or more.
    initial_capital: String,
    /// Currency of prices, profit and capital, for instance `USD`.
    currency: String,
    /// Money that one contract gains when the price rises by 1; of an inverse contract, the
    /// money that one is worth.
    point_value: String,
    /// Point values of single tickers, in place of `point_value`. A ticker is meant with and
    /// without its exchange, in any case, and of a known future in any month.
    point_values: BTreeMap<String, String>,
    /// `linear`, or `inverse` where profit is in the coin that the contract is about: quantity
    /// x point value x (1/entry - 1/exit).
    contract: Contract,
    /// Contracts of single tickers, in place of `contract`.
    contracts: BTreeMap<String, Contract>,
    /// Tick sizes of single tickers, in place of the slippage's.
    tick_sizes: BTreeMap<String, String>,
    /// The broker's commission.
    commission: Commission,
    /// The assumed slippage of a market or stop order.
    slippage: Slippage,
    /// IANA name of the zone that days, hours and months are counted in.
    time_zone: String,
    /// Trading days a year: 365 for markets that never close, 252 for exchanges.
    trading_days: u16,
    /// Risk-free rate in percent a year.
    risk_free_rate: f64,
    /// The effect of an entry against the open position.
    reversal: Reversal,
    /// Seconds within which the same message again is a resend; 0 turns that off.
    duplicate_window: u32,
    /// The silence after which the webhook needs attention.
    silence: Option<Silence>,
    /// The senders whose alerts are taken: `any`, `address` or `certificate`; the server's setting where left out.
    senders: Option<String>,
    /// The format of its messages; `auto` finds it in the content of each.
    format: Format,
    /// True if the key may stand in the URL, after the id: for messages that have no room for one.
    /// URLs end up in the logs of proxies.
    key_in_path: bool,
    /// True if the message's `secret`, `token` or `password` may be the key.
    key_in_field: bool,
    /// The meaning of "sell" without a long position, where the format does not document it.
    sell_while_flat: SellWhileFlat,
}

/// A commission for every fill, entry and exit alike.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Commission {
    /// The unit of `value`.
    kind: CommissionKind,
    /// Percent of the fill's value, or money; zero or more.
    value: String,
}

/// The unit that a commission is taken for.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
enum CommissionKind {
    Percent,
    PerOrder,
    PerContract,
}

/// The assumed slippage of an order without a broker's fill.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Slippage {
    /// The unit of `value`.
    kind: SlippageKind,
    /// Percent of the price, or ticks; zero or more.
    value: String,
    /// Size of one tick in price units; used by [`SlippageKind::Ticks`].
    tick_size: String,
}

/// The unit of assumed slippage.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
enum SlippageKind {
    Ticks,
    Percent,
}

/// The effect of an entry against the open position.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
enum Reversal {
    Net,
    Full,
}

/// The time that a webhook may go without an alert.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Silence {
    /// Seconds without an alert after which the webhook needs attention; above zero.
    seconds: u32,
    /// The time that counts.
    counted: SilenceHours,
}

/// The time that counts towards a webhook's silence.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
enum SilenceHours {
    Always,
    TradingHours,
}

/// The senders of alerts where a webhook names none.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Senders {
    /// The senders whose alerts are taken.
    policy: String,
    /// The addresses that TradingView sends from.
    addresses: Vec<String>,
}

/// The first trade that showed it, and the one that showed that it was over.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct Departure {
    /// The number of the live trade.
    trade: usize,
    /// Time of the closing.
    #[schema(format = DateTime)]
    at: String,
    /// Less or more than expected.
    side: DepartureSide,
    /// Evidence of it.
    ground: DepartureGround,
    /// The number of the trade after which nothing was left of it: the evidence is gone, and the
    /// curve is back among nine of ten runs. `null` while it lasts.
    over: Option<usize>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::domain::departure::Departure;
    use crate::domain::sender::{SenderPolicy, Senders};
    use crate::domain::silence::SilenceHours;
    use crate::domain::webhook::{
        Commission, CommissionKind, Settings, Slippage, SlippageKind, WebhookState,
    };

    fn described<T: PartialSchema>() -> Value {
        serde_json::to_value(T::schema()).unwrap()
    }

    fn same_properties<T: PartialSchema + serde::Serialize>(of: &T) {
        let names = |value: &Value| -> BTreeSet<String> {
            value.as_object().unwrap().keys().cloned().collect()
        };
        let written = serde_json::to_value(of).unwrap();
        assert_eq!(names(&described::<T>()["properties"]), names(&written));
    }

    fn same_texts<T: PartialSchema + serde::Serialize>(of: &[T]) {
        assert_eq!(described::<T>()["enum"], json!(of));
    }

    #[test]
    fn what_is_described_is_what_is_written() {
        let silence = silence::Silence {
            seconds: 1,
            counted: silence::SilenceHours::Always,
        };
        same_properties(&silence);
        same_properties(&Settings {
            silence: Some(silence),
            senders: Some(SenderPolicy::Any),
            ..Settings::default()
        });
        same_properties(&Slippage::default());
        same_properties(&Senders::default());
        same_properties(&event::Warning::new("unknown_field", "message"));
        same_properties(&Commission {
            kind: CommissionKind::Percent,
            value: crate::domain::money::Decimal::ONE,
        });
        same_properties(&Departure {
            trade: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
            side: DepartureSide::ALL[0],
            ground: DepartureGround::Band,
            over: None,
        });
        same_texts(&[SilenceHours::Always, SilenceHours::TradingHours]);
        same_texts(&[
            CommissionKind::Percent,
            CommissionKind::PerOrder,
            CommissionKind::PerContract,
        ]);
        same_texts(&[SlippageKind::Ticks, SlippageKind::Percent]);
        same_texts(&[webhook::Reversal::Net, webhook::Reversal::Full]);
        same_texts(&[
            WebhookState::Active,
            WebhookState::Paused,
            WebhookState::Archived,
        ]);
    }
}
