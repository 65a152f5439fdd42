//! Notices to a message: what an order came to is looked up when it is told.

use crate::domain::channel::Topic;
use crate::domain::currency;
use crate::domain::money::{Decimal, Quantity};
use crate::domain::notice::{Notice, Notices};
use crate::domain::order::OrderId;
use crate::domain::signal::Direction;
use crate::store::orders::StoredOrder;
use crate::store::trades::TradeFilter;
use crate::store::{Connection, Result, StoreError, orders, trades, webhooks};
use crate::text::counted;

use super::message::{Message, Severity};

/// Trades of one order that are added up; beyond, it is said that there are more.
const MOST_TRADES: u32 = 500;

/// The message of some notices; `page` is the public address of the page, where there is one.
///
/// # Errors
///
/// [`StoreError`] where the database cannot be read.
pub fn message(connection: &Connection, notices: &Notices, page: Option<&str>) -> Result<Message> {
    let told = notices
        .first
        .iter()
        .map(|notice| one(connection, notice, page));
    let mut told = told.collect::<Result<Vec<Message>>>()?;
    if notices.more == 0 && told.len() == 1 {
        return Ok(told.remove(0));
    }
    let count = told.len() + notices.more as usize;
    let mut lines = Vec::new();
    for message in &told {
        lines.push(format!("• {}", message.title));
        lines.extend(message.lines.iter().map(|line| format!("  {line}")));
    }
    if notices.more > 0 {
        lines.push(format!("and {} more", notices.more));
    }
    Ok(Message {
        title: format!("algohook: {count} messages"),
        lines,
        severity: told
            .iter()
            .map(|message| message.severity)
            .max()
            .unwrap_or(Severity::Info),
        link: page.map(str::to_owned),
    })
}

fn one(connection: &Connection, notice: &Notice, page: Option<&str>) -> Result<Message> {
    match notice {
        Notice::Order { order, position } => {
            match of_order(connection, OrderId(*order), *position, page) {
                Err(StoreError::NotFound(_)) => Ok(Message {
                    title: format!("Order {order} was removed before it could be told"),
                    lines: Vec::new(),
                    severity: Severity::Info,
                    link: None,
                }),
                told => told,
            }
        }
        Notice::Text {
            topic,
            title,
            lines,
            is_fault,
        } => Ok(Message {
            title: title.clone(),
            lines: lines.clone(),
            severity: match (is_fault, topic) {
                (true, _) => Severity::Fault,
                (false, Topic::Daily | Topic::Weekly) => Severity::Info,
                (false, _) => Severity::Notice,
            },
            link: page.map(str::to_owned),
        }),
    }
}

fn of_order(
    connection: &Connection,
    id: OrderId,
    position: Option<Decimal>,
    page: Option<&str>,
) -> Result<Message> {
    let order = orders::get(connection, id)?;
    let webhook = webhooks::get(connection, &order.webhook)?;
    let what = order
        .change
        .map_or_else(String::new, |change| format!(" ({change})"));
    let closed = if order.intent.is_exit() {
        trades::closed_by(connection, id)?
    } else {
        None
    };
    let title = title(&order, closed);
    let mut lines = vec![format!("{}{what}", webhook.name)];
    lines.extend(beyond(&order, closed));
    lines.extend(profit(connection, id, &order.webhook)?);
    lines.extend(after(position, order.stated_position));
    lines.extend(
        order
            .comment
            .iter()
            .map(|comment| format!("Comment: {comment}")),
    );
    Ok(Message {
        title,
        lines,
        severity: Severity::Info,
        link: page.map(|page| format!("{page}/orders?order={id}")),
    })
}

/// Title of an order's message: an exit does no more than `closed`.
fn title(order: &StoredOrder, closed: Option<(Direction, Decimal)>) -> String {
    let (ticker, price) = (&order.ticker, order.intended_price.get().normalize());
    let is_paired = order.fill_price.is_some();
    if order.intent.is_exit() && is_paired && closed.is_none() {
        return format!("Nothing to close in {ticker} at {price}");
    }
    let direction = match closed {
        Some((side, _)) => Some(side.opposite()),
        None => order.intent.direction(),
    };
    let does = match direction {
        Some(Direction::Long) => "Bought",
        Some(Direction::Short) => "Sold",
        None => "Left",
    };
    let stated = order.quantity.map(Quantity::get);
    let quantity = closed.map(|(_, closed)| closed).or(stated).map_or_else(
        || "all of the position in".to_owned(),
        |quantity| quantity.normalize().to_string(),
    );
    format!("{does} {quantity} {ticker} at {price}")
}

/// The quantity of an exit that states more than there was to close, in a line.
fn beyond(order: &StoredOrder, closed: Option<(Direction, Decimal)>) -> Option<String> {
    let (stated, (_, closed)) = (order.quantity?.get().normalize(), closed?);
    (stated > closed).then(|| format!("The alert states {stated}: more than there was to close"))
}

/// The position after an order in a line, and what the alert states where that is another.
fn after(position: Option<Decimal>, stated: Option<Decimal>) -> Option<String> {
    let position = position.or(stated)?.normalize();
    Some(match stated.map(|stated| stated.normalize()) {
        Some(stated) if stated != position => {
            format!("Position after: {position} (the alert states {stated})")
        }
        _ => format!("Position after: {position}"),
    })
}

/// The profit of the trades that an order closed, in a line.
fn profit(
    connection: &Connection,
    id: OrderId,
    webhook: &crate::domain::webhook::WebhookId,
) -> Result<Option<String>> {
    let filter = TradeFilter {
        webhooks: vec![webhook.clone()],
        order: Some(id),
        ..TradeFilter::default()
    };
    let listed = trades::list(connection, &filter, MOST_TRADES)?;
    let closed: Vec<_> = listed
        .iter()
        .filter(|trade| trade.trade.exit.order == id)
        .collect();
    let Some(first) = closed.first() else {
        return Ok(None);
    };
    let total = closed.iter().try_fold(Decimal::ZERO, |sum, trade| {
        sum.checked_add(trade.trade.net_profit)
    });
    let Some(total) = total else {
        return Ok(None);
    };
    let (currency, trades) = (&first.currency, counted(&closed.len(), "trade"));
    let total = currency::signed(total, currency);
    Ok(Some(format!("Closed {trades}: {total} {currency}")))
}
