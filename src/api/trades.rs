//! Trades: what the orders came to, listed, and what their owner says of them.

use crate::store::Connection;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::book::{self, TradeSource};
use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Page, page_limit, parameter, range, webhook_ids, zone};
use super::trade_sieve::{Outcome, Sieve};
use crate::analytics;
use crate::desk;
use crate::desk::trades::{CannotNote, notes_change};
use crate::domain::book::Book;
use crate::domain::moment::{Moment, Range};
use crate::domain::money::Decimal;
use crate::domain::order::OrderId;
use crate::domain::signal::Direction;
use crate::domain::terms::Contract;
use crate::domain::trade::{ClosedTrade, Leg, TradeId};
use crate::domain::webhook::WebhookId;
use crate::reports;
use crate::store;
use crate::store::trades::{self, StoredTrade, TradeFilter, TradePlace};

/// A closed trade: a lot, or the part of it that one exit closed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// The same however often trades are derived again.
    pub id: String,
    /// The webhook whose orders made it.
    #[schema(value_type = String)]
    pub webhook: WebhookId,
    /// The instrument.
    pub ticker: String,
    /// `long` or `short`.
    pub direction: Direction,
    /// Contracts, shares or coins.
    pub qty: String,
    /// The order that opened it; null in other books than that of alerts.
    #[schema(value_type = Option<String>)]
    pub entry_order: Option<OrderId>,
    /// Time of the entry.
    #[schema(value_type = String, format = DateTime)]
    pub entry_time: Timestamp,
    /// At which price, assumed slippage included.
    pub entry_price: String,
    /// Name of the signal that opened it.
    pub entry_signal: Option<String>,
    /// The order that closed it; null in other books than that of alerts.
    #[schema(value_type = Option<String>)]
    pub exit_order: Option<OrderId>,
    /// Time of the exit.
    #[schema(value_type = String, format = DateTime)]
    pub exit_time: Timestamp,
    /// At which price, assumed slippage included.
    pub exit_price: String,
    /// Name of the signal that closed it.
    pub exit_signal: Option<String>,
    /// Of entry and exit together.
    pub commission: String,
    /// After commission.
    pub net_profit: String,
    /// Net profit in percent of what the trade was entered for, commission included; null where
    /// that is not above zero.
    pub profit_percent: Option<f64>,
    /// Profit of a move of the price by 1, for a contract, share or coin.
    pub point_value: String,
    /// `linear`, or `inverse` where profit is in the coin that the contract is about.
    pub contract: Contract,
    /// Currency of both: the webhook's, or the backtest's own.
    pub currency: String,
    /// The owner's notes.
    pub notes: String,
    /// The owner's tags; none in a backtest.
    pub tags: Vec<String>,
    /// The largest gain while it was open, where a backtest's list has it.
    pub favorable_excursion: Option<String>,
    /// The largest loss while it was open, at or below zero, likewise.
    pub adverse_excursion: Option<String>,
    /// Bars that it was open, likewise.
    pub bars: Option<u64>,
    /// `live`; `imported` where its entry or its exit was brought in later;
    /// `backtest` where TradingView's strategy tester made it; `fills` where a broker filled it.
    pub source: TradeSource,
}

impl From<StoredTrade> for Trade {
    fn from(stored: StoredTrade) -> Self {
        let id = stored.id().to_string();
        let StoredTrade { trade, book, .. } = stored;
        let order = |leg: &Leg| (book == Book::Alerts).then_some(leg.order);
        let text = |amount: Decimal| amount.normalize().to_string();
        Self {
            id,
            profit_percent: analytics::return_percent(&ClosedTrade::from(&trade)),
            point_value: text(trade.point_value),
            contract: trade.contract,
            webhook: stored.webhook,
            ticker: trade.ticker.as_str().to_owned(),
            direction: trade.direction,
            qty: trade.quantity.to_string(),
            entry_order: order(&trade.entry),
            entry_time: trade.entry.time,
            entry_price: trade.entry.price.to_string(),
            exit_order: order(&trade.exit),
            entry_signal: trade.entry.signal,
            exit_time: trade.exit.time,
            exit_price: trade.exit.price.to_string(),
            exit_signal: trade.exit.signal,
            commission: text(trade.commission),
            net_profit: text(trade.net_profit),
            currency: stored.currency,
            notes: stored.notes,
            tags: stored.tags,
            favorable_excursion: stored.excursions.favorable.map(text),
            adverse_excursion: stored.excursions.adverse.map(text),
            bars: stored.excursions.bars,
            source: match book {
                Book::Backtest => TradeSource::Backtest,
                Book::Fills | Book::Route(_) => TradeSource::Fills,
                Book::Alerts if stored.is_imported => TradeSource::Imported,
                Book::Alerts => TradeSource::Live,
            },
        }
    }
}

impl Trade {
    /// The place in the list at which the page after this trade begins.
    pub(super) fn place(&self) -> Option<TradePlace> {
        let id = self.id.parse().ok()?;
        let exit_time = self.exit_time;
        Some(TradePlace { id, exit_time })
    }
}

/// Filter of the list: trades of alerts, then those of backtests, of each the last exit first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TradeQuery {
    /// Of one webhook; may be given several times.
    #[serde(default)]
    webhook: Vec<String>,
    /// `alerts`, `backtest` or `fills`; the first two where left out.
    #[param(value_type = Option<String>)]
    book: Option<String>,
    /// From one source; from all where left out.
    pub(super) source: Option<TradeSource>,
    /// Of one ticker.
    ticker: Option<String>,
    /// Opened or closed by one order.
    order: Option<String>,
    /// With one tag.
    tag: Option<String>,
    /// Closed at this time or later; a day begins in the zone of the first webhook.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Closed before this time; a day, which is left out, begins in the zone of the
    /// first webhook.
    #[param(value_type = Option<String>)]
    to: Option<Moment>,
    /// IANA name of the zone of days, weekdays and hours; that of the first webhook where left
    /// out.
    time_zone: Option<String>,
    /// `long` or `short`.
    pub(super) direction: Option<Direction>,
    /// Won, lost, or neither.
    pub(super) outcome: Option<Outcome>,
    /// Closed on this day of the week, 1 for Monday to 7 for Sunday.
    pub(super) weekday: Option<i8>,
    /// Closed in this hour of the day, 0 to 23.
    pub(super) hour: Option<i8>,
    /// Opened by this signal.
    pub(super) signal: Option<String>,
    /// `true` for those opened without a signal.
    pub(super) without_signal: Option<bool>,
    /// With this net profit or more.
    pub(super) profit_from: Option<String>,
    /// With less net profit than this.
    pub(super) profit_to: Option<String>,
    /// With this `profitPercent` or more.
    pub(super) percent_from: Option<f64>,
    /// With less `profitPercent` than this.
    pub(super) percent_to: Option<f64>,
    /// Open for this many seconds or more.
    pub(super) seconds_from: Option<u32>,
    /// Open for less than this many seconds.
    pub(super) seconds_to: Option<u32>,
    /// Items of a page, 1 to 500; 50 where left out.
    pub(super) limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub(super) cursor: Option<String>,
}

impl TradeQuery {
    /// The filter that the query asks for.
    pub(super) fn wanted(&self) -> Result<Wanted, Problem> {
        let filter = TradeFilter {
            book: Book::default(),
            webhooks: webhook_ids(&self.webhook)?,
            ticker: self.ticker.clone(),
            is_imported: self.source.and_then(TradeSource::is_imported),
            order: parameter("order", self.order.as_deref())?,
            tag: parameter("tag", self.tag.as_deref())?,
            from: None,
            to: None,
            before: None,
        };
        let named = book::named(self.book.as_deref())?;
        // Orders and tags are of alerts.
        let has_other_books = filter.order.is_none() && filter.tag.is_none();
        let books = match (self.source, named) {
            (Some(source), _) => vec![source.book()],
            (None, Some(Book::Fills)) => vec![Book::Fills],
            (None, _) => vec![Book::Alerts, Book::Backtest],
        };
        let books = books.into_iter();
        let books = books.filter(|book| {
            named.is_none_or(|named| named == *book) && (has_other_books || *book == Book::Alerts)
        });
        Ok(Wanted {
            books: books.collect(),
            filter,
            range: range(self.from, self.to)?,
            zone: self.time_zone.as_deref().map(zone).transpose()?,
            sieve: Sieve::of(self)?,
        })
    }

    /// The place in the list at which its page begins.
    pub(super) fn cursor(&self) -> Result<Option<TradePlace>, Problem> {
        parameter("cursor", self.cursor.as_deref())
    }
}

/// A filter of trades, in days of a zone that is yet to be read.
pub(super) struct Wanted {
    /// One after the other.
    books: Vec<Book>,
    /// The same of each book.
    filter: TradeFilter,
    range: Range,
    /// The zone of its days, where it is named.
    zone: Option<TimeZone>,
    /// The rest of the filter.
    sieve: Sieve,
}

/// One page of the closed trades.
#[utoipa::path(get, path = "/trades", tag = "trades", params(TradeQuery),
    responses((status = 200, body = Page<Trade>), (status = 400, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: TradeQuery = request.query()?;
    let limit = page_limit(query.limit)?;
    let cursor = query.cursor()?;
    let wanted = query.wanted()?;
    let read = context
        .store
        .readers()
        .run(move |connection| page(connection, &wanted, cursor, limit + 1));
    Ok(ok(&Page::cut(read.await?, limit, |trade: &Trade| {
        trade
            .place()
            .map(|place| place.to_string())
            .unwrap_or_default()
    })))
}

/// One closed trade.
#[utoipa::path(get, path = "/trades/{id}", tag = "trades", params(("id" = String, Path)),
    responses((status = 200, body = Trade), (status = 404, body = Problem)))]
pub(super) async fn get(context: &Context, request: &ApiRequest) -> Reply {
    let id: TradeId = request.path_id()?;
    let read = context
        .store
        .readers()
        .run(move |connection| trades::get(connection, id));
    Ok(ok(&Trade::from(read.await?)))
}

/// A change of a trade's notes; fields that are left out stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TradePatch {
    /// At most 10,000 characters.
    notes: Option<String>,
    /// All tags of the trade, 20 at most: 1 to 40 printable characters without a comma.
    tags: Option<Vec<String>>,
}

impl From<CannotNote> for Problem {
    fn from(error: CannotNote) -> Self {
        Self::invalid(error.to_string())
    }
}

/// Writes notes and tags on a trade. They stay when its trades are derived again.
#[utoipa::path(patch, path = "/trades/{id}", tag = "trades", params(("id" = String, Path)),
    request_body = TradePatch,
    responses((status = 200, body = Trade), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn annotate(context: &Context, request: &ApiRequest) -> Reply {
    let id: TradeId = request.path_id()?;
    let TradePatch { notes, tags } = request.json()?;
    let change = notes_change(notes, tags.as_deref())?;
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        desk::trades::annotate(context, &actor, id, &change)
    });
    Ok(ok(&Trade::from(write.await?)))
}

/// One page of trades, a book after the other.
pub(super) fn page(
    connection: &Connection,
    wanted: &Wanted,
    after: Option<TradePlace>,
    limit: u32,
) -> store::Result<Vec<Trade>> {
    let mut filter = wanted.filter.clone();
    if wanted.range.is_open() && wanted.sieve.is_open() {
        return found(connection, wanted, filter, after, limit);
    }
    let zone = match &wanted.zone {
        Some(zone) => zone.clone(),
        None => reports::zone_of_first(connection, &filter.webhooks)?,
    };
    (filter.from, filter.to) = wanted.range.within(&zone);
    if wanted.sieve.is_open() {
        return found(connection, wanted, filter, after, limit);
    }
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut items, mut next) = (Vec::new(), after);
    loop {
        let seen = found(connection, wanted, filter.clone(), next, SIFTED_AT_ONCE)?;
        next = seen.last().and_then(Trade::place);
        let passing = seen.into_iter();
        items.extend(passing.filter(|trade| wanted.sieve.passes(trade, &zone)));
        if next.is_none() || items.len() >= most {
            items.truncate(most);
            return Ok(items);
        }
    }
}

/// Trades read at once where each is looked at.
const SIFTED_AT_ONCE: u32 = 500;

/// Trades that the database finds by itself, those after `after`.
fn found(
    connection: &Connection,
    wanted: &Wanted,
    mut filter: TradeFilter,
    after: Option<TradePlace>,
    limit: u32,
) -> store::Result<Vec<Trade>> {
    let is_before = |book: &&Book| after.is_some_and(|after| after.id.book != **book);
    let mut items: Vec<Trade> = Vec::new();
    for book in wanted.books.iter().skip_while(is_before) {
        let missing = limit.saturating_sub(u32::try_from(items.len()).unwrap_or(limit));
        if missing == 0 {
            break;
        }
        filter.book = *book;
        filter.before = after.filter(|after| after.id.book == *book);
        let stored = trades::list(connection, &filter, missing)?;
        items.extend(stored.into_iter().map(Trade::from));
    }
    Ok(items)
}
