//! Profits against fractions of whole numbers, which share no arithmetic with the ledger:
//! prices at and below zero, and inverse contracts.

use proptest::prelude::*;

use super::properties::{history, merged, split_in_two, unit_by_unit};
use super::*;
use crate::domain::signal::Direction;
use crate::domain::terms::Contract;
use crate::domain::webhook::Reversal;

/// Largest difference of an inverse value from the fraction: half of its last place.
const HALF_A_PLACE: Decimal = Decimal::from_parts(5, 0, 0, false, 19);

fn counted_by(contract: Contract, point_value: i64) -> Settings {
    Settings {
        contract,
        point_value: point_value.into(),
        ..Settings::default()
    }
}

/// The price of each order in cents, by its number.
fn cents(orders: &[Order], number: i64) -> i128 {
    let order = orders.iter().find(|order| order.id.0 == number).unwrap();
    let price = order.intended_price.get();
    price.mantissa() * 10_i128.pow(2 - price.scale())
}

/// Prices above zero, for contracts that have no value at others.
fn above_zero(mut orders: Vec<Order>) -> Vec<Order> {
    for order in &mut orders {
        let price = order.intended_price.get().abs().max(Decimal::ONE);
        order.intended_price = Price::new(price).unwrap();
    }
    orders
}

proptest! {
    #[test]
    fn a_linear_profit_is_the_fraction_that_whole_numbers_come_to(
        orders in history(0),
        point_value in 1_i64..1_000,
    ) {
        let folded = fold(orders.clone(), &counted_by(Contract::Linear, point_value));
        let own: Vec<Decimal> = folded
            .applied
            .iter()
            .flat_map(|applied| &applied.trades)
            .map(|trade| trade.net_profit)
            .collect();
        let expected: Vec<Decimal> = unit_by_unit(&orders, Reversal::Net)
            .into_iter()
            .map(|(entry, exit, direction, units)| {
                let rise = cents(&orders, exit) - cents(&orders, entry);
                let sign = if direction == Direction::Long { 1 } else { -1 };
                let units = rise * sign * i128::from(units) * i128::from(point_value);
                Decimal::from_i128_with_scale(units, 2).normalize()
            })
            .collect();
        prop_assert_eq!(own, expected);
    }

    #[test]
    fn an_inverse_profit_is_the_fraction_to_its_last_place(
        orders in history(0).prop_map(above_zero),
        point_value in 1_i64..1_000,
    ) {
        let folded = fold(orders.clone(), &counted_by(Contract::Inverse, point_value));
        let trades = folded.applied.iter().flat_map(|applied| &applied.trades);
        let expected = unit_by_unit(&orders, Reversal::Net);
        prop_assert_eq!(trades.clone().count(), expected.len());
        for (trade, (entry, exit, direction, units)) in trades.zip(expected) {
            // units x point value x (1/entry - 1/exit) with prices in cents, over a common
            // denominator: profit x denominator = numerator, within the two roundings.
            let (entry, exit) = (cents(&orders, entry), cents(&orders, exit));
            let sign = if direction == Direction::Long { 1 } else { -1 };
            let size = i128::from(units) * i128::from(point_value) * 100;
            let numerator = Decimal::from(sign * size * (exit - entry));
            let denominator = Decimal::from(entry * exit);
            let error = trade.net_profit - numerator / denominator;
            prop_assert!(error.abs() <= HALF_A_PLACE + HALF_A_PLACE, "{error}");
        }
    }

    #[test]
    fn splitting_and_merging_orders_leaves_an_inverse_profit_as_it_is(
        orders in history(2).prop_map(above_zero),
        which in any::<prop::sample::Index>(),
        share in 1_i64..100,
    ) {
        let which = which.index(orders.len());
        prop_assume!(orders[which].quantity.is_some());
        let settings = counted_by(Contract::Inverse, 100);
        let (orders, split) = split_in_two(orders, which, share);
        let (whole, parts) = (fold(orders, &settings), fold(split, &settings));
        prop_assert_eq!(whole.ledger.position(), parts.ledger.position());
        let (one, other) = (merged(&whole, |id| id.0), merged(&parts, |id| id.0 / 2));
        prop_assert_eq!(one.len(), other.len());
        for ((key, one), (same, other)) in one.into_iter().zip(other) {
            prop_assert_eq!(key, same);
            prop_assert_eq!(one.0, other.0);
            // Each part of a trade has two values, each rounded by itself.
            let roundings = HALF_A_PLACE * Decimal::from(12);
            prop_assert!((one.2 - other.2).abs() <= roundings);
        }
        let terms = settings.terms_of("NASDAQ:AAPL");
        let open = |folded: &Folded| folded.ledger.open_profit(terms).unwrap();
        prop_assert!((open(&whole) - open(&parts)).abs() <= HALF_A_PLACE * Decimal::from(200));
    }
}

#[test]
fn a_mean_entry_of_an_inverse_contract_is_worth_what_its_lots_are() {
    let settings = counted_by(Contract::Inverse, 1);
    let orders = vec![
        super::tests::order(1, crate::domain::signal::Intent::Buy, "10000", "50000"),
        super::tests::order(2, crate::domain::signal::Intent::Buy, "10000", "25000"),
    ];
    let ledger = fold(orders, &settings).ledger;
    // 20,000 contracts for 0.2 + 0.4 coins.
    let mean = ledger.average_entry_price(Contract::Inverse).unwrap();
    assert_eq!(mean.round_dp(6).to_string(), "33333.333333");
}
