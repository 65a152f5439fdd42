//! The way from the net profit of one book to that of the other, in steps that sum exactly.
//!
//! Two trades are one where both of their legs match. Their difference is split in this order: the
//! prices at the first book's quantity; the quantity at the second book's prices, with its
//! commission; then the settings, which are commission and assumed slippage. Prices are those
//! before assumed slippage, which is a setting and no fact. A trade with only its entry matched was
//! left at another time; all others are missed or false. Every trade counts once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::matching::{Fate, Matching};
use crate::domain::money::{Decimal, Price};
use crate::domain::terms::Terms;
use crate::domain::trade::ClosedTrade;

/// A closed trade and the legs of its book that opened and closed it.
#[derive(Debug, Clone)]
pub struct TradeLegs {
    /// Index of the entry; `None` where no alert asked for it.
    pub entry: Option<usize>,
    /// Index of the exit; `None` where no alert asked for it.
    pub exit: Option<usize>,
    /// Entry and exit price before the slippage that the settings assume; `None` of a book that
    /// assumes none.
    pub before_slippage: Option<[Price; 2]>,
    /// The trade.
    pub trade: ClosedTrade,
}

impl TradeLegs {
    fn filled(&self) -> [Price; 2] {
        [self.trade.entry_price, self.trade.exit_price]
    }
}

/// Places that every amount of a bridge is rounded to before it is summed.
const PLACES: u32 = 8;

/// The steps from one net profit to the other; what costs money is below zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bridge {
    /// Net profit of the first book's trades that opened and closed in the compared range.
    #[schema(value_type = String)]
    pub expected: Decimal,
    /// Trades of the first book that the second has not.
    #[schema(value_type = String)]
    pub missed: Decimal,
    /// Trades of the second book that the first has not.
    #[schema(value_type = String)]
    pub false_trades: Decimal,
    /// Trades that began alike and closed otherwise.
    #[schema(value_type = String)]
    pub exits: Decimal,
    /// Other prices.
    #[schema(value_type = String)]
    pub price: Decimal,
    /// Other quantities.
    #[schema(value_type = String)]
    pub quantity: Decimal,
    /// Other settings: commission and assumed slippage.
    #[schema(value_type = String)]
    pub commission: Decimal,
    /// Rounded amounts and other terms of the same contract.
    #[schema(value_type = String)]
    pub rounding: Decimal,
    /// Net profit of the second book's trades that opened and closed in the compared range.
    #[schema(value_type = String)]
    pub observed: Decimal,
    /// Numbers of trades behind the steps.
    pub trades: TradeCounts,
    /// Profit of the trades that both books have, by each of them.
    #[serde(skip)]
    pub matched: MatchedProfit,
}

/// Net profit of both books over trades whose legs are all matched in both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MatchedProfit {
    /// The first book's trades.
    pub trades: usize,
    /// Their net profit.
    pub first: Decimal,
    /// That of the second book's.
    pub second: Decimal,
}

/// Numbers of trades behind the steps of a bridge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TradeCounts {
    /// Trades of the first book with both legs matched.
    pub matched: usize,
    /// Trades of the first book only.
    pub missed: usize,
    /// Trades of the second book only.
    pub false_trades: usize,
    /// Trades of the first book with another exit in the second.
    pub exits: usize,
}

impl Bridge {
    /// The bridge between two books, matched by legs; `shift` was added to the first one's
    /// times.
    #[must_use]
    pub fn between(
        [first, second]: [&[TradeLegs]; 2],
        matching: &Matching,
        shift: SignedDuration,
    ) -> Self {
        let is_inside = |closed: Timestamp| {
            let range = matching.range;
            range.is_some_and(|(from, to)| (from..=to).contains(&closed))
        };
        let of_first = Sorted::of(first, &matching.first, |closed| is_inside(closed + shift));
        let mut of_second = Sorted::of(second, &matching.second, is_inside);
        let mut bridge = Self {
            expected: of_first.net_profit(),
            observed: of_second.net_profit(),
            ..Self::default()
        };
        let mut entered: BTreeMap<usize, Vec<&TradeLegs>> = BTreeMap::new();
        for (legs, trades) in of_first.whole {
            if let Some(others) = of_second.whole.remove(&legs) {
                bridge.trades.matched += trades.len();
                bridge.matched.first += net_profit(&trades);
                bridge.matched.second += net_profit(&others);
                bridge.add_pair(&trades, &others);
            } else {
                entered.entry(legs.0).or_default().extend(trades);
            }
        }
        merge(&mut entered, of_first.entered);
        let mut others_entered = of_second.entered;
        for (legs, trades) in of_second.whole {
            others_entered.entry(legs.0).or_default().extend(trades);
        }
        for (entry, trades) in entered {
            if let Some(others) = others_entered.remove(&entry) {
                bridge.trades.exits += trades.len();
                bridge.exits += net_profit(&others) - net_profit(&trades);
            } else {
                bridge.add_missed(&trades);
            }
        }
        for trades in others_entered.values() {
            bridge.add_false(trades);
        }
        bridge.add_missed(&of_first.other);
        bridge.add_false(&of_second.other);
        bridge.matched.trades = bridge.trades.matched;
        let steps: Decimal = bridge.steps().iter().map(|(_, step)| step).sum();
        bridge.rounding = bridge.observed - bridge.expected - steps;
        bridge
    }

    fn add_missed(&mut self, trades: &[&TradeLegs]) {
        self.trades.missed += trades.len();
        self.missed -= net_profit(trades);
    }

    fn add_false(&mut self, trades: &[&TradeLegs]) {
        self.trades.false_trades += trades.len();
        self.false_trades += net_profit(trades);
    }

    /// Takes the difference between trades with the same legs apart. Where a product is
    /// beyond a decimal, all of it stays in the last step.
    fn add_pair(&mut self, first: &[&TradeLegs], second: &[&TradeLegs]) {
        let Some(terms) = first.first().map(|legs| legs.trade.terms()) else {
            return;
        };
        let (first, second) = (Sum::of(first, terms), Sum::of(second, terms));
        let of_quantity = rounded(first.commission_of_quantity(&second));
        self.quantity += of_quantity;
        self.commission += rounded(first.commission - second.commission) - of_quantity;
        let (Some(mine), Some(theirs)) = (first.gross, second.gross) else {
            return;
        };
        if let (Some(first), Some(second)) = (first.slippage, second.slippage) {
            self.commission += rounded(first) - rounded(second);
        }
        // The profit of a contract does not hang on how many there are.
        let at_same = theirs
            .checked_mul(first.quantity)
            .and_then(|gross| gross.checked_div(second.quantity));
        if let Some(at_same) = at_same.map(rounded) {
            self.price += at_same - rounded(mine);
            self.quantity += rounded(theirs) - at_same;
        }
    }

    /// The steps in their order.
    fn steps(&self) -> [(Step, Decimal); 7] {
        [
            (Step::Missed, self.missed),
            (Step::False, self.false_trades),
            (Step::Exits, self.exits),
            (Step::Prices, self.price),
            (Step::Quantities, self.quantity),
            (Step::Settings, self.commission),
            (Step::Rounding, self.rounding),
        ]
    }

    /// The largest step in the direction of the difference; `None` where there is no difference.
    #[must_use]
    pub fn main(&self) -> Option<(Step, Decimal)> {
        let difference = self.observed - self.expected;
        let is_below = difference.is_sign_negative();
        self.largest(is_below).filter(|_| !difference.is_zero())
    }

    /// The largest step in the other direction.
    #[must_use]
    pub fn opposing(&self) -> Option<(Step, Decimal)> {
        let difference = self.observed - self.expected;
        self.largest(!difference.is_sign_negative())
    }

    fn largest(&self, is_below: bool) -> Option<(Step, Decimal)> {
        let steps = self.steps().into_iter();
        let steps =
            steps.filter(|(_, amount)| !amount.is_zero() && amount.is_sign_negative() == is_below);
        steps.max_by_key(|(_, amount)| amount.abs())
    }
}

/// A step of a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// [`Bridge::missed`].
    Missed,
    /// [`Bridge::false_trades`].
    False,
    /// [`Bridge::exits`].
    Exits,
    /// [`Bridge::price`].
    Prices,
    /// [`Bridge::quantity`].
    Quantities,
    /// [`Bridge::commission`].
    Settings,
    /// [`Bridge::rounding`].
    Rounding,
}

impl Step {
    /// Its name in a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missed => "missed trades",
            Self::False => "false trades",
            Self::Exits => "other exits",
            Self::Prices => "prices",
            Self::Quantities => "quantities",
            Self::Settings => "commission and slippage settings",
            Self::Rounding => "rounding",
        }
    }
}

/// Trades with the same entry and exit, together: each at prices of its own, for an order that
/// a broker fills in parts has several.
struct Sum {
    quantity: Decimal,
    /// Profit before commission and assumed slippage, by the same terms; `None` beyond a decimal.
    gross: Option<Decimal>,
    /// Cost of assumed slippage, by the same terms.
    slippage: Option<Decimal>,
    commission: Decimal,
}

impl Sum {
    /// The commission that another quantity takes less, or more, at the same rate. One that stays
    /// the same, as of an order, does not depend on the quantity.
    fn commission_of_quantity(&self, other: &Self) -> Decimal {
        if self.commission == other.commission {
            return Decimal::ZERO;
        }
        let at_other = self.commission.checked_mul(other.quantity);
        let at_other = at_other.and_then(|amount| amount.checked_div(self.quantity));
        at_other.map_or(Decimal::ZERO, |at_other| self.commission - at_other)
    }

    fn of(trades: &[&TradeLegs], terms: Terms) -> Self {
        let between = |trade: &ClosedTrade, [entry, exit]: [Price; 2]| {
            let gross = terms.gross_profit(trade.direction, trade.quantity, entry, exit)?;
            Some(gross.value)
        };
        let filled = |legs: &&TradeLegs| between(&legs.trade, legs.filled());
        let before =
            |legs: &&TradeLegs| between(&legs.trade, legs.before_slippage.unwrap_or(legs.filled()));
        let gross: Option<Decimal> = trades.iter().map(before).sum();
        let filled: Option<Decimal> = trades.iter().map(filled).sum();
        Self {
            quantity: trades.iter().map(|legs| legs.trade.quantity.get()).sum(),
            slippage: gross.zip(filled).map(|(gross, filled)| gross - filled),
            gross,
            commission: trades.iter().map(|legs| legs.trade.commission).sum(),
        }
    }
}

/// The trades of a book that opened and closed in the compared range, by what is matched of them.
#[derive(Default)]
struct Sorted<'trades> {
    /// Both legs, by the pairs that they belong to.
    whole: BTreeMap<(usize, usize), Vec<&'trades TradeLegs>>,
    /// The entry only, by its pair.
    entered: BTreeMap<usize, Vec<&'trades TradeLegs>>,
    /// The exit only, or nothing.
    other: Vec<&'trades TradeLegs>,
}

impl<'trades> Sorted<'trades> {
    /// Sorts trades by the fates of their legs. An exit that is no leg counts where
    /// `is_inside` of its time.
    fn of(
        trades: &'trades [TradeLegs],
        fates: &[Fate],
        is_inside: impl Fn(Timestamp) -> bool,
    ) -> Self {
        let mut sorted = Self::default();
        for legs in trades {
            let unasked = if is_inside(legs.trade.exit_time) {
                Fate::Alone
            } else {
                Fate::Outside
            };
            let fate = |leg: Option<usize>| leg.map_or(unasked, |leg| fates[leg]);
            match (fate(legs.entry), fate(legs.exit)) {
                // One that was open when the range began is of neither book.
                (Fate::Outside, _) | (_, Fate::Outside) => {}
                (Fate::Matched(entry), Fate::Matched(exit)) => {
                    sorted.whole.entry((entry, exit)).or_default().push(legs);
                }
                (Fate::Matched(entry), Fate::Alone) => {
                    sorted.entered.entry(entry).or_default().push(legs);
                }
                _ => sorted.other.push(legs),
            }
        }
        sorted
    }

    fn net_profit(&self) -> Decimal {
        let sorted = self.whole.values().chain(self.entered.values());
        sorted.map(|trades| net_profit(trades)).sum::<Decimal>() + net_profit(&self.other)
    }
}

fn merge<'trades>(
    into: &mut BTreeMap<usize, Vec<&'trades TradeLegs>>,
    from: BTreeMap<usize, Vec<&'trades TradeLegs>>,
) {
    for (entry, trades) in from {
        into.entry(entry).or_default().extend(trades);
    }
}

fn net_profit(trades: &[&TradeLegs]) -> Decimal {
    trades
        .iter()
        .map(|legs| rounded(legs.trade.net_profit))
        .sum()
}

fn rounded(amount: Decimal) -> Decimal {
    amount.round_dp(PLACES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compare::{By, Pair};
    use crate::domain::money::Quantity;
    use crate::domain::signal::Direction;
    use crate::domain::terms::Contract;

    fn trade(quantity: i64, entry: i64, exit: i64, commission: i64, profit: i64) -> ClosedTrade {
        let cents = |amount: i64| Decimal::new(amount, 2);
        ClosedTrade {
            ticker: "AAPL".parse().unwrap(),
            direction: if profit % 2 == 0 {
                Direction::Long
            } else {
                Direction::Short
            },
            quantity: Quantity::new(Decimal::new(quantity, 1)).unwrap(),
            entry_time: jiff::Timestamp::UNIX_EPOCH,
            entry_price: cents(entry).to_string().parse().unwrap(),
            entry_signal: None,
            exit_time: jiff::Timestamp::UNIX_EPOCH,
            exit_price: cents(exit).to_string().parse().unwrap(),
            point_value: Decimal::ONE,
            contract: Contract::Linear,
            commission: cents(commission),
            entry_commission: cents(commission / 2),
            net_profit: cents(profit),
        }
    }

    fn legs_of(index: usize, trade: ClosedTrade) -> TradeLegs {
        TradeLegs {
            entry: Some(2 * index),
            exit: Some(2 * index + 1),
            before_slippage: None,
            trade,
        }
    }

    /// A made-up trade: its numbers, and how its two legs are matched.
    type SampleTrade = ([i64; 5], [u8; 2]);

    fn made() -> impl Strategy<Value = SampleTrade> {
        let numbers = (
            1..50_i64,
            1..9_999_i64,
            1..9_999_i64,
            0..99_i64,
            -9_999..9_999_i64,
        );
        (numbers, [0..3_u8, 0..3]).prop_map(|((q, e, x, c, p), fates)| ([q, e, x, c, p], fates))
    }

    /// Prices before a slippage that follows from the trade's own numbers, of two trades in three.
    fn slipped([q, e, x, c, _]: [i64; 5]) -> Option<[Price; 2]> {
        let cents = |amount: i64| Decimal::new(amount, 2).to_string().parse().unwrap();
        (q % 3 > 0).then(|| [cents(e + c), cents(x - c / 2)])
    }

    /// Trades whose legs are their index doubled and the one after it.
    fn book() -> impl Strategy<Value = (Vec<TradeLegs>, Vec<Fate>)> {
        proptest::collection::vec(made(), 0..12).prop_map(|trades: Vec<SampleTrade>| {
            let fates = trades.iter().flat_map(|(_, fates)| fates).enumerate();
            let fates = fates.map(|(leg, fate)| match fate {
                0 => Fate::Matched(leg),
                1 => Fate::Alone,
                _ => Fate::Outside,
            });
            let legs = trades.iter().enumerate();
            let legs = legs.map(|(index, (numbers @ [q, e, x, c, p], _))| TradeLegs {
                before_slippage: slipped(*numbers),
                ..legs_of(index, trade(*q, *e, *x, *c, *p))
            });
            (legs.collect(), fates.collect())
        })
    }

    proptest! {
        #[test]
        fn the_steps_sum_exactly((first, of_first) in book(), (second, of_second) in book()) {
            let pairs = vec![Pair { first: 0, second: 0, by: By::Signal, margin: 0.0 }; 24];
            let matching = Matching { pairs, first: of_first, second: of_second, range: None, suggested: None, suggested_scale: None };
            let bridge = Bridge::between([&first, &second], &matching, SignedDuration::ZERO);
            let steps = [
                bridge.missed, bridge.false_trades, bridge.exits, bridge.price, bridge.quantity,
                bridge.commission, bridge.rounding,
            ];
            prop_assert_eq!(bridge.expected + steps.iter().sum::<Decimal>(), bridge.observed);
            let net = |trades: &[TradeLegs], fates: &[Fate]| -> Decimal {
                let is_inside = |leg: Option<usize>| fates[leg.unwrap()] != Fate::Outside;
                let inside = trades.iter().filter(|trade| is_inside(trade.entry) && is_inside(trade.exit));
                inside.map(|trade| trade.trade.net_profit).sum()
            };
            prop_assert_eq!(bridge.expected, net(&first, &matching.first));
            prop_assert_eq!(bridge.observed, net(&second, &matching.second));
        }
    }

    #[test]
    fn each_step_has_its_own_difference() {
        let matched = |index: usize| [Fate::Matched(2 * index), Fate::Matched(2 * index + 1)];
        let legs = legs_of;
        // 10 units from 1.00 to 2.00 for 0.10: 9.90; with 5 units from 1.00 to 1.50 for 0.06, which
        // is 0.01 more than half of it.
        let first = [
            legs(0, trade(100, 100, 200, 10, 990)),
            legs(1, trade(10, 100, 300, 0, 200)),
        ];
        let second = [
            legs(0, trade(50, 100, 150, 6, 244)),
            legs(1, trade(20, 100, 200, 0, 200)),
        ];
        let mut fates: Vec<Fate> = matched(0).into();
        fates.extend([Fate::Alone, Fate::Alone]);
        let pairs = Vec::new();
        let matching = Matching {
            pairs,
            first: fates.clone(),
            second: fates,
            range: None,
            suggested: None,
            suggested_scale: None,
        };
        let bridge = Bridge::between([&first, &second], &matching, SignedDuration::ZERO);
        let cents = |amount: i64| Decimal::new(amount, 2);
        assert_eq!(bridge.expected, cents(1190));
        assert_eq!(
            (bridge.price, bridge.quantity, bridge.commission),
            (cents(-500), cents(-245), cents(-1))
        );
        assert_eq!(
            (bridge.missed, bridge.false_trades, bridge.exits),
            (cents(-200), cents(200), cents(0))
        );
        assert_eq!((bridge.rounding, bridge.observed), (cents(0), cents(444)));
    }
    #[test]
    fn assumed_slippage_is_a_setting_and_no_price() {
        let price = |cents: i64| Decimal::new(cents, 2).to_string().parse().unwrap();
        // 10 units from 1.00 to 2.00 without costs: 10.00.
        let backtest = [legs_of(0, trade(100, 100, 200, 0, 1000))];
        // The same 10 units asked for at 1.02 and 2.00, filled a cent worse on both sides, for
        // 0.06: 9.60 - 0.06. The prices took 0.20, the settings 0.20 + 0.06.
        let alerts = [TradeLegs {
            before_slippage: Some([price(102), price(200)]),
            ..legs_of(0, trade(100, 103, 199, 6, 954))
        }];
        let fates = vec![Fate::Matched(0), Fate::Matched(1)];
        let matching = Matching {
            pairs: Vec::new(),
            first: fates.clone(),
            second: fates,
            range: None,
            suggested: None,
            suggested_scale: None,
        };
        let cents = |amount: i64| Decimal::new(amount, 2);
        let bridge = Bridge::between([&backtest, &alerts], &matching, SignedDuration::ZERO);
        assert_eq!(
            (
                bridge.price,
                bridge.quantity,
                bridge.commission,
                bridge.rounding
            ),
            (cents(-20), cents(0), cents(-26), cents(0))
        );
        // Fills assume none: laid over alerts that do, the settings give 0.26 back.
        let bridge = Bridge::between([&alerts, &backtest], &matching, SignedDuration::ZERO);
        assert_eq!(
            (
                bridge.price,
                bridge.quantity,
                bridge.commission,
                bridge.rounding
            ),
            (cents(20), cents(0), cents(26), cents(0))
        );
    }

    #[test]
    fn the_main_step_goes_the_way_of_the_difference() {
        let bridge = |missed: i64, false_trades: i64, price: i64| Bridge {
            missed: missed.into(),
            false_trades: false_trades.into(),
            price: price.into(),
            observed: (missed + false_trades + price).into(),
            ..Bridge::default()
        };
        let of = |step, amount: i64| Some((step, Decimal::from(amount)));
        let less = bridge(100, -65, -55);
        assert_eq!(less.main(), of(Step::False, -65));
        assert_eq!(less.opposing(), of(Step::Missed, 100));
        let more = bridge(-100, 65, 55);
        assert_eq!(more.main(), of(Step::False, 65));
        assert_eq!(more.opposing(), of(Step::Missed, -100));
        let one = bridge(0, 0, -5);
        assert_eq!((one.main(), one.opposing()), (of(Step::Prices, -5), None));
        assert_eq!(bridge(5, -5, 0).main(), None);
    }
}
