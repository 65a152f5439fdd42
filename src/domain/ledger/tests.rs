//! Behaviour of the ledger, order by order.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::event::EventId;
use crate::domain::signal::{Direction, Intent, OrderType, StatedPosition};
use crate::domain::terms::Terms;
use crate::domain::webhook::{Commission, CommissionKind, Reversal, Slippage, SlippageKind};

/// Monday's opening; orders of these tests follow it by whole seconds.
const OPENING: i64 = 1_767_623_400;

pub(super) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// An order that is paired `second` seconds after the opening and numbered alike.
pub(super) fn order(second: i64, intent: Intent, quantity: &str, price: &str) -> Order {
    Order {
        id: OrderId(second),
        event: EventId(second),
        ticker: "NASDAQ:AAPL".parse().unwrap(),
        intent,
        closes_opposite: false,
        order_type: OrderType::Market,
        quantity: (quantity != "all").then(|| quantity.parse().unwrap()),
        intended_price: price.parse().unwrap(),
        market_price: None,
        paired_at: Timestamp::from_second(OPENING + second).unwrap(),
        signal_time: None,
        stated_position: StatedPosition::default(),
        signal_name: None,
        adjusting: false,
    }
}

/// The same order with TradingView's position before and after it.
fn stating(order: Order, previous: &str, new: &str) -> Order {
    Order {
        stated_position: StatedPosition {
            new: Some(decimal(new)),
            previous: Some(decimal(previous)),
            side: None,
        },
        ..order
    }
}

fn settings() -> Settings {
    Settings::default()
}

/// Entry price, exit price, quantity and net profit of each trade.
fn trades(folded: &Folded) -> Vec<(String, String, String, String)> {
    let all = folded.applied.iter().flat_map(|applied| &applied.trades);
    all.map(|trade| {
        (
            trade.entry.price.to_string(),
            trade.exit.price.to_string(),
            trade.quantity.to_string(),
            trade.net_profit.to_string(),
        )
    })
    .collect()
}

fn expected(rows: &[[&str; 4]]) -> Vec<(String, String, String, String)> {
    let own = |text: &str| text.to_owned();
    rows.iter()
        .map(|[entry, exit, quantity, profit]| (own(entry), own(exit), own(quantity), own(profit)))
        .collect()
}

fn warning_codes(folded: &Folded) -> Vec<Vec<&str>> {
    folded
        .applied
        .iter()
        .map(|applied| {
            applied
                .warnings
                .iter()
                .map(|warning| warning.code.as_str())
                .collect()
        })
        .collect()
}

#[test]
fn exits_close_the_oldest_lot_first() {
    let folded = fold(
        vec![
            order(1, Intent::EntryLong, "2", "100"),
            order(2, Intent::EntryLong, "1", "110"),
            order(3, Intent::ExitLong, "2.5", "120"),
        ],
        &settings(),
    );
    assert_eq!(
        trades(&folded),
        expected(&[["100", "120", "2", "40"], ["110", "120", "0.5", "5"]])
    );
    assert_eq!(folded.ledger.position(), decimal("0.5"));
    let last = &folded.applied[2];
    assert_eq!(last.left.as_ref().unwrap().quantity.to_string(), "0.5");
    assert_eq!(last.change, Some(PositionChange::PartialExit));
}

#[test]
fn a_short_position_gains_when_the_price_falls() {
    let folded = fold(
        vec![
            order(1, Intent::EntryShort, "3", "100"),
            order(2, Intent::ExitShort, "3", "90"),
        ],
        &settings(),
    );
    assert_eq!(trades(&folded), expected(&[["100", "90", "3", "30"]]));
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
}

#[test]
fn an_entry_against_the_position_reverses_it_net_or_in_full() {
    let orders = || {
        vec![
            order(1, Intent::EntryShort, "2", "100"),
            order(2, Intent::EntryLong, "3", "90"),
        ]
    };
    let net = fold(orders(), &settings());
    assert_eq!(trades(&net), expected(&[["100", "90", "2", "20"]]));
    assert_eq!(net.ledger.position(), decimal("1"));
    assert_eq!(net.applied[1].change, Some(PositionChange::Reversal));

    let full = Settings {
        reversal: Reversal::Full,
        ..settings()
    };
    let full = fold(orders(), &full);
    assert_eq!(trades(&full), trades(&net));
    assert_eq!(full.ledger.position(), decimal("3"));
}

#[test]
fn a_small_entry_against_the_position_only_closes_a_part_when_net() {
    let folded = fold(
        vec![
            order(1, Intent::EntryLong, "5", "100"),
            order(2, Intent::EntryShort, "2", "101"),
        ],
        &settings(),
    );
    assert_eq!(trades(&folded), expected(&[["100", "101", "2", "2"]]));
    assert_eq!(folded.ledger.position(), decimal("3"));
}

#[test]
fn what_an_exit_exceeds_the_position_by_is_dropped() {
    let folded = fold(
        vec![
            order(1, Intent::EntryLong, "1", "100"),
            order(2, Intent::ExitLong, "3", "101"),
            order(3, Intent::ExitLong, "1", "102"),
        ],
        &settings(),
    );
    assert_eq!(trades(&folded), expected(&[["100", "101", "1", "1"]]));
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
    assert_eq!(
        warning_codes(&folded),
        [
            vec![],
            vec!["exit_exceeds_position"],
            vec!["exit_without_position"]
        ]
    );
}

#[test]
fn an_exit_of_the_other_direction_closes_nothing() {
    let folded = fold(
        vec![
            order(1, Intent::EntryLong, "1", "100"),
            order(2, Intent::ExitShort, "all", "101"),
        ],
        &settings(),
    );
    assert_eq!(folded.ledger.position(), Decimal::ONE);
    assert_eq!(warning_codes(&folded)[1], ["exit_without_position"]);
}

#[test]
fn an_exit_without_quantity_closes_the_whole_position() {
    let folded = fold(
        vec![
            order(1, Intent::EntryLong, "1", "100"),
            order(2, Intent::EntryLong, "2", "101"),
            order(3, Intent::ExitLong, "all", "102"),
        ],
        &settings(),
    );
    assert_eq!(folded.ledger.lots().len(), 0);
    assert_eq!(folded.applied[2].trades.len(), 2);
    assert_eq!(folded.applied[2].change, Some(PositionChange::Exit));
}

#[test]
fn buying_and_selling_work_on_the_net_position() {
    let folded = fold(
        vec![
            order(1, Intent::Buy, "1", "100"),
            order(2, Intent::Sell, "3", "104"),
            order(3, Intent::Buy, "2", "101"),
        ],
        &settings(),
    );
    assert_eq!(
        trades(&folded),
        expected(&[["100", "104", "1", "4"], ["104", "101", "2", "6"]])
    );
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
}

#[test]
fn the_tail_of_a_binary_fraction_neither_opens_nor_leaves_a_speck() {
    let folded = fold(
        vec![
            order(1, Intent::Buy, "0.1", "100"),
            order(2, Intent::Buy, "0.2", "100"),
            order(3, Intent::Sell, "0.10000000000000001", "101"),
            order(4, Intent::Sell, "0.20000000000000004", "102"),
        ],
        &settings(),
    );
    assert_eq!(
        trades(&folded),
        expected(&[["100", "101", "0.1", "0.1"], ["100", "102", "0.2", "0.4"]])
    );
    assert_eq!(folded.ledger.lots().len(), 0);
}

#[test]
fn profit_is_after_commission_slippage_and_point_value() {
    let mut settings = Settings {
        commission: Commission {
            kind: CommissionKind::PerContract,
            value: decimal("2.25"),
        },
        slippage: Slippage {
            kind: SlippageKind::Ticks,
            value: decimal("1"),
            tick_size: decimal("0.25"),
        },
        ..settings()
    };
    let ticker = "NASDAQ:AAPL".to_owned();
    settings.point_values.insert(ticker, decimal("50"));
    let folded = fold(
        vec![
            order(1, Intent::EntryLong, "2", "4000"),
            order(2, Intent::ExitLong, "2", "4010"),
        ],
        &settings,
    );
    let trade = &folded.applied[1].trades[0];
    // Bought at 4000.25, sold at 4009.75: 9.5 x 2 x 50 = 950, less 4 x 2.25.
    assert_eq!(trade.entry.price.to_string(), "4000.25");
    assert_eq!(trade.exit.price.to_string(), "4009.75");
    assert_eq!(trade.commission, decimal("9"));
    assert_eq!(trade.net_profit, decimal("941"));
}

#[test]
fn a_commission_per_order_is_shared_by_what_a_reversal_closes_and_opens() {
    let settings = Settings {
        commission: Commission {
            kind: CommissionKind::PerOrder,
            value: decimal("3"),
        },
        ..settings()
    };
    let folded = fold(
        vec![
            order(1, Intent::Buy, "1", "100"),
            order(2, Intent::Sell, "3", "100"),
        ],
        &settings,
    );
    // 3 for the entry and a third of 3 for the exit; two thirds open the short.
    let closed = &folded.applied[1].trades[0];
    assert_eq!(closed.commission, decimal("4"));
    assert_eq!(closed.entry_commission, decimal("3"));
    let opened = folded.applied[1].opened.as_ref().unwrap();
    assert_eq!(opened.commission, decimal("2"));
    assert_eq!(
        folded.ledger.open_profit(Terms::linear(Decimal::ONE)),
        Some(decimal("0"))
    );
    assert_eq!(folded.ledger.open_commission(), decimal("2"));
}

#[test]
fn open_lots_are_valued_at_the_newest_price_seen() {
    let mut add = order(2, Intent::EntryLong, "1", "110");
    add.market_price = Some("112".parse().unwrap());
    let folded = fold(
        vec![order(1, Intent::EntryLong, "2", "100"), add],
        &settings(),
    );
    assert_eq!(
        folded.ledger.open_profit(Terms::linear(decimal("10"))),
        Some(decimal("260"))
    );
}

#[test]
fn a_limit_fills_at_its_limit_whatever_the_slippage() {
    let settings = Settings {
        slippage: Slippage {
            kind: SlippageKind::Ticks,
            value: decimal("3"),
            tick_size: decimal("0.25"),
        },
        ..Settings::default()
    };
    for (order_type, entry) in [
        (OrderType::Market, "100.75"),
        (OrderType::Stop, "100.75"),
        (OrderType::TrailingStop, "100.75"),
        (OrderType::Limit, "100"),
        (OrderType::StopLimit, "100"),
    ] {
        let order = order(1, Intent::Buy, "2", "100");
        let folded = fold(
            vec![Order {
                order_type,
                ..order
            }],
            &settings,
        );
        let filled = folded.applied[0].fill_price.get();
        assert_eq!(filled, decimal(entry), "{order_type:?}");
    }
}

#[test]
fn slippage_beyond_the_price_is_left_out_with_a_warning() {
    let settings = Settings {
        slippage: Slippage {
            kind: SlippageKind::Ticks,
            value: decimal("100"),
            tick_size: decimal("0.01"),
        },
        ..settings()
    };
    let folded = fold(vec![order(1, Intent::EntryShort, "1", "0.5")], &settings);
    assert_eq!(folded.applied[0].fill_price.to_string(), "0.5");
    assert_eq!(warning_codes(&folded)[0], ["slippage_ignored"]);
    assert_eq!(folded.ledger.position(), Decimal::NEGATIVE_ONE);
}

#[test]
fn an_amount_beyond_a_decimal_leaves_the_order_out() {
    let settings = Settings {
        point_value: decimal("1000000"),
        ..settings()
    };
    let trillion = "1000000000000";
    let folded = fold(
        vec![
            order(1, Intent::EntryLong, trillion, "1"),
            order(2, Intent::ExitLong, trillion, trillion),
            order(3, Intent::EntryLong, trillion, trillion),
        ],
        &settings,
    );
    assert_eq!(
        warning_codes(&folded),
        [vec![], vec!["amount_too_large"], vec!["amount_too_large"]]
    );
    assert_eq!(folded.ledger.position(), decimal(trillion));
    assert_eq!(folded.ledger.lots().len(), 1);
}

/// The numbers of orders in the sequence they are paired in.
fn sequence_of(orders: Vec<Order>) -> Vec<i64> {
    let applied = fold(orders, &settings()).applied;
    applied.iter().map(|applied| applied.order.0).collect()
}

#[test]
fn orders_of_one_second_follow_the_positions_they_state() {
    let at_two = |id, intent, previous, new| Order {
        id: OrderId(id),
        ..stating(order(2, intent, "1", "100"), previous, new)
    };
    // The exit and the new entry of one bar came in the wrong sequence.
    let folded = fold(
        vec![
            stating(order(1, Intent::Buy, "1", "99"), "0", "1"),
            at_two(2, Intent::Buy, "0", "1"),
            at_two(3, Intent::Sell, "1", "0"),
        ],
        &settings(),
    );
    let sequence: Vec<i64> = folded
        .applied
        .iter()
        .map(|applied| applied.order.0)
        .collect();
    assert_eq!(sequence, [1, 3, 2]);
    assert_eq!(warning_codes(&folded), [[""; 0]; 3]);
    assert_eq!(folded.ledger.position(), Decimal::ONE);
}

#[test]
fn a_chain_takes_every_order_even_where_the_first_choice_is_a_dead_end() {
    let at_one = |id, intent, previous, new| Order {
        id: OrderId(id),
        ..stating(order(1, intent, "1", "100"), previous, new)
    };
    let mut orders = [
        at_one(1, Intent::Sell, "0", "-1"),
        at_one(2, Intent::Buy, "0", "1"),
        at_one(3, Intent::Sell, "1", "0"),
    ];
    orders.reverse();
    assert_eq!(sequence_of(orders.into()), [2, 3, 1]);
}

#[test]
fn where_one_of_a_second_is_missing_the_others_still_follow_each_other() {
    let at_one = |id, previous, new| Order {
        id: OrderId(id),
        ..stating(order(1, Intent::Buy, "1", "100"), previous, new)
    };
    let mut orders = [
        at_one(1, "2", "3"),
        at_one(2, "1", "2"),
        at_one(3, "7", "8"),
    ];
    orders.reverse();
    assert_eq!(sequence_of(orders.into()), [2, 1, 3]);
}

#[test]
fn an_order_without_positions_is_part_of_the_chain_that_it_arrived_in() {
    let at_one = |id, intent, quantity| Order {
        id: OrderId(id),
        ..order(1, intent, quantity, "100")
    };
    // 0, -2, -4, 0; the two that state positions alone would be a chain the other way round.
    let orders = vec![
        stating(at_one(1, Intent::Sell, "2"), "0", "-2"),
        at_one(2, Intent::Sell, "2"),
        stating(at_one(3, Intent::Buy, "4"), "-4", "0"),
    ];
    let folded = fold(orders, &settings());
    assert_eq!(warning_codes(&folded), [[""; 0]; 3]);
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
}

#[test]
fn entries_and_exits_that_state_only_what_they_lead_to_follow_each_other_too() {
    let leading_to = |number, intent, quantity, price, new| {
        let order = order(1, intent, quantity, price);
        Order {
            id: OrderId(number),
            stated_position: StatedPosition {
                new: Some(decimal(new)),
                ..StatedPosition::default()
            },
            ..order
        }
    };
    // The two entries arrive swapped, and before the exit of the position.
    let swapped = [
        leading_to(1, Intent::EntryShort, "2", "101", "-3"),
        leading_to(2, Intent::EntryShort, "1", "100", "-1"),
        leading_to(3, Intent::ExitLong, "4", "99", "0"),
    ];
    let open = Order {
        paired_at: order(0, Intent::Buy, "1", "1").paired_at,
        ..leading_to(0, Intent::EntryLong, "4", "90", "4")
    };
    let all = [&[open][..], &swapped].concat();
    assert_eq!(sequence_of(all), [0, 3, 2, 1]);
}

#[test]
fn more_orders_of_a_second_than_can_be_are_taken_as_they_arrived() {
    let sequence_of_last = |count: usize| {
        let (entry, exit) = (
            (Intent::EntryLong, "1", "100"),
            (Intent::ExitLong, "1", "100"),
        );
        let entries = vec![entry; count - 1];
        let sequence = sequence_of(at_once(&[&entries[..], &[exit]].concat()));
        sequence.last().copied()
    };
    // The first is numbered 10, so the exit, which arrives last, 9 more than there are.
    let most = super::sequence::MOST_OF_A_SECOND;
    assert_eq!(sequence_of_last(most), Some(1_008));
    assert_eq!(sequence_of_last(most + 1), Some(1_010));
}

/// Orders of one instant, numbered as they arrive: intent, quantity and price.
fn at_once(orders: &[(Intent, &str, &str)]) -> Vec<Order> {
    let numbered = (10..).zip(orders);
    let order = |(number, (intent, quantity, price)): (i64, &(Intent, &str, &str))| Order {
        id: OrderId(number),
        ..order(2, *intent, quantity, price)
    };
    numbered.map(order).collect()
}

/// Folds orders of one instant onto an open position.
fn fold_at_once(open: &[Order], orders: &[(Intent, &str, &str)]) -> Folded {
    let all = open.iter().cloned().chain(at_once(orders));
    fold(all.collect(), &settings())
}

#[test]
fn an_exit_of_the_open_position_goes_before_the_entries_of_its_instant() {
    let open = [order(1, Intent::EntryLong, "1", "99")];
    let folded = fold_at_once(
        &open,
        &[
            (Intent::EntryShort, "1", "100"),
            (Intent::ExitLong, "1", "100"),
        ],
    );
    assert_eq!(warning_codes(&folded), [[""; 0]; 3]);
    assert_eq!(trades(&folded), expected(&[["99", "100", "1", "1"]]));
    assert_eq!(folded.ledger.position(), Decimal::NEGATIVE_ONE);
}

#[test]
fn an_entry_and_its_exit_of_one_instant_are_a_trade() {
    let folded = fold_at_once(
        &[],
        &[
            (Intent::EntryLong, "1", "100"),
            (Intent::ExitLong, "all", "101"),
            (Intent::EntryShort, "2", "102"),
            (Intent::ExitShort, "2", "101"),
        ],
    );
    assert_eq!(warning_codes(&folded), [[""; 0]; 4]);
    assert_eq!(
        trades(&folded),
        expected(&[["100", "101", "1", "1"], ["102", "101", "2", "2"]])
    );
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
}

#[test]
fn a_sale_that_leaves_tradingview_flat_follows_its_purchase_of_the_same_instant() {
    let mut orders = at_once(&[(Intent::Buy, "1", "100"), (Intent::Sell, "1", "101")]);
    orders[1].stated_position.new = Some(Decimal::ZERO);
    let folded = fold(orders, &settings());
    assert_eq!(warning_codes(&folded), [[""; 0]; 2]);
    assert_eq!(trades(&folded), expected(&[["100", "101", "1", "1"]]));
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
}

#[test]
fn an_exit_of_more_than_is_open_waits_for_the_entries_that_came_before_it() {
    let open = [order(1, Intent::EntryLong, "1", "99")];
    let folded = fold_at_once(
        &open,
        &[
            (Intent::EntryLong, "1", "100"),
            (Intent::ExitLong, "2", "101"),
        ],
    );
    assert_eq!(warning_codes(&folded), [[""; 0]; 3]);
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
    // Entries of the other side would not make it fit: what is open is closed first.
    let folded = fold_at_once(
        &open,
        &[
            (Intent::EntryShort, "1", "100"),
            (Intent::ExitLong, "2", "101"),
        ],
    );
    assert_eq!(warning_codes(&folded)[1], ["exit_exceeds_position"]);
    assert_eq!(folded.ledger.position(), Decimal::NEGATIVE_ONE);
}

#[test]
fn an_exit_that_states_its_position_is_not_moved_to_where_it_is_another() {
    let open = order(1, Intent::EntryLong, "1", "99");
    let mut orders = at_once(&[(Intent::Buy, "1", "100"), (Intent::Sell, "1", "101")]);
    // It comes from 2, which the purchase before it makes.
    orders[1].stated_position.new = Some(Decimal::ONE);
    orders.push(open);
    let folded = fold(orders, &settings());
    assert_eq!(warning_codes(&folded), [[""; 0]; 3]);
    assert_eq!(folded.ledger.out_of_sync(), None);
}

#[test]
fn alerts_timed_by_arrival_keep_the_sequence_of_their_arrival() {
    let entry = order(1, Intent::EntryLong, "1", "100");
    let mut exit = order(1, Intent::ExitLong, "1", "101");
    exit.id = OrderId(2);
    exit.paired_at += SignedDuration::from_millis(350);
    let folded = fold(vec![exit, entry], &settings());
    assert_eq!(trades(&folded), expected(&[["100", "101", "1", "1"]]));
}

#[test]
fn a_late_order_is_refused_and_changes_nothing() {
    let mut ledger = Ledger::new();
    let entry = order(5, Intent::EntryLong, "1", "100");
    ledger.apply(&entry, &settings()).unwrap();
    let before = ledger.clone();
    let late = order(4, Intent::EntryLong, "1", "100");
    assert_eq!(
        ledger.apply(&late, &settings()),
        Err(NotApplied::Late(OrderId(4)))
    );
    // An exit goes before the entry of its instant where it can close, only there.
    let exit = |intent| Order {
        id: OrderId(6),
        ..order(5, intent, "1", "100")
    };
    assert!(!ledger.is_late(&exit(Intent::ExitLong), &settings()));
    let mut short = Ledger::new();
    let opening = order(3, Intent::EntryShort, "2", "100");
    short.apply(&opening, &settings()).unwrap();
    short.apply(&entry, &settings()).unwrap();
    assert!(short.is_late(&exit(Intent::ExitShort), &settings()));
    assert_eq!(ledger, before);
}

#[test]
fn a_position_that_is_not_ours_is_told_and_can_be_accepted() {
    let settings = settings();
    let mut ledger = Ledger::new();
    let first = stating(order(1, Intent::Buy, "1", "100"), "0", "1");
    let after_gap = stating(order(3, Intent::Buy, "1", "102"), "2", "3");
    ledger.apply(&first, &settings).unwrap();
    assert_eq!(ledger.out_of_sync(), None);
    let applied = ledger.apply(&after_gap, &settings).unwrap();
    assert_eq!(applied.warnings[0].code, "out_of_sync");
    assert!(applied.warnings[0].message.contains("position of 2 before"));
    let gap = ledger.out_of_sync().unwrap();
    assert_eq!((gap.own, gap.stated), (decimal("2"), decimal("3")));

    let adjustment = gap.adjustment().unwrap();
    let accepting = Order {
        intent: adjustment.intent,
        quantity: Some(adjustment.quantity),
        stated_position: adjustment.stated_position,
        adjusting: true,
        ..order(4, Intent::Buy, "1", "103")
    };
    let applied = ledger.apply(&accepting, &settings).unwrap();
    assert_eq!(applied.warnings, []);
    assert_eq!(ledger.position(), decimal("3"));
    assert_eq!(ledger.out_of_sync(), None);

    // The missing alert comes after all: the accepted position still holds.
    let missing = stating(order(2, Intent::Buy, "1", "101"), "1", "2");
    let folded = fold(vec![first, missing, after_gap, accepting], &settings);
    assert_eq!(folded.ledger.position(), decimal("3"));
    assert_eq!(warning_codes(&folded)[3], ["adjustment_not_needed"]);
}

#[test]
fn a_gap_stays_open_through_orders_that_state_nothing() {
    let folded = fold(
        vec![
            stating(order(1, Intent::Buy, "1", "100"), "1", "2"),
            order(2, Intent::EntryLong, "1", "100"),
        ],
        &settings(),
    );
    let gap = folded.ledger.out_of_sync().unwrap();
    assert_eq!((gap.own, gap.stated), (decimal("2"), decimal("3")));
}

#[test]
fn a_sale_that_leaves_tradingview_flat_opens_no_short_position() {
    let folded = fold(
        vec![stating(order(1, Intent::Sell, "1", "100"), "1", "0")],
        &settings(),
    );
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
    assert_eq!(folded.ledger.out_of_sync(), None);
    assert_eq!(
        warning_codes(&folded)[0],
        ["exit_without_position", "out_of_sync"]
    );
    assert_eq!(folded.applied[0].change, Some(PositionChange::Exit));
}

/// An order whose alert states a side without a size.
fn leaving(side: Direction, order: Order) -> Order {
    Order {
        stated_position: StatedPosition {
            side: Some(side),
            ..StatedPosition::default()
        },
        ..order
    }
}

#[test]
fn two_partial_exits_of_one_second_are_in_sync_whichever_comes_first() {
    let open = order(1, Intent::EntryLong, "2", "99");
    let mut last = order(2, Intent::Sell, "1", "101");
    last.stated_position.new = Some(Decimal::ZERO);
    let first = leaving(Direction::Long, order(2, Intent::Sell, "1", "100"));
    for (first_id, last_id) in [(3, 4), (4, 3)] {
        let (mut first, mut last) = (first.clone(), last.clone());
        (first.id, last.id) = (OrderId(first_id), OrderId(last_id));
        let folded = fold(vec![open.clone(), first, last], &settings());
        assert_eq!(warning_codes(&folded), [[""; 0]; 3]);
        assert_eq!(folded.ledger.position(), Decimal::ZERO);
        assert_eq!(folded.ledger.out_of_sync(), None);
    }
}

#[test]
fn a_sale_that_leaves_tradingview_long_opens_no_short_position() {
    let sale = leaving(Direction::Long, order(1, Intent::Sell, "1", "100"));
    let folded = fold(vec![sale], &settings());
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
    let warnings = &folded.applied[0].warnings;
    assert_eq!(
        warning_codes(&folded)[0],
        ["exit_without_position", "out_of_sync"]
    );
    assert!(warnings[1].message.contains("a long position after"));
}

#[test]
fn a_side_closes_a_gap_that_it_refutes_and_no_other() {
    // 3 long, while 2 or 5 are stated: a sale of 2 leaves 1 of its own, and 0 or 3.
    for (stated, gap_is_left) in [("2", false), ("5", true)] {
        let mut entry = order(1, Intent::Buy, "3", "100");
        entry.stated_position.new = Some(decimal(stated));
        let sale = leaving(Direction::Long, order(2, Intent::Sell, "2", "100"));
        let folded = fold(vec![entry, sale], &settings());
        assert_eq!(folded.ledger.position(), Decimal::ONE);
        assert_eq!(folded.ledger.out_of_sync().is_some(), gap_is_left);
    }
}

/// The same order with TradingView's position before it alone.
fn from(order: Order, previous: &str) -> Order {
    Order {
        stated_position: StatedPosition {
            previous: Some(decimal(previous)),
            ..StatedPosition::default()
        },
        ..order
    }
}

#[test]
fn a_sale_out_of_a_stated_long_position_opens_no_short_where_its_entry_is_missing() {
    let sale = from(order(1, Intent::Sell, "5", "100"), "5");
    let folded = fold(vec![sale], &settings());
    let applied = &folded.applied[0];
    assert_eq!(applied.opened, None);
    assert_eq!(applied.change, Some(PositionChange::Exit));
    assert_eq!(
        warning_codes(&folded),
        [["exit_without_position", "out_of_sync"]]
    );
    // TradingView is flat after it, and so are we.
    assert_eq!(folded.ledger.position(), Decimal::ZERO);
    assert_eq!(folded.ledger.out_of_sync(), None);
}

#[test]
fn orders_that_state_only_the_position_before_them_go_every_way() {
    use PositionChange::{Entry, Exit, PartialExit, Reversal};
    let orders = vec![
        from(order(1, Intent::Buy, "2", "100"), "0"),
        from(order(2, Intent::Sell, "2", "101"), "2"),
        from(order(3, Intent::Sell, "3", "102"), "0"),
        from(order(4, Intent::Buy, "5", "101"), "-3"),
        // A purchase of 1 at 2 is missing.
        from(order(6, Intent::Sell, "1", "103"), "3"),
    ];
    let folded = fold(orders, &settings());
    let changes = folded.applied.iter().map(|applied| applied.change);
    assert_eq!(
        changes.collect::<Vec<_>>(),
        [Entry, Exit, Entry, Reversal, PartialExit].map(Some)
    );
    assert_eq!(
        trades(&folded),
        expected(&[
            ["100", "101", "2", "2"],
            ["102", "101", "3", "3"],
            ["101", "103", "1", "2"]
        ])
    );
    assert_eq!(folded.ledger.position(), Decimal::ONE);
    let out_of_sync = folded.ledger.out_of_sync().unwrap();
    assert_eq!(
        (out_of_sync.own, out_of_sync.stated),
        (Decimal::ONE, Decimal::TWO)
    );
}

#[test]
fn orders_of_one_second_are_chained_by_the_position_before_them() {
    // The entry of a short came before the exit of the long that it follows.
    let mut orders = at_once(&[(Intent::Sell, "1", "101"), (Intent::Sell, "2", "102")]);
    orders[0] = from(orders[0].clone(), "0");
    orders[1] = from(orders[1].clone(), "2");
    orders.push(from(order(1, Intent::Buy, "2", "100"), "0"));
    let folded = fold(orders, &settings());
    assert_eq!(warning_codes(&folded), [[""; 0]; 3]);
    assert_eq!(trades(&folded), expected(&[["100", "102", "2", "4"]]));
    assert_eq!(folded.ledger.position(), Decimal::NEGATIVE_ONE);
}

/// Buys 10, then sells `quantity` in an order that can be the whole new position.
fn swapping(quantity: &str, side: Option<Direction>, reversal: Reversal) -> Folded {
    let swap = Order {
        closes_opposite: true,
        stated_position: StatedPosition {
            side,
            ..StatedPosition::default()
        },
        ..order(1, Intent::Sell, quantity, "110")
    };
    let settings = Settings {
        reversal,
        ..settings()
    };
    fold(vec![order(0, Intent::Buy, "10", "100"), swap], &settings)
}

#[test]
fn an_order_that_may_swap_sides_only_reduces_a_larger_position() {
    for (quantity, net, full) in [("5", "5", "5"), ("10", "0", "-10"), ("15", "-5", "-15")] {
        for (reversal, expected) in [(Reversal::Net, net), (Reversal::Full, full)] {
            let folded = swapping(quantity, None, reversal);
            let position = folded.ledger.position();
            assert_eq!(position, decimal(expected), "{quantity} {reversal:?}");
            let codes = folded.applied[1].warnings.iter();
            let is_warned = codes.clone().any(|warning| warning.code == "net_reversal");
            assert_eq!(
                is_warned,
                reversal == Reversal::Net && quantity != "5",
                "{quantity} {reversal:?}"
            );
        }
    }
}

#[test]
fn a_stated_side_tells_that_an_order_is_the_whole_new_position() {
    let short = Some(Direction::Short);
    for (quantity, net, full) in [("5", "-5", "-5"), ("10", "-10", "-10"), ("15", "-5", "-15")] {
        for (reversal, expected) in [(Reversal::Net, net), (Reversal::Full, full)] {
            let folded = swapping(quantity, short, reversal);
            let position = folded.ledger.position();
            assert_eq!(position, decimal(expected), "{quantity} {reversal:?}");
            assert_eq!(folded.applied[1].warnings, [], "{quantity} {reversal:?}");
        }
    }
    let folded = swapping("5", Some(Direction::Long), Reversal::Full);
    assert_eq!(folded.ledger.position(), decimal("5"));
}
