//! Holes of a list: numbers of trades that are not there, and a cumulative profit that
//! is not the sum of its trades. The list is taken all the same, with a note.

use super::ListedTrade;
use crate::domain::money::Decimal;

/// Missing trades that are named.
const NAMED: usize = 5;

/// Says what is missing in a list; its trades are in the order of their numbers.
pub(super) fn notes(trades: &[ListedTrade]) -> Vec<String> {
    [missing_numbers(trades), wrong_sum(trades)]
        .into_iter()
        .flatten()
        .collect()
}

fn missing_numbers(trades: &[ListedTrade]) -> Option<String> {
    let mut named = Vec::new();
    let mut count = 0_u64;
    // Some exports count from 0.
    let first = trades.first()?.number.min(1);
    let mut next = first;
    for trade in trades {
        let missing = trade.number.saturating_sub(next);
        count = count.saturating_add(missing);
        let range = (next..trade.number).take(NAMED.saturating_sub(named.len()));
        named.extend(range.map(|number| number.to_string()));
        next = trade.number.saturating_add(1);
    }
    let of = next.saturating_sub(first);
    let named = named.join(", ");
    match count {
        0 => None,
        1 => Some(format!(
            "the list has a hole: trade {named} of {of} is missing"
        )),
        2..=5 => Some(format!(
            "the list has holes: trades {named} of {of} are missing"
        )),
        _ => Some(format!(
            "the list has holes: {count} of {of} trades are missing, the first of them {named}"
        )),
    }
}

/// The last cumulative profit against the sum of the closed trades up to it; each is
/// rounded, so that many may come to some cents.
fn wrong_sum(trades: &[ListedTrade]) -> Option<String> {
    let closed = || trades.iter().filter(|trade| trade.exit.is_some());
    let last = closed().rfind(|trade| trade.besides.cumulative.is_some())?;
    let stated = last.besides.cumulative?;
    let up_to_it = closed().filter(|trade| trade.number <= last.number);
    let (mut sum, mut count, mut scale) = (Decimal::ZERO, 1_u64, 0);
    for trade in up_to_it {
        sum = sum.checked_add(trade.net_profit)?;
        count += 1;
        scale = scale.max(trade.net_profit.normalize().scale());
    }
    let half = Decimal::new(5, scale.min(27) + 1);
    let tolerance = half.checked_mul(Decimal::from(count))?;
    let is_same = (stated - sum).abs() <= tolerance;
    (!is_same).then(|| {
        let (sum, stated) = (sum.normalize(), stated.normalize());
        format!("the list adds up to {sum}, its last cumulative profit is {stated}: a part of it may be missing")
    })
}

#[cfg(test)]
mod tests {
    use crate::imports::trades::read;
    use crate::imports::trades::tests::zone;

    fn notes(trades: &[(u64, i64, i64)]) -> Vec<String> {
        let mut file = "Trade #,Type,Date/Time,Price,Contracts,Profit,Cum. Profit\n".to_owned();
        for (number, profit, cumulative) in trades {
            for side in ["Entry", "Exit"] {
                let row = format!(
                    "{number},{side} long,2026-01-{number:02},100,1,{profit},{cumulative}\n"
                );
                file.push_str(&row);
            }
        }
        let notes = read(file.as_bytes(), &zone("UTC")).unwrap().notes;
        notes
            .into_iter()
            .filter(|note| note.starts_with("the list"))
            .collect()
    }

    #[test]
    fn a_hole_in_a_list_is_said() {
        assert_eq!(notes(&[(1, 10, 10), (2, 5, 15)]), [] as [&str; 0]);
        assert_eq!(
            notes(&[(1, 10, 10), (3, 20, 60), (4, 5, 65)]),
            [
                "the list has a hole: trade 2 of 4 is missing",
                "the list adds up to 35, its last cumulative profit is 65: a part of it may be missing"
            ]
        );
        assert_eq!(
            notes(&[(4, 10, 30), (9, 5, 35)]),
            [
                "the list has holes: 7 of 9 trades are missing, the first of them 1, 2, 3, 5, 6",
                "the list adds up to 15, its last cumulative profit is 35: a part of it may be missing"
            ]
        );
    }
}
