use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::terms::Contract;

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_767_225_600_000 + milliseconds).unwrap()
}

fn executed(side: Direction, market: Option<&str>, intended: &str, filled: &str) -> Executed {
    Executed {
        side,
        quantity: "10".parse().unwrap(),
        intended: intended.parse().unwrap(),
        market: market.map(|price| price.parse().unwrap()),
        filled: filled.parse().unwrap(),
        terms: Terms::linear(Decimal::from(2)),
        signal: Some(at(0)),
        received: Some(at(400)),
        on_disk: Some(at(410)),
        filled_at: at(1_000),
        precision: 0,
    }
}

#[test]
fn slippage_costs_above_zero_and_has_two_parts() {
    use Direction::{Long, Short};
    // A stop order: the market is at 100, 101 is asked for, 101.50 is paid.
    let one = executed(Long, Some("100"), "101", "101.50");
    let slippage = Slippage::of(&[one]);
    assert_eq!(slippage.per_contract.to_string(), "1.5");
    // 1.5 x 10 contracts x 2.
    assert_eq!(slippage.money.to_string(), "30");
    assert!((slippage.basis_points.unwrap() - 150.0).abs() < 1e-9);
    let setup = slippage.setup.unwrap();
    assert_eq!((setup.money.to_string(), setup.fills), ("20".to_owned(), 1));
    assert_eq!(slippage.execution.money.to_string(), "10");
    // Sold higher than asked for: a gain.
    let sold = executed(Short, None, "100", "100.25");
    let slippage = Slippage::of(&[one, sold]);
    assert_eq!(slippage.money.to_string(), "25");
    assert_eq!((slippage.worse, slippage.fills), (1, 2));
    assert_eq!(slippage.setup.unwrap().fills, 1);
    // The parts sum to the whole where both are known.
    let sum = slippage.setup.unwrap().money + slippage.execution.money;
    assert_eq!(sum, slippage.money);
}

#[test]
fn an_inverse_contract_costs_coins() {
    let mut one = executed(Direction::Long, None, "50000", "50100");
    one.terms = Terms {
        contract: Contract::Inverse,
        point_value: Decimal::ONE_HUNDRED,
    };
    // 10 contracts of 100: 1000 x (1/50000 - 1/50100).
    assert_eq!(Slippage::of(&[one]).money.to_string(), "0.00003992");
    // No percentage of a price at or below zero.
    let below = executed(Direction::Long, None, "-2", "-1.5");
    let slippage = Slippage::of(&[below]);
    assert_eq!(
        (slippage.basis_points, slippage.money.to_string()),
        (None, "10".to_owned())
    );
}

#[test]
fn latency_is_told_by_its_parts_and_no_finer_than_the_times_are() {
    let mut later = executed(Direction::Long, None, "100", "100");
    later.filled_at = at(2_900);
    let mut whole_second = executed(Direction::Long, None, "100", "100");
    // 0.0 s to 1.0 s after the full second: taken for 0.5 s, which is 0.1 s after the alert.
    (whole_second.filled_at, whole_second.precision) = (at(0), 1);
    let mut minute = executed(Direction::Long, None, "100", "100");
    (minute.filled_at, minute.precision) = (at(0), 60);
    let all = [
        executed(Direction::Long, None, "100", "100"),
        later,
        whole_second,
        minute,
    ];
    let latency = Latency::of(&all);
    let received = latency.signal_to_received.unwrap();
    assert_eq!((received.n, received.median), (4, 0.4));
    assert!((latency.received_to_disk.unwrap().median - 0.01).abs() < 1e-9);
    // 0.6, 2.5 and 0.1; the minute says nothing.
    let filled = latency.received_to_filled.unwrap();
    assert_eq!((filled.n, filled.median), (3, 0.6));
    let counts: Vec<usize> = latency.histogram.iter().map(|band| band.fills).collect();
    assert_eq!(counts, [1, 0, 1, 0, 1]);
    assert_eq!(latency.precision_seconds, 60);
    // Brought in later, it never came.
    let mut imported = all[0];
    (imported.received, imported.on_disk) = (None, None);
    let latency = Latency::of(&[imported]);
    assert_eq!(latency.received_to_filled, None);
    // From the middle of the signal's second.
    assert!((latency.to_filled().unwrap().median - 0.5).abs() < 1e-9);
}

#[test]
fn a_fill_before_its_alert_took_no_time() {
    let mut early = executed(Direction::Long, None, "100", "100");
    early.filled_at = at(100);
    let latency = Latency::of(&[early]);
    assert!(latency.received_to_filled.unwrap().median.abs() < 1e-9);
    assert_eq!(
        early.filled_at + SignedDuration::from_millis(300),
        early.received.unwrap()
    );
}

#[test]
fn the_grade_says_its_parts_and_what_would_raise_it_most() {
    let best = Grade::of(100.0, Some(0.1), Some(-1.0));
    assert_eq!((best.letter, best.points), (Letter::A, 100.0));
    assert_eq!(best.advice, "Nothing would raise it much.");
    // 80 x 0.4 + 90 x 0.3 + 60 x 0.3.
    let one = Grade::of(95.0, Some(1.0), Some(10.0));
    assert!((one.points - 77.0).abs() < 1e-9, "{}", one.points);
    assert_eq!(one.letter, Letter::C);
    assert_eq!(
        one.advice,
        "The slippage costs 12 of 100 points: at 7.50 bp instead of 10.00 bp the grade would be B."
    );
    // Without latency the other two count alone.
    let without = Grade::of(95.0, None, Some(10.0));
    assert!((without.points - (80.0 * 40.0 + 60.0 * 30.0) / 70.0).abs() < 1e-9);
    assert_eq!(without.parts[1].points, None);
    let worst = Grade::of(10.0, Some(600.0), Some(900.0));
    assert_eq!((worst.letter, worst.points), (Letter::F, 0.0));
    assert!(
        worst.advice.contains("does not make a better grade"),
        "{}",
        worst.advice
    );
}

#[test]
fn retention_is_not_defined_where_the_alerts_made_nothing() {
    let money = |text: &str| text.parse::<Decimal>().unwrap();
    let kept = |trades, first, second| {
        let (first, second) = (money(first), money(second));
        Retention::of(MatchedProfit {
            trades,
            first,
            second,
        })
    };
    let most = kept(3, "200", "150");
    assert_eq!((most.percent, most.difference), (Some(75.0), money("-50")));
    for alerts in ["0", "-20"] {
        let lost = kept(3, alerts, "-50");
        assert_eq!(lost.percent, None);
    }
    assert_eq!(kept(1, "-20", "-50").difference, money("-30"));
}
