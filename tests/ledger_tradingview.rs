//! TradingView's own list of trades, turned back into the orders that made it,
//! comes out of the ledger row for row.

mod support;

use algohook::domain::ledger::{Folded, fold};
use algohook::domain::order::Order;
use algohook::domain::signal::StatedPosition;
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
