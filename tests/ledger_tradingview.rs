//! TradingView's own list of trades, turned back into the orders that made it,
//! comes out of the ledger row for row.

mod support;

use algohook::domain::ledger::{Folded, fold};
use algohook::domain::money::Decimal;
use algohook::domain::order::Order;
use algohook::domain::signal::{Direction, Intent, StatedPosition};
use algohook::domain::trade::Leg;
use algohook::domain::webhook::Settings;
use support::tradingview::{Comparable, exports, listed, orders, read};

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

#[test]
fn an_export_s_orders_find_their_places_when_one_by_one_is_late() {
    for path in exports() {
        let rows = read(&path);
        let mut late = orders(&rows);
        // Every second order changes places with the one before it, as the two
        // alerts of a bar do on their way, and is numbered by its arrival.
        for pair in late.chunks_exact_mut(2) {
            if let [one, other] = pair
                && one.paired_at == other.paired_at
                && one.stated_position.previous != other.stated_position.new
            {
                std::mem::swap(&mut one.id, &mut other.id);
            }
        }
        let folded = fold(late, &Settings::default());
        assert!(paired(&folded) == listed(&rows), "{}", path.display());
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
