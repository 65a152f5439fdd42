//! Words of the program as the API's document describes them: a text out of a few.

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::{
    channel, departure, event, fill, format, forward, ledger, order, scope, sender, signal, terms,
};
use crate::{analytics, api, compare, desk, reports, store, templates};

/// Describes types that `text_enum!` made.
macro_rules! texts {
    ($($name:ty),+ $(,)?) => { $(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(<$name>::ALL.iter().map(|text| text.as_str())))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )+ };
}

texts! {
    analytics::Base,
    analytics::ReturnPeriod,
    analytics::expectation::ExpectedFigure,
    analytics::intervals::Method,
    api::book::TradeSource,
    api::comparison::Only,
    api::imports::FileKind,
    channel::ChannelKind,
    channel::Topic,
    compare::Action,
    compare::By,
    compare::MatchBand,
    compare::Preset,
    compare::execution::Letter,
    departure::DepartureGround,
    departure::DepartureSide,
    departure::OutcomeUnit,
    desk::explain::KeyFound,
    desk::forwards::ForwardState,
    event::EventSource,
    event::EventStatus,
    fill::FillVenue,
    format::Format,
    format::SellWhileFlat,
    forward::ForwardFormat,
    forward::ForwardWhen,
    ledger::PositionChange,
    order::ExecutionQuality,
    reports::comparison::LegOutcome,
    reports::comparison::With,
    reports::expectation::ExpectedFrom,
    scope::Scope,
    sender::SenderPolicy,
    sender::Verification,
    signal::Direction,
    signal::Intent,
    signal::OrderType,
    signal::PercentOf,
    signal::TimeInForce,
    store::misdirected::Misdirection,
    store::outbox::RowState,
    store::rejections::RejectionReason,
    store::retention::Removal,
    templates::Template,
    terms::Contract,
}
