//! Events, orders and trades as CSV: all rows of a filter, streamed a page at a
//! time, so that a long history needs no memory.

use std::sync::{Arc, Mutex, PoisonError};

use crate::store::Connection;
use csv::QuoteStyle;
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};

use super::comparison::{ExpectedQuery, compared};
use super::context::Context;
use super::events::EventQuery;
use super::orders::OrderQuery;
use super::problem::Problem;
use super::reply::Reply;
use super::request::ApiRequest;
use super::trades::{self as trades_api, Trade, TradeQuery};
use crate::desk::events::Event;
use crate::desk::orders::Order;
use crate::imports::cell_text;
use crate::reports::comparison::{LegRow, LegSide};
use crate::store::{self, events as stored_events, orders as stored_orders};

/// Rows read at once.
const AT_ONCE: u32 = 500;

/// A cell of a row.
enum Cell {
    /// A number, a time, a word of ours: nothing that a spreadsheet would run.
    Plain(String),
    /// A text of somebody else.
    Foreign(String),
}

impl Cell {
    fn plain(value: &impl ToString) -> Self {
        Self::Plain(value.to_string())
    }

    fn plain_or_empty<T: ToString>(value: Option<&T>) -> Self {
        Self::Plain(value.map(ToString::to_string).unwrap_or_default())
    }

    fn foreign(text: Option<String>) -> Self {
        Self::Foreign(text.unwrap_or_default())
    }

    /// The cell as it is written; of what others wrote a spreadsheet runs nothing.
    fn text(self) -> String {
        match self {
            Self::Foreign(text) => cell_text::protect(&text).into_owned(),
            Self::Plain(text) => text,
        }
    }
}

/// Something that is a row of an export.
trait Row: Sized + Send + 'static {
    /// Names of the columns.
    const HEADER: &'static [&'static str];
    /// The cells under them.
    fn cells(self) -> Vec<Cell>;
}

impl Row for Event {
    const HEADER: &'static [&'static str] = &[
        "id",
        "webhook",
        "receivedAt",
        "source",
        "status",
        "ticker",
        "direction",
        "marketPrice",
        "signalTime",
        "sourceAddress",
        "error",
        "warnings",
        "original",
        "order",
        "payload",
    ];

    fn cells(self) -> Vec<Cell> {
        let warnings: Vec<&str> = self.warnings.iter().map(|w| w.message.as_str()).collect();
        vec![
            Cell::plain(&self.id),
            Cell::plain(&self.webhook),
            Cell::plain(&self.received_at),
            Cell::plain(&self.source),
            Cell::plain(&self.status),
            Cell::foreign(self.ticker),
            Cell::plain_or_empty(self.direction.as_ref()),
            Cell::plain_or_empty(self.market_price.as_ref()),
            Cell::plain_or_empty(self.signal_time.as_ref()),
            Cell::plain_or_empty(self.source_address.as_ref()),
            Cell::foreign(self.error.map(|error| error.message)),
            Cell::Foreign(warnings.join("; ")),
            Cell::plain_or_empty(self.original.as_ref()),
            Cell::plain_or_empty(self.order.as_ref()),
            Cell::foreign(self.payload),
        ]
    }
}

impl Row for Order {
    const HEADER: &'static [&'static str] = &[
        "id",
        "webhook",
        "ticker",
        "direction",
        "orderType",
        "qty",
        "intendedPrice",
        "marketPrice",
        "fillPrice",
        "change",
        "pairedAt",
        "signalTime",
        "receivedAt",
        "statedPosition",
        "statedPreviousPosition",
        "strategy",
        "signal",
        "comment",
        "positionDirection",
        "closesOpposite",
    ];

    fn cells(self) -> Vec<Cell> {
        vec![
            Cell::plain(&self.id),
            Cell::plain(&self.webhook),
            Cell::Foreign(self.ticker),
            Cell::plain_or_empty(self.direction.as_ref()),
            Cell::plain(&self.order_type),
            Cell::plain_or_empty(self.qty.as_ref()),
            Cell::Plain(self.intended_price),
            Cell::plain_or_empty(self.market_price.as_ref()),
            Cell::plain_or_empty(self.fill_price.as_ref()),
            Cell::plain_or_empty(self.change.as_ref()),
            Cell::plain(&self.paired_at),
            Cell::plain_or_empty(self.signal_time.as_ref()),
            Cell::plain(&self.received_at),
            Cell::plain_or_empty(self.stated_position.as_ref()),
            Cell::plain_or_empty(self.stated_previous_position.as_ref()),
            Cell::foreign(self.strategy),
            Cell::foreign(self.signal),
            Cell::foreign(self.comment),
            Cell::plain_or_empty(self.position_direction.as_ref()),
            Cell::plain_or_empty(self.closes_opposite.then_some(&true)),
        ]
    }
}

impl Row for Trade {
    const HEADER: &'static [&'static str] = &[
        "id",
        "webhook",
        "source",
        "ticker",
        "direction",
        "qty",
        "entryTime",
        "entryPrice",
        "entrySignal",
        "exitTime",
        "exitPrice",
        "exitSignal",
        "commission",
        "netProfit",
        "currency",
        "tags",
        "notes",
        "pointValue",
        "contract",
    ];

    fn cells(self) -> Vec<Cell> {
        vec![
            Cell::Plain(self.id),
            Cell::plain(&self.webhook),
            Cell::plain(&self.source),
            Cell::Foreign(self.ticker),
            Cell::plain(&self.direction),
            Cell::Plain(self.qty),
            Cell::plain(&self.entry_time),
            Cell::Plain(self.entry_price),
            Cell::foreign(self.entry_signal),
            Cell::plain(&self.exit_time),
            Cell::Plain(self.exit_price),
            Cell::foreign(self.exit_signal),
            Cell::Plain(self.commission),
            Cell::Plain(self.net_profit),
            Cell::Foreign(self.currency),
            Cell::Foreign(self.tags.join(", ")),
            Cell::Foreign(self.notes),
            Cell::Plain(self.point_value),
            Cell::plain(&self.contract),
        ]
    }
}

impl Row for LegRow {
    const HEADER: &'static [&'static str] = &[
        "outcome",
        "side",
        "action",
        "backtestTime",
        "backtestPrice",
        "backtestQty",
        "backtestSignal",
        "alertTime",
        "alertPrice",
        "alertQty",
        "alertSignal",
        "order",
        "fillTime",
        "fillPrice",
        "fillQty",
        "brokerOrder",
        "match",
        "margin",
        "seconds",
        "priceCost",
        "flags",
        "cause",
    ];

    fn cells(self) -> Vec<Cell> {
        let any = self
            .backtest
            .as_ref()
            .or(self.alert.as_ref())
            .or(self.fill.as_ref());
        let of = |side: Option<&LegSide>| {
            [
                Cell::plain_or_empty(side.map(|side| side.time).as_ref()),
                Cell::plain_or_empty(side.map(|side| side.price.normalize()).as_ref()),
                Cell::plain_or_empty(side.map(|side| side.quantity.normalize()).as_ref()),
            ]
        };
        let signal =
            |side: Option<&LegSide>| Cell::foreign(side.and_then(|side| side.signal.clone()));
        let mut cells = vec![
            Cell::plain(&self.outcome),
            Cell::plain_or_empty(any.map(|side| side.side.action()).as_ref()),
            Cell::plain_or_empty(any.map(|side| side.action).as_ref()),
        ];
        cells.extend(of(self.backtest.as_ref()));
        cells.push(signal(self.backtest.as_ref()));
        cells.extend(of(self.alert.as_ref()));
        cells.push(signal(self.alert.as_ref()));
        cells.push(Cell::plain_or_empty(
            self.alert.as_ref().and_then(|side| side.order).as_ref(),
        ));
        cells.extend(of(self.fill.as_ref()));
        let reference = self.fill.as_ref().and_then(|side| side.reference.clone());
        cells.extend([
            Cell::foreign(reference),
            Cell::plain_or_empty(self.by.as_ref()),
            Cell::plain_or_empty(self.margin.as_ref()),
            Cell::plain_or_empty(self.seconds.as_ref()),
            Cell::plain_or_empty(self.price_cost.map(|cost| cost.normalize()).as_ref()),
            Cell::Plain(self.flags.join(", ")),
            Cell::foreign(self.cause_in_words),
        ]);
        cells
    }
}

/// Events as CSV, newest first.
#[utoipa::path(get, path = "/export/events.csv", tag = "events", params(EventQuery),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem)))]
pub(super) fn events(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: EventQuery = request.query()?;
    let mut filter = query.filter()?;
    refuse_page(query.limit.is_some() || filter.before.is_some())?;
    let next = move |connection: &Connection| {
        let page = stored_events::list(connection, &filter, AT_ONCE)?;
        filter.before = page.last().map(|event| event.id).or(filter.before);
        Ok(page.into_iter().map(Event::from).collect())
    };
    Ok(stream::<Event>(context, "events.csv", next))
}

/// Orders as CSV, newest first.
#[utoipa::path(get, path = "/export/orders.csv", tag = "orders", params(OrderQuery),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem)))]
pub(super) fn orders(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: OrderQuery = request.query()?;
    let mut filter = query.filter()?;
    refuse_page(query.limit.is_some() || filter.before.is_some())?;
    let next = move |connection: &Connection| {
        let page = stored_orders::list(connection, &filter, AT_ONCE)?;
        filter.before = page.last().map(|order| order.id).or(filter.before);
        Ok(page.into_iter().map(Order::from).collect())
    };
    Ok(stream::<Order>(context, "orders.csv", next))
}

/// Trades as CSV: those of alerts, then those of backtests, of each the one that closed last
/// first.
#[utoipa::path(get, path = "/export/trades.csv", tag = "trades", params(TradeQuery),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem)))]
pub(super) fn trades(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: TradeQuery = request.query()?;
    refuse_page(query.limit.is_some() || query.cursor.is_some())?;
    let wanted = query.wanted()?;
    let mut after = query.cursor()?;
    let next = move |connection: &Connection| {
        let page = trades_api::page(connection, &wanted, after, AT_ONCE)?;
        if let Some(last) = page.last() {
            after = last.place().or(after);
        }
        Ok(page)
    };
    Ok(stream::<Trade>(context, "trades.csv", next))
}

/// The legs of a comparison as CSV, both books side by side, oldest first.
#[utoipa::path(get, path = "/export/comparison.csv", tag = "trades", params(ExpectedQuery),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn comparison(context: &Arc<Context>, request: &ApiRequest) -> Reply {
    let query: ExpectedQuery = request.query()?;
    refuse_page(query.has_page())?;
    let compared = compared(context, &query).await?;
    let mut from = 0;
    let next = move |_: &Connection| {
        let page = query.rows(&compared, from, AT_ONCE as usize);
        from += page.len();
        Ok(page)
    };
    Ok(stream::<LegRow>(context, "comparison.csv", next))
}

pub(super) fn refuse_page(has_page: bool) -> Result<(), Problem> {
    if has_page {
        let detail = "all rows are meant here: leave limit and cursor out";
        return Err(Problem::bad_request("invalid_query", detail));
    }
    Ok(())
}

/// Answers with the rows that `next` reads, until it has none.
fn stream<R: Row>(
    context: &Arc<Context>,
    file_name: &'static str,
    next: impl FnMut(&Connection) -> store::Result<Vec<R>> + Send + 'static,
) -> Response<crate::http::Body> {
    let (sender, body) = Channel::<Bytes>::new(4);
    tokio::spawn(send(Arc::clone(context), sender, next));
    let mut response = Response::new(body.boxed());
    let headers = response.headers_mut();
    let text = HeaderValue::from_static("text/csv; charset=utf-8");
    headers.insert(CONTENT_TYPE, text);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = format!("attachment; filename=\"{file_name}\"");
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    response
}

async fn send<R: Row>(
    context: Arc<Context>,
    mut sender: Sender<Bytes>,
    next: impl FnMut(&Connection) -> store::Result<Vec<R>> + Send + 'static,
) {
    // One page at a time: the lock only lends the reader out to a thread.
    let next = Arc::new(Mutex::new(next));
    let mut text = csv(std::iter::once(R::HEADER.iter().map(ToString::to_string)));
    // Ends when there is no row left, or nobody reads any more.
    while !text.is_empty() && sender.send_data(Bytes::from(text)).await.is_ok() {
        let next = Arc::clone(&next);
        let read = context.store.readers().run(move |connection| {
            let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
            next(connection)
        });
        text = match read.await {
            Ok(page) => csv(page
                .into_iter()
                .map(|row| row.cells().into_iter().map(Cell::text))),
            Err(error) => {
                tracing::warn!(%error, "an export ended early");
                let line = format!("the export ended early: {error}\n");
                // Whoever still reads has to know that rows are missing.
                let _ = sender.send_data(Bytes::from(line)).await;
                return;
            }
        };
    }
}

/// Rows as CSV, every text in quotes.
fn csv(rows: impl Iterator<Item = impl Iterator<Item = String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .quote_style(QuoteStyle::NonNumeric)
        .from_writer(Vec::new());
    for row in rows {
        // A vector takes all that is written to it.
        let _ = writer.write_record(row.map(String::into_bytes));
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_no_formulas() {
        let cells = [
            Cell::Foreign("=HYPERLINK(\"x\")".to_owned()),
            Cell::Foreign("@now".to_owned()),
            Cell::plain(&-1.5),
            Cell::Foreign("a, \"b\"\nc".to_owned()),
        ];
        let row = cells.into_iter().map(Cell::text);
        let text = String::from_utf8(csv(std::iter::once(row))).unwrap();
        assert_eq!(
            text,
            "\"'=HYPERLINK(\"\"x\"\")\",\"'@now\",-1.5,\"a, \"\"b\"\"\nc\"\n"
        );
    }
}
