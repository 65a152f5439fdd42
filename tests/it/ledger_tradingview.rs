//! TradingView's own list of trades, turned back into the orders that made it,
//! comes out of the ledger row for row.

use crate::support::tradingview::{Comparable, exports, listed, orders, read};
use algohook::domain::ledger::{Folded, fold};
use algohook::domain::money::Decimal;
use algohook::domain::order::{Order, OrderId};
use algohook::domain::signal::{Direction, Intent, StatedPosition};
use algohook::domain::trade::Leg;
use algohook::domain::webhook::Settings;

/// The trades and open lots that the ledger makes.
fn paired(folded: &Folded) -> Vec<Comparable> {
    let side = |leg: &Leg| (leg.time, leg.price, leg.signal.clone().unwrap_or_default());
    let closed = folded.applied.iter().flat_map(|applied| &applied.trades);
    let closed = closed.map(|trade| {
        let exit = Some(side(&trade.exit));
        (side(&trade.entry), exit, trade.direction, trade.quantity)
    });
    let open = folded.ledger.lots();
    let open = open.map(|lot| (side(&lot.entry), None, lot.direction, lot.quantity));
    let mut trades: Vec<Comparable> = closed.chain(open).collect();
    trades.sort();
    trades
}

#[test]
fn an_export_s_orders_make_the_trades_that_it_lists() {
    for path in exports() {
        let rows = read(&path);
        let listed = listed(&rows);
        let unstated = orders(&rows).into_iter().map(|order| Order {
            stated_position: StatedPosition::default(),
            ..order
        });
        let folded = fold(unstated.collect(), &Settings::default());
        assert!(paired(&folded) == listed, "{}", path.display());
    }
}

#[test]
fn an_export_s_orders_state_the_position_that_the_ledger_has() {
    for path in exports() {
        let rows = read(&path);
        let folded = fold(orders(&rows), &Settings::default());
        assert!(paired(&folded) == listed(&rows), "{}", path.display());
        for applied in &folded.applied {
            assert_eq!(applied.warnings, [], "{}", path.display());
        }
        assert_eq!(folded.ledger.out_of_sync(), None);
    }
}

/// What the standard template says of an order: an entry or an exit of a side,
/// and nothing of the position.
fn by_the_standard_template(order: Order) -> Order {
    let stated = order.stated_position;
    let is_exit = stated.new.unwrap().abs() < stated.previous.unwrap().abs();
    Order {
        intent: match (order.intent, is_exit) {
            (Intent::Buy, true) => Intent::ExitShort,
            (Intent::Buy, false) => Intent::EntryLong,
            (_, true) => Intent::ExitLong,
            (_, false) => Intent::EntryShort,
        },
        stated_position: StatedPosition::default(),
        ..order
    }
}

/// What `action` and `marketPosition` say of an order without their sizes: it
/// buys or sells, and leaves TradingView long, short or flat.
fn by_action_and_side(order: Order) -> Order {
    let new = order.stated_position.new.unwrap();
    Order {
        stated_position: StatedPosition {
            new: new.is_zero().then_some(Decimal::ZERO),
            previous: None,
            side: (!new.is_zero()).then(|| Direction::of_position(new)),
        },
        ..order
    }
}

#[test]
fn an_export_s_orders_need_no_position_sizes_where_they_arrive_in_sequence() {
    // The exports have whole minutes: all fills of a bar are of one instant.
    for path in exports() {
        let rows = read(&path);
        let listed = listed(&rows);
        for template in [by_the_standard_template, by_action_and_side] {
            let alerts = orders(&rows).into_iter().map(template);
            let folded = fold(alerts.collect(), &Settings::default());
            assert!(paired(&folded) == listed, "{}", path.display());
            for applied in &folded.applied {
                assert_eq!(applied.warnings, [], "{}", path.display());
            }
            assert_eq!(folded.ledger.out_of_sync(), None);
        }
    }
}

/// What `action` and the new position say of an order, but not the one before it.
fn by_action_and_new_position(order: Order) -> Order {
    Order {
        stated_position: StatedPosition {
            previous: None,
            ..order.stated_position
        },
        ..order
    }
}

/// The standard template with `marketPosition` and its size.
fn by_the_standard_template_and_new_position(order: Order) -> Order {
    let stated_position = by_action_and_new_position(order.clone()).stated_position;
    Order {
        stated_position,
        ..by_the_standard_template(order)
    }
}

/// The orders of each instant, numbered as if they had arrived in another sequence:
/// the newest first, or in one that follows from `seed`.
fn arriving_otherwise(mut orders: Vec<Order>, seed: Option<u64>) -> Vec<Order> {
    let mut state = seed.unwrap_or_default();
    for instant in orders.chunk_by_mut(|one, next| one.paired_at == next.paired_at) {
        let mut ids: Vec<OrderId> = instant.iter().map(|order| order.id).collect();
        ids.reverse();
        for last in (1..ids.len()).rev().filter(|_| seed.is_some()) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let other = usize::try_from(state >> 40).unwrap() % (last + 1);
            ids.swap(last, other);
        }
        for (order, id) in instant.iter_mut().zip(ids) {
            order.id = id;
        }
    }
    orders
}

#[test]
fn an_export_s_orders_that_state_the_new_size_find_their_places_however_they_arrive() {
    for path in exports() {
        let rows = read(&path);
        let listed = listed(&rows);
        for template in [
            (|order| order) as fn(Order) -> Order,
            by_action_and_new_position,
            by_the_standard_template_and_new_position,
        ] {
            for seed in [None, Some(1), Some(2), Some(3)] {
                let alerts = arriving_otherwise(orders(&rows), seed).into_iter();
                let folded = fold(alerts.map(template).collect(), &Settings::default());
                assert!(paired(&folded) == listed, "{} {seed:?}", path.display());
                for applied in &folded.applied {
                    assert_eq!(applied.warnings, [], "{} {seed:?}", path.display());
                }
            }
        }
    }
}

/// Files with an entry and its exit in one bar, and what else is entered there: without
/// a size, nothing but the sequence of arrival tells which exit belongs to which entry.
const SEVERAL_TRADES_IN_A_BAR: [&str; 2] = [
    "composite-bracket-cap-range-pending-stop-01.csv",
    "pyramid-flip-stop-pyramiding-2-01.csv",
];

#[test]
fn without_a_size_the_sequence_of_arrival_matters_only_within_a_bar_of_several_trades() {
    for path in exports() {
        let name = path.file_name().unwrap().to_str().unwrap();
        if SEVERAL_TRADES_IN_A_BAR.contains(&name) {
            continue;
        }
        let rows = read(&path);
        let listed = listed(&rows);
        for template in [by_the_standard_template, by_action_and_side] {
            for seed in [None, Some(1), Some(2), Some(3)] {
                let alerts = arriving_otherwise(orders(&rows), seed).into_iter();
                let folded = fold(alerts.map(template).collect(), &Settings::default());
                assert!(paired(&folded) == listed, "{} {seed:?}", path.display());
            }
        }
    }
}
