//! Positions: what is held, beside what TradingView says is held.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, created, ok};
use super::request::{ApiRequest, Page, parameter};
use crate::clock::Clock as _;
use crate::desk;
use crate::desk::events::Event;
use crate::domain::ledger::{Ledger, OutOfSync};
use crate::domain::money::Decimal;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::webhook::WebhookId;
use crate::journal::deliveries::new_delivery;
use crate::store::positions::{self, StoredPosition};

/// The position of a webhook in a ticker.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The webhook.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// The instrument.
    pub ticker: String,
    /// `long` or `short`; null where nothing is held.
    pub direction: Option<Direction>,
    /// Contracts, shares or coins.
    pub qty: String,
    /// Mean price of the open lots by their quantity; null where nothing is held.
    pub avg_entry_price: Option<String>,
    /// Number of open lots.
    pub lots: usize,
    /// The newest price seen.
    pub newest_price: Option<String>,
    /// Gain of the open lots at the newest price, before commission.
    pub open_profit: Option<String>,
    /// Currency of the profit.
    pub currency: String,
    /// TradingView's position where it differs: an alert is missing.
    pub out_of_sync: Option<Difference>,
    /// False while the position is being derived again, after a change of settings.
    pub is_derived: bool,
}

/// Two positions that should be one; short below zero.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// algohook's own.
    pub own: String,
    /// As TradingView states it.
    pub stated: String,
}

impl From<OutOfSync> for Difference {
    fn from(difference: OutOfSync) -> Self {
        Self {
            own: difference.own.normalize().to_string(),
            stated: difference.stated.normalize().to_string(),
        }
    }
}

impl From<StoredPosition> for Position {
    fn from(stored: StoredPosition) -> Self {
        let text = |value: Decimal| value.normalize().to_string();
        let open_profit = stored.open_profit().map(text);
        let ledger = stored.ledger.as_ref();
        let position = ledger.map_or(Decimal::ZERO, Ledger::position);
        Self {
            webhook: stored.webhook,
            ticker: stored.instrument.as_str().to_owned(),
            direction: ledger.and_then(|ledger| Some(ledger.lots().next()?.direction)),
            qty: text(position.abs()),
            avg_entry_price: ledger
                .and_then(|ledger| ledger.average_entry_price(stored.terms.contract))
                .map(text),
            lots: ledger.map_or(0, |ledger| ledger.lots().len()),
            newest_price: ledger
                .and_then(Ledger::newest_price)
                .map(|price| price.to_string()),
            open_profit,
            currency: stored.currency,
            out_of_sync: ledger.and_then(Ledger::out_of_sync).map(Difference::from),
            is_derived: ledger.is_some(),
        }
    }
}

/// A filter of positions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PositionQuery {
    /// Of one webhook.
    webhook: Option<String>,
    /// Of one instrument, with or without its exchange.
    ticker: Option<String>,
}

/// The position to take over from TradingView.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// The webhook.
    webhook: String,
    /// The instrument.
    ticker: String,
}

/// The position in every ticker that was traded, flat ones too.
#[utoipa::path(get, path = "/positions", tag = "trades", params(PositionQuery),
    responses((status = 200, body = Page<Position>), (status = 404, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: PositionQuery = request.query()?;
    let webhook: Option<WebhookId> = parameter("webhook", query.webhook.as_deref())?;
    let ticker: Option<Ticker> = parameter("ticker", query.ticker.as_deref())?;
    let read = context
        .store
        .readers()
        .run(move |connection| positions::list(connection, webhook.as_ref(), ticker.as_ref()));
    Ok(ok(&Page {
        items: read.await?.into_iter().map(Position::from).collect(),
        next_cursor: None,
    }))
}

/// Takes over the position that TradingView states, where an alert is missing.
/// The answer is the event of the adjusting order, at the newest price seen.
#[utoipa::path(post, path = "/positions/accept", tag = "trades", request_body = Acceptance,
    responses((status = 201, body = Event), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn accept(context: &Context, request: &ApiRequest) -> Reply {
    let Acceptance { webhook, ticker } = request.json()?;
    let webhook: WebhookId = webhook
        .parse()
        .map_err(|error| Problem::invalid(format!("webhook: {error}")))?;
    let ticker: Ticker = ticker
        .parse()
        .map_err(|error| Problem::invalid(format!("ticker: {error}")))?;
    let clock = context.clock.read();
    let (id, actor) = (new_delivery(clock.wall)?, request.actor(clock.wall));
    let write = context.store.writer().run(None, move |context| {
        desk::positions::accept(context, &actor, id, (&webhook, &ticker), clock)
    });
    Ok(created(&write.await?))
}
