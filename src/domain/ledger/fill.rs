//! The cost of a fill: its price with assumed slippage, and its commission.

use crate::domain::exact::{DOUBLE_DIGITS, is_finer_than_a_double};
use crate::domain::instrument::Spelling;
use crate::domain::money::{DERIVED_SCALE, Decimal, Price, Quantity};
use crate::domain::signal::{Direction, OrderType, Ticker};
use crate::domain::terms::Terms;
use crate::domain::webhook::{Commission, CommissionKind, Slippage, SlippageKind};

/// The most digits that every [`Decimal`] can hold.
const DIGITS: u32 = 28;

/// Reports whether an order can fill worse than intended. One with a limit fills at its
/// limit or better, as TradingView's do.
pub(super) fn can_slip(order_type: OrderType) -> bool {
    match order_type {
        OrderType::Market | OrderType::Stop | OrderType::TrailingStop => true,
        OrderType::Limit | OrderType::StopLimit => false,
    }
}

/// The price an order fills at: as intended, made worse for the trader by the
/// assumed slippage.
///
/// `None` where the slippage would take a price from above zero to zero or below: an
/// assumption makes no price that the instrument may never have. A spread may have any.
pub(super) fn fill_price(
    direction: Direction,
    intended: Price,
    slippage: &Slippage,
    ticker: &Ticker,
) -> Option<Price> {
    if slippage.value.is_zero() {
        return Some(intended);
    }
    let distance = match slippage.kind {
        SlippageKind::Ticks => slippage.value.checked_mul(slippage.tick_size)?,
        SlippageKind::Percent => percent_of(intended.get().abs(), slippage.value)?,
    };
    let price = intended
        .get()
        .checked_add(distance.checked_mul(direction.sign())?)?;
    let price = if is_finer_than_a_double(intended.get()) {
        price.normalize()
    } else {
        // What is assumed need not be finer than what was stated.
        price.round_sf(DOUBLE_DIGITS)?.normalize()
    };
    let price = Price::new(price).ok()?;
    let may_be_below = || !intended.is_positive() || Spelling::of(ticker.as_str()).is_spread();
    (price.is_positive() || may_be_below()).then_some(price)
}

/// The commission of each part that one order closes or opens, in their order.
///
/// The parts of a commission per order add up to it exactly. `None` where an
/// amount is beyond a [`Decimal`].
pub(super) fn commissions(
    commission: &Commission,
    price: Price,
    terms: Terms,
    parts: &[Quantity],
) -> Option<Vec<Decimal>> {
    match commission.kind {
        CommissionKind::Percent => parts
            .iter()
            .map(|part| percent_of(terms.value(price, *part)?.value.abs(), commission.value))
            .collect(),
        CommissionKind::PerContract => parts
            .iter()
            .map(|part| part.get().checked_mul(commission.value))
            .collect(),
        CommissionKind::PerOrder => share_out(commission.value, parts),
    }
}

/// `total` in proportion to the parts; what rounding leaves goes to the last one.
fn share_out(total: Decimal, parts: &[Quantity]) -> Option<Vec<Decimal>> {
    let mut whole = parts
        .iter()
        .try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part.get()))?;
    let mut rest = total;
    let mut shares = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        let (share, left) = if is_last {
            (rest, Decimal::ZERO)
        } else {
            split(rest, part.get(), whole)?
        };
        shares.push(share);
        rest = left;
        whole = whole.checked_sub(part.get())?;
    }
    Some(shares)
}

/// The share of `total` that `part` has of `whole`, and the rest of it; the two
/// add up to `total` exactly. `None` where an amount is beyond a [`Decimal`].
pub(super) fn split(total: Decimal, part: Decimal, whole: Decimal) -> Option<(Decimal, Decimal)> {
    if total.is_zero() {
        return Some((Decimal::ZERO, Decimal::ZERO));
    }
    let share = total.checked_mul(part)?.checked_div(whole)?;
    // As many places as leave room for the digits of `total` before the point:
    // then neither the share nor the rest is rounded when one is subtracted.
    let whole_digits = total
        .trunc()
        .mantissa()
        .unsigned_abs()
        .checked_ilog10()
        .map_or(0, |exponent| exponent + 1);
    let places = DERIVED_SCALE.min(DIGITS.saturating_sub(whole_digits));
    let share = share.round_dp(places).normalize();
    Some((share, total.checked_sub(share)?.normalize()))
}

fn percent_of(amount: Decimal, percent: Decimal) -> Option<Decimal> {
    amount
        .checked_mul(percent)?
        .checked_mul(Decimal::new(1, 2))
        .map(|share| share.normalize())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn ticker(name: &str) -> Ticker {
        name.parse().unwrap()
    }

    fn slippage(kind: SlippageKind, value: &str) -> Slippage {
        Slippage {
            kind,
            value: decimal(value),
            tick_size: decimal("0.25"),
        }
    }

    #[test]
    fn slippage_is_always_against_the_trader() {
        let intended: Price = "4000".parse().unwrap();
        for (direction, kind, value, expected) in [
            (Direction::Long, SlippageKind::Ticks, "2", "4000.5"),
            (Direction::Short, SlippageKind::Ticks, "2", "3999.5"),
            (Direction::Long, SlippageKind::Percent, "0.01", "4000.4"),
            (Direction::Short, SlippageKind::Percent, "0.01", "3999.6"),
            (Direction::Long, SlippageKind::Percent, "0", "4000"),
        ] {
            let price = fill_price(direction, intended, &slippage(kind, value), &ticker("ES1!"));
            assert_eq!(price.unwrap().to_string(), expected);
        }
    }

    #[test]
    fn slippage_takes_no_price_from_above_zero_below_it() {
        let intended: Price = "0.5".parse().unwrap();
        let two_ticks = slippage(SlippageKind::Ticks, "2");
        let filled = |direction, name| {
            let price = fill_price(direction, intended, &two_ticks, &ticker(name));
            price.map(|price| price.to_string())
        };
        assert_eq!(filled(Direction::Short, "AAPL"), None);
        assert_eq!(filled(Direction::Long, "AAPL").as_deref(), Some("1"));
        assert_eq!(filled(Direction::Short, "CL1!-CL2!").as_deref(), Some("0"));
    }

    #[test]
    fn slippage_is_against_the_trader_at_prices_of_zero_and_below() {
        let two_ticks = slippage(SlippageKind::Ticks, "2");
        let one_percent = slippage(SlippageKind::Percent, "1");
        for (direction, intended, slippage, expected) in [
            (Direction::Short, "0", &two_ticks, "-0.5"),
            (Direction::Long, "-37.63", &two_ticks, "-37.13"),
            (Direction::Long, "-40", &one_percent, "-39.6"),
            (Direction::Short, "-40", &one_percent, "-40.4"),
        ] {
            let price = fill_price(
                direction,
                intended.parse().unwrap(),
                slippage,
                &ticker("CL1!"),
            );
            assert_eq!(price.unwrap().to_string(), expected, "{intended}");
        }
    }

    #[test]
    fn each_kind_of_commission_is_taken_for_what_it_says() {
        let price = "150".parse().unwrap();
        let parts = ["2".parse().unwrap(), "1".parse().unwrap()];
        for (kind, value, expected) in [
            // 150 x 2 x 50 = 15,000 of which 0.1 % are 15.
            (CommissionKind::Percent, "0.1", ["15", "7.5"]),
            (CommissionKind::PerContract, "0.85", ["1.70", "0.85"]),
            (CommissionKind::PerOrder, "4.5", ["3", "1.5"]),
        ] {
            let value = decimal(value);
            let commission = Commission { kind, value };
            let shares =
                commissions(&commission, price, Terms::linear(decimal("50")), &parts).unwrap();
            assert_eq!(shares, expected.map(decimal));
        }
    }

    proptest! {
        #[test]
        fn a_commission_per_order_is_shared_without_a_remainder(
            total in 1_i64..1_000_000_000_000_000_000,
            scale in 0_u32..18,
            parts in prop::collection::vec(1_i64..1_000_000_000, 1..20),
        ) {
            let total = Decimal::new(total, scale);
            let parts: Vec<Quantity> = parts
                .iter()
                .map(|part| Quantity::new(Decimal::new(*part, 4)).unwrap())
                .collect();
            let shares = share_out(total, &parts).unwrap();
            // Added as integers of one scale, so that no rounding can hide a remainder.
            let exact = |amount: Decimal| amount.mantissa() * 10_i128.pow(18 - amount.scale());
            prop_assert_eq!(shares.iter().copied().map(exact).sum::<i128>(), exact(total));
        }
    }
}
