//! Records of the compared time, besides the two books.

use crate::compare::cause::{Export, Gap};
use crate::compare::leg::of_row;
use crate::compare::{Action, ClockShift, Evidence, Joined, Outage, Refused};
use crate::domain::event::EventStatus;
use crate::domain::money::Decimal;
use crate::domain::order::Order;
use crate::domain::signal::{Intent, Ticker};
use crate::store::backtests::{self, PastBacktest};
use crate::store::webhooks::StoredWebhook;
use crate::store::{Connection, events, rejections, runs};

use super::Failed;

/// Alerts that made no order, and all that came.
pub(super) fn read(
    connection: &Connection,
    webhook: &StoredWebhook,
    ticker: &Ticker,
    orders: &[Order],
    shift: &ClockShift,
) -> Result<Evidence, Failed> {
    let (mut arrivals, mut refused) = (Vec::new(), Vec::new());
    events::for_each_arrival(connection, webhook.row, |arrived| {
        // An alert that could not be read may be of any instrument.
        let stated = arrived.ticker.as_ref();
        if !stated.is_none_or(|stated| stated.may_be(ticker)) {
            return;
        }
        arrivals.push(arrived.at);
        if arrived.status != EventStatus::Processed {
            refused.push(Refused {
                at: arrived.at,
                event: Some(arrived.event),
                status: Some(arrived.status),
                side: arrived.intent.and_then(Intent::direction),
            });
        }
    })?;
    let rejected = rejections::list(connection, webhook.row)?
        .into_iter()
        .map(|rejection| Refused {
            at: rejection.rejected_at,
            event: None,
            status: None,
            side: None,
        });
    refused.extend(rejected);
    refused.sort_by_key(|refused| refused.at);
    let outages = runs::downtimes(connection)?.into_iter().map(|down| Outage {
        from: down.from,
        to: down.to,
        was_stopped: down.was_stopped,
    });
    let past = backtests::past(connection, webhook.row, ticker)?;
    Ok(Evidence {
        refused,
        arrivals,
        outages: outages.collect(),
        gaps: gaps(orders),
        exports: past
            .iter()
            .map(|past| export(past, ticker, shift))
            .collect(),
        is_of_fills: false,
    })
}

/// Gaps between the position before an order, as its alert states it, and the one after the order
/// before.
fn gaps(orders: &[Order]) -> Vec<Gap> {
    let before = |order: &Order| {
        let stated = order.stated_position;
        let moved = order.intent.direction().zip(order.quantity);
        let moved = moved.map(|(direction, quantity)| direction.sign() * quantity.get());
        let from_new = stated.new.zip(moved).map(|(new, moved)| new - moved);
        stated.previous.or(from_new)
    };
    let after = |order: &Order| {
        let stated = order.stated_position;
        let moved = order.intent.direction().zip(order.quantity);
        let from_previous = stated
            .previous
            .zip(moved)
            .map(|(previous, (direction, quantity))| {
                let new = previous + direction.sign() * quantity.get();
                let is_beyond = new.is_sign_negative() != previous.is_sign_negative();
                // No exit leads to the other side.
                if order.intent.is_exit() && is_beyond {
                    Decimal::ZERO
                } else {
                    new
                }
            });
        stated.new.or(from_previous)
    };
    let asked: Vec<&Order> = orders.iter().filter(|order| !order.adjusting).collect();
    let between = asked.windows(2).filter_map(|pair| {
        let [last, next] = pair else { return None };
        let moved = before(next)? - after(last)?;
        (!moved.is_zero()).then_some(Gap {
            after: last.paired_at,
            before: next.paired_at,
            moved,
            order: next.id,
        })
    });
    between.collect()
}

/// The legs of an earlier export.
fn export(past: &PastBacktest, ticker: &Ticker, shift: &ClockShift) -> Export {
    let rows = past.trades.iter().flat_map(|trade| {
        let row = |effect, (time, price)| {
            let row = (shift.corrected(time), price, None);
            of_row(ticker, effect, trade.quantity, row)
        };
        let entry = row((trade.direction, Action::Entry), trade.entry);
        let exit = (trade.direction.opposite(), Action::Exit);
        [Some(entry), trade.exit.map(|at| row(exit, at))]
    });
    let rows = rows.flatten();
    Export {
        imported_at: past.imported_at,
        legs: Joined::of(rows).legs,
    }
}
