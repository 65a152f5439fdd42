//! Properties of every history of orders, against oracles that share no code
//! with the ledger.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::tests::order;
use super::*;
use crate::domain::money::Quantity;
use crate::domain::signal::{Direction, Intent, StatedPosition};
use crate::domain::terms::Terms;
use crate::domain::webhook::{Commission, CommissionKind, Reversal, Slippage, SlippageKind};

/// One random order: intent, quantity in steps of `step` places, price in cents,
/// seconds since the order before it.
fn step_strategy() -> impl Strategy<Value = (usize, i64, i64, i64)> {
    let price = prop_oneof![5 => 100_i64..10_000, 2 => -10_000_i64..-100, 1 => Just(0)];
    (0..Intent::ALL.len(), 0_i64..40, price, 0_i64..3)
}

/// A history of up to 40 orders, numbered from 1, in the sequence of their times;
/// one exit in forty is of the whole position.
pub(super) fn history(places: u32) -> impl Strategy<Value = Vec<Order>> {
    prop::collection::vec(step_strategy(), 1..40).prop_map(move |steps| {
        let mut second = 0;
        let mut orders = Vec::new();
        for (number, (intent, quantity, price, gap)) in (1..).zip(steps) {
            second += gap;
            let intent = Intent::ALL[intent];
            let price = Decimal::new(price, 2).to_string();
            let quantity = match quantity {
                0 if intent.is_exit() => "all".to_owned(),
                quantity => Decimal::new(quantity + 1, places).to_string(),
            };
            let mut order = order(second, intent, &quantity, &price);
            order.id = OrderId(number);
            order.closes_opposite = number % 7 == 0;
            orders.push(order);
        }
        orders
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let commission = prop::sample::select(vec![
        CommissionKind::Percent,
        CommissionKind::PerOrder,
        CommissionKind::PerContract,
    ]);
    let slippage = prop::sample::select(vec![SlippageKind::Ticks, SlippageKind::Percent]);
    let reversal = prop::sample::select(vec![Reversal::Net, Reversal::Full]);
    let points = prop::sample::select(vec!["1", "50", "0.1"]);
    (
        commission,
        0_i64..300,
        slippage,
        0_i64..20,
        reversal,
        points,
    )
        .prop_map(
            |(kind, commission, slippage, slipped, reversal, point_value)| Settings {
                commission: Commission {
                    kind,
                    value: Decimal::new(commission, 2),
                },
                slippage: Slippage {
                    kind: slippage,
                    value: Decimal::new(slipped, 1),
                    tick_size: Decimal::new(5, 3),
                },
                reversal,
                point_value: point_value.parse().unwrap(),
                ..Settings::default()
            },
        )
}

/// The history in the sequence it is paired in, without statements or chains: by
/// time, then by number, but that an exit of what is open goes first.
///
/// It is found by playing: of the orders of one instant that wait, the next is
/// the first exit of the position, where that is large enough or no entry of its
/// side waits before the exit; else the first.
fn in_sequence(orders: &[Order], reversal: Reversal) -> Vec<&Order> {
    let mut waiting: Vec<&Order> = orders.iter().collect();
    waiting.sort_by_key(|order| (order.paired_at, order.id));
    let (mut sequence, mut position) = (Vec::new(), Decimal::ZERO);
    while let Some(first) = waiting.first() {
        let instant: Vec<&Order> = waiting
            .iter()
            .copied()
            .take_while(|order| order.paired_at == first.paired_at)
            .collect();
        let (exit, entries) = if position > Decimal::ZERO {
            (Intent::ExitLong, [Intent::EntryLong, Intent::Buy])
        } else {
            (Intent::ExitShort, [Intent::EntryShort, Intent::Sell])
        };
        let goes_first = |index: &usize| {
            let quantity = instant[*index]
                .quantity
                .map_or(Decimal::ZERO, Quantity::get);
            let mut earlier = instant[..*index].iter();
            !position.is_zero()
                && (quantity <= position.abs()
                    || !earlier.any(|order| entries.contains(&order.intent)))
        };
        let first_exit = instant
            .iter()
            .position(|order| [exit, Intent::Exit].contains(&order.intent));
        let next = first_exit.filter(goes_first).unwrap_or(0);
        let order = waiting.remove(next);
        position += bought(order, position, reversal);
        sequence.push(order);
    }
    sequence
}

/// The move of the signed position: the part of its quantity that an order buys (or sells),
/// worked out on the position alone.
fn bought(order: &Order, position: Decimal, reversal: Reversal) -> Decimal {
    let quantity = order.quantity.map(Quantity::get);
    let is_against = |wanted: Decimal| position * wanted < Decimal::ZERO;
    let full = order.closes_opposite || reversal == Reversal::Full;
    // What may be the whole new position is, where it is at least as large as the old one.
    let swaps = order.closes_opposite
        && reversal == Reversal::Full
        && quantity.is_some_and(|quantity| quantity >= position.abs());
    match order.intent {
        Intent::Buy if swaps && is_against(Decimal::ONE) => quantity.unwrap() - position,
        Intent::Sell if swaps && is_against(Decimal::NEGATIVE_ONE) => -quantity.unwrap() - position,
        Intent::EntryLong if full && is_against(Decimal::ONE) => quantity.unwrap() - position,
        Intent::EntryShort if full && is_against(Decimal::NEGATIVE_ONE) => {
            -quantity.unwrap() - position
        }
        Intent::Buy | Intent::EntryLong => quantity.unwrap(),
        Intent::Sell | Intent::EntryShort => -quantity.unwrap(),
        Intent::ExitLong => {
            let long = position.max(Decimal::ZERO);
            -quantity.unwrap_or(long).min(long)
        }
        Intent::ExitShort => {
            let short = (-position).max(Decimal::ZERO);
            quantity.unwrap_or(short).min(short)
        }
        Intent::Exit => {
            let open = position.abs();
            let side = if position.is_sign_negative() {
                Decimal::NEGATIVE_ONE
            } else {
                Decimal::ONE
            };
            -side * quantity.unwrap_or(open).min(open)
        }
    }
}

/// All trades of a fold.
fn trades(folded: &Folded) -> impl Iterator<Item = &Trade> {
    folded.applied.iter().flat_map(|applied| &applied.trades)
}

/// One trade for each pair of orders after `number_of` has renamed them, with
/// the sums of quantity, commission and profit.
pub(super) type Merged = BTreeMap<(i64, i64), (Decimal, Decimal, Decimal)>;

pub(super) fn merged(folded: &Folded, number_of: impl Fn(OrderId) -> i64) -> Merged {
    let mut merged = Merged::new();
    for trade in trades(folded) {
        let key = (number_of(trade.entry.order), number_of(trade.exit.order));
        let sums = merged.entry(key).or_default();
        sums.0 += trade.quantity.get();
        sums.1 += trade.commission;
        sums.2 += trade.net_profit;
    }
    merged
}

/// Trades of a book that knows units only: entry order, exit order, direction
/// and number of units, in the sequence of their closing.
pub(super) fn unit_by_unit(
    orders: &[Order],
    reversal: Reversal,
) -> Vec<(i64, i64, Direction, i64)> {
    let mut units: VecDeque<(Direction, i64)> = VecDeque::new();
    let mut closed: Vec<(i64, i64, Direction, i64)> = Vec::new();
    for order in in_sequence(orders, reversal) {
        let side = units.front().map(|unit| unit.0);
        let direction = order.intent.direction().or(side.map(Direction::opposite));
        let Some(direction) = direction else { continue };
        let mut close_one = |units: &mut VecDeque<(Direction, i64)>| {
            let is_against = units.front().is_some_and(|unit| unit.0 != direction);
            if is_against && let Some((side, entry)) = units.pop_front() {
                match closed.last_mut() {
                    Some(last) if (last.0, last.1) == (entry, order.id.0) => last.3 += 1,
                    _ => closed.push((entry, order.id.0, side, 1)),
                }
            }
            is_against
        };
        let is_entry = matches!(order.intent, Intent::EntryLong | Intent::EntryShort);
        let quantity = order.quantity.map_or(Decimal::ZERO, Quantity::get);
        let swaps = matches!(order.intent, Intent::Buy | Intent::Sell)
            && order.closes_opposite
            && reversal == Reversal::Full
            && quantity >= Decimal::from(units.len());
        if order.quantity.is_none()
            || is_entry && (order.closes_opposite || reversal == Reversal::Full)
            || swaps
        {
            while close_one(&mut units) {}
        }
        let mut count = Decimal::ZERO;
        while count < quantity {
            if !close_one(&mut units) && !order.intent.is_exit() {
                units.push_back((direction, order.id.0));
            }
            count += Decimal::ONE;
        }
    }
    closed
}

/// The orders each in an instant of its own, and the same with one of them in two parts:
/// which exit goes before which entry of one instant depends on whether what is open is
/// enough for it. Numbers are halves of the parts'.
pub(super) fn split_in_two(
    mut orders: Vec<Order>,
    which: usize,
    share: i64,
) -> (Vec<Order>, Vec<Order>) {
    // Of what takes the other side only where it is as large as the position, the parts do not.
    if matches!(orders[which].intent, Intent::Buy | Intent::Sell) {
        orders[which].closes_opposite = false;
    }
    for order in &mut orders {
        order.paired_at += jiff::SignedDuration::from_micros(order.id.0);
    }
    let mut split = Vec::new();
    for (index, order) in orders.iter().cloned().enumerate() {
        let first = Order {
            id: OrderId(order.id.0 * 2),
            ..order
        };
        if index == which
            && let Some(whole) = first.quantity
        {
            let part = whole.get() * Decimal::new(share, 2);
            let second = Order {
                id: OrderId(first.id.0 + 1),
                quantity: Quantity::new(whole.get() - part).ok(),
                ..first.clone()
            };
            let first = Order {
                quantity: Quantity::new(part).ok(),
                ..first
            };
            split.extend([first, second]);
        } else {
            split.push(first);
        }
    }
    (orders, split)
}

proptest! {
    #[test]
    fn quantity_is_conserved(orders in history(2), settings in settings()) {
        let folded = fold(orders.clone(), &settings);
        let mut position = Decimal::ZERO;
        let sequence = in_sequence(&orders, settings.reversal);
        for (order, applied) in sequence.into_iter().zip(&folded.applied) {
            prop_assert_eq!(order.id, applied.order);
            let moved = bought(order, position, settings.reversal);
            position += moved;
            let closed: Decimal = applied.trades.iter().map(|trade| trade.quantity.get()).sum();
            let opened = applied.opened.as_ref().map_or(Decimal::ZERO, |lot| lot.quantity.get());
            prop_assert_eq!(closed + opened, moved.abs());
        }
        prop_assert_eq!(folded.ledger.position(), position);
        for lot in folded.applied.iter().filter_map(|applied| applied.opened.as_ref()) {
            let of_lot = |leg: &crate::domain::trade::Leg| leg.order == lot.entry.order;
            let closed: Decimal = trades(&folded)
                .filter(|trade| of_lot(&trade.entry))
                .map(|trade| trade.quantity.get())
                .sum();
            let left: Decimal = folded
                .ledger
                .lots()
                .filter(|left| of_lot(&left.entry))
                .map(|left| left.quantity.get())
                .sum();
            prop_assert_eq!(closed + left, lot.quantity.get());
        }
    }

    #[test]
    fn profits_equal_cash_flow_plus_the_value_of_the_position(
        orders in history(2),
        settings in settings(),
    ) {
        let folded = fold(orders.clone(), &settings);
        let points = settings.point_value;
        let (mut position, mut cash, mut newest) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for order in in_sequence(&orders, settings.reversal) {
            newest = order.intended_price.get();
            let against = order.intent.direction_at(position).sign() * settings.slippage.value;
            let fill = match settings.slippage.kind {
                SlippageKind::Ticks => newest + against * settings.slippage.tick_size,
                SlippageKind::Percent => newest + against * newest.abs() / Decimal::ONE_HUNDRED,
            };
            let moved = bought(order, position, settings.reversal);
            let value = moved * fill * points;
            let rate = settings.commission.value;
            let commission = match settings.commission.kind {
                CommissionKind::Percent => value.abs() * rate / Decimal::ONE_HUNDRED,
                CommissionKind::PerContract => moved.abs() * rate,
                CommissionKind::PerOrder if moved.is_zero() => Decimal::ZERO,
                CommissionKind::PerOrder => rate,
            };
            position += moved;
            cash -= value + commission;
        }
        let closed: Decimal = trades(&folded).map(|trade| trade.net_profit).sum();
        let open = folded.ledger.open_profit(Terms::linear(points)).unwrap()
            - folded.ledger.open_commission();
        prop_assert_eq!(closed + open, cash + position * newest * points);
    }

    #[test]
    fn long_and_short_mirrored_give_mirrored_results(
        orders in history(2),
        settings in settings(),
    ) {
        // Slippage is against the trader on both sides, so it has no mirror.
        let settings = Settings { slippage: Slippage::default(), ..settings };
        let mirrored: Vec<Order> = orders
            .iter()
            .cloned()
            .map(|order| Order {
                intent: match order.intent {
                    Intent::EntryLong => Intent::EntryShort,
                    Intent::EntryShort => Intent::EntryLong,
                    Intent::ExitLong => Intent::ExitShort,
                    Intent::ExitShort => Intent::ExitLong,
                    Intent::Buy => Intent::Sell,
                    Intent::Sell => Intent::Buy,
                    Intent::Exit => Intent::Exit,
                },
                ..order
            })
            .collect();
        let folded = fold(orders, &settings);
        let mirror = fold(mirrored, &settings);
        prop_assert_eq!(folded.ledger.position(), -mirror.ledger.position());
        prop_assert_eq!(trades(&folded).count(), trades(&mirror).count());
        for (trade, image) in trades(&folded).zip(trades(&mirror)) {
            prop_assert_eq!(trade.direction, image.direction.opposite());
            prop_assert_eq!(trade.quantity, image.quantity);
            prop_assert_eq!((&trade.entry, &trade.exit), (&image.entry, &image.exit));
            prop_assert_eq!(trade.commission, image.commission);
            let gross = |trade: &Trade| trade.net_profit + trade.commission;
            prop_assert_eq!(gross(trade), -gross(image));
        }
    }

    #[test]
    fn splitting_one_fill_in_two_changes_nothing_but_the_number_of_trades(
        orders in history(2),
        settings in settings(),
        which in any::<prop::sample::Index>(),
        share in 1_i64..100,
    ) {
        let which = which.index(orders.len());
        prop_assume!(orders[which].quantity.is_some());
        let (orders, split) = split_in_two(orders, which, share);
        let folded = fold(orders, &settings);
        let split = fold(split, &settings);
        prop_assert_eq!(folded.ledger.position(), split.ledger.position());
        let (mut whole, mut parts) = (merged(&folded, |id| id.0), merged(&split, |id| id.0 / 2));
        let terms = Terms::linear(settings.point_value);
        let open = |folded: &Folded| folded.ledger.open_profit(terms).unwrap();
        let paid = |folded: &Folded| folded.ledger.open_commission();
        if settings.commission.kind == CommissionKind::PerOrder {
            // Two orders pay a commission per order twice: all but the commission is the same.
            for (_, commission, profit) in whole.values_mut().chain(parts.values_mut()) {
                *profit += std::mem::take(commission);
            }
        } else {
            prop_assert_eq!(paid(&folded), paid(&split));
        }
        prop_assert_eq!(whole, parts);
        prop_assert_eq!(open(&folded), open(&split));
    }

    #[test]
    fn lots_are_closed_as_a_book_of_single_units_closes_them(
        orders in history(0),
        settings in settings(),
    ) {
        let folded = fold(orders.clone(), &settings);
        let own: Vec<_> = trades(&folded)
            .map(|trade| {
                let units = i64::try_from(trade.quantity.get()).unwrap();
                (trade.entry.order.0, trade.exit.order.0, trade.direction, units)
            })
            .collect();
        prop_assert_eq!(own, unit_by_unit(&orders, settings.reversal));
    }

    #[test]
    fn one_by_one_comes_to_the_same_as_all_at_once(
        orders in history(2),
        settings in settings(),
        arrivals in prop::collection::vec((any::<u32>(), -3_i64..3, -3_i64..3, 0_u8..6), 40),
        restarts in prop::collection::vec(any::<bool>(), 40),
    ) {
        // Numbers follow arrival, times do not: one order in four or so comes late.
        let mut orders = orders;
        for (order, (_, previous, new, states)) in orders.iter_mut().zip(&arrivals) {
            order.stated_position = StatedPosition {
                new: (*states > 1).then(|| Decimal::from(*new)),
                previous: (*states > 2).then(|| Decimal::from(*previous)),
                side: (*states == 1).then(|| Direction::of_position(Decimal::from(*new))),
            };
            order.adjusting = *states == 5;
            // TradingView's clock, which some messages leave out and some are far behind of.
            let behind = jiff::SignedDuration::from_secs(previous.abs());
            order.signal_time = (*states % 2 == 0).then(|| order.paired_at - behind);
        }
        let mut arriving: Vec<(u32, Order)> = arrivals
            .iter()
            .zip(orders)
            .zip(0..)
            .map(|((arrival, order), index)| (index * 100 + arrival.0 % 300, order))
            .collect();
        arriving.sort_by_key(|(arrival, _)| *arrival);

        let mut all: Vec<Order> = Vec::new();
        let mut ledger = Ledger::new();
        let mut applied = Vec::new();
        for (number, ((_, order), restart)) in (1..).zip(arriving.into_iter().zip(restarts)) {
            let order = Order { id: OrderId(number), ..order };
            all.push(order.clone());
            if let Ok(one) = ledger.apply(&order, &settings) {
                applied.push(one);
            } else {
                Folded { ledger, applied } = fold(all.clone(), &settings);
            }
            if restart {
                ledger = Ledger::resume(ledger.checkpoint(), &settings);
            }
        }
        prop_assert_eq!(Folded { ledger, applied }, fold(all, &settings));
    }

    #[test]
    fn the_sequence_does_not_depend_on_how_orders_came_in(
        (orders, shuffled) in history(0).prop_flat_map(|orders| {
            (Just(orders.clone()), Just(orders).prop_shuffle())
        }),
        positions in prop::collection::vec((-2_i64..2, -2_i64..2), 40),
    ) {
        let state = |mut orders: Vec<Order>| {
            for order in &mut orders {
                let index = usize::try_from(order.id.0).unwrap() - 1;
                let (previous, new) = positions[index];
                order.stated_position = StatedPosition {
                    new: Some(new.into()),
                    previous: (index % 3 > 0).then(|| previous.into()),
                    side: None,
                };
            }
            fold(orders, &Settings::default())
        };
        prop_assert_eq!(state(orders), state(shuffled));
    }

    #[test]
    fn a_chain_that_arrives_in_sequence_stays_in_sequence_and_a_shuffled_one_is_a_chain_again(
        steps in prop::collection::vec(-2_i64..=2, 2..12),
        seed in any::<u64>(),
    ) {
        let mut position = 0;
        let chain: Vec<Order> = (1..)
            .zip(steps)
            .map(|(number, step)| {
                let intent = if step < 0 { Intent::Sell } else { Intent::Buy };
                let previous = position;
                position += step;
                Order {
                    id: OrderId(number),
                    stated_position: StatedPosition {
                        new: Some(position.into()),
                        previous: Some(previous.into()),
                        side: None,
                    },
                    ..order(1, intent, "1", "100")
                }
            })
            .collect();
        let sequence = |orders: Vec<Order>| -> Vec<OrderId> {
            let applied = fold(orders, &Settings::default()).applied;
            applied.iter().map(|applied| applied.order).collect()
        };
        let arrived: Vec<OrderId> = chain.iter().map(|order| order.id).collect();
        prop_assert_eq!(sequence(chain.clone()), arrived);

        // Numbers dealt out anew: another sequence of arrival.
        let mut dealt = chain;
        let count = u64::try_from(dealt.len()).unwrap();
        for (index, order) in (0..).zip(&mut dealt) {
            let place = (seed % count + index * 7919) % count;
            order.id = OrderId(i64::try_from(place * 100 + index).unwrap());
        }
        let mut before = Some(Decimal::ZERO);
        for id in sequence(dealt.clone()) {
            let order = dealt.iter().find(|order| order.id == id).unwrap();
            prop_assert_eq!(order.stated_position.previous, before);
            before = order.stated_position.new;
        }
    }
}
