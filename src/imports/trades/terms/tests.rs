//! Terms that are known, found again in lists that were made with them: TradingView's own
//! exports, and lists of every kind that are made up here.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::domain::terms::Contract;
use crate::imports::trades::read;
use crate::imports::trades::tests::zone;

fn readings(file: &str) -> Readings {
    let list = read(file.as_bytes(), &zone("UTC")).unwrap_or_else(|error| panic!("{error}"));
    Readings::of(&list, &StatedTerms::default())
}

/// Of a linear contract, which no list of one may deny.
fn terms(file: &str) -> Terms {
    let readings = readings(file);
    let contract = readings.contract(Contract::Linear).value;
    assert_eq!(contract, Contract::Linear, "{file:.2000}");
    readings.under(contract).clone()
}

fn said(terms: &Terms) -> (String, String, String) {
    let number = |term: &Option<Term>| {
        let term = term.as_ref();
        term.map_or_else(|| "?".to_owned(), |term| term.value.to_string())
    };
    let commission = terms.commission.value.as_ref();
    (
        number(&terms.initial_capital),
        number(&terms.point_value),
        commission.map_or_else(|| "?".to_owned(), words),
    )
}

fn expect(file: &str, capital: &str, point_value: &str, commission: &str) -> Terms {
    let found = terms(file);
    let expected = (
        capital.to_owned(),
        point_value.to_owned(),
        commission.to_owned(),
    );
    assert_eq!(said(&found), expected, "{found:#?}\n{file:.2000}");
    found
}

#[test]
fn tradingview_s_exports_say_what_they_were_made_with() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tradingview");
    let mut files = 0;
    for entry in std::fs::read_dir(fixtures).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The last file has no trades.
        if path.extension().is_none_or(|extension| extension != "csv") || name.starts_with("symbol")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let commission = if name.contains("cash-commission") {
            "1.5 per order"
        } else {
            "none"
        };
        let found = terms(&text);
        let (capital, point_value, of_rows) = said(&found);
        println!(
            "{name}: {capital} {point_value} {of_rows} {:?}",
            found.notes
        );
        assert_eq!(
            (point_value.as_str(), of_rows.as_str()),
            ("1", commission),
            "{name}: {found:#?}"
        );
        assert_eq!(capital, "1000000", "{name}: {found:#?}");
        files += 1;
    }
    assert_eq!(files, 12);
}

/// Options for writing a made-up list.
#[derive(Debug, Clone)]
struct SampleTrade {
    capital: f64,
    point_value: f64,
    commission: (CommissionKind, f64),
    /// Price, gain in price, quantity and whether it is long, of each trade.
    trades: Vec<(f64, f64, f64, bool)>,
    has_value: bool,
    has_commission: bool,
    /// Moves of the rate of exchange around 1.
    drift: f64,
}

impl SampleTrade {
    fn file(&self) -> String {
        let mut header = "Trade #,Type,Date and time,Signal,Price USD,Size (qty)".to_owned();
        for (is_there, title) in [
            (self.has_value, ",Size (value)"),
            (self.has_commission, ",Commission USD"),
        ] {
            header.push_str(if is_there { title } else { "" });
        }
        let mut lines = vec![header + ",Net P&L USD,Cumulative P&L USD,Cumulative P&L %"];
        let mut sum = 0.0;
        for (place, (price, gain, quantity, is_long)) in self.trades.iter().enumerate() {
            let side = if *is_long { "long" } else { "short" };
            let left = if *is_long { price + gain } else { price - gain };
            // TradingView's prices have the digits of the instrument.
            let (price, left) = ((price * 1e4).round() / 1e4, (left * 1e4).round() / 1e4);
            let moved = (left - price) * quantity * if *is_long { 1.0 } else { -1.0 };
            let (kind, value) = self.commission;
            let cost = match kind {
                CommissionKind::Percent => {
                    (price + left) * quantity * self.point_value * value / 100.0
                }
                CommissionKind::PerOrder => 2.0 * value,
                CommissionKind::PerContract => 2.0 * quantity * value,
            };
            #[allow(clippy::cast_precision_loss)]
            let rate = 1.0 + self.drift * ((place * 7919 % 13) as f64 / 6.0 - 1.0);
            let net = moved * self.point_value * rate - cost;
            sum += net;
            let mut numbers = vec![format!("{quantity}")];
            if self.has_value {
                numbers.push(format!("{:.2}", price * quantity * self.point_value));
            }
            if self.has_commission {
                numbers.push(format!("{cost:.2}"));
            }
            numbers.push(format!("{net:.2}"));
            numbers.push(format!("{sum:.2}"));
            numbers.push(format!("{:.2}", sum / self.capital * 100.0));
            let numbers = numbers.join(",");
            let (number, day) = (place + 1, place % 28 + 1);
            let month = place / 28 % 12 + 1;
            let year = 2024 + place / 336;
            lines.push(format!(
                "{number},Exit {side},{year}-{month:02}-{day:02} 12:00,X{place},{left},{numbers}"
            ));
            lines.push(format!(
                "{number},Entry {side},{year}-{month:02}-{day:02} 10:00,E{place},{price},{numbers}"
            ));
        }
        lines.join("\n")
    }
}

fn trades() -> impl Strategy<Value = Vec<(f64, f64, f64, bool)>> {
    let gain = prop_oneof![-40.0_f64..-1.0, 1.0_f64..40.0];
    let trade = (900.0_f64..1100.0, gain, 1_u32..60, any::<bool>())
        .prop_map(|(price, gain, quantity, is_long)| (price, gain, f64::from(quantity), is_long));
    prop::collection::vec(trade, 25..120)
}

fn made() -> impl Strategy<Value = SampleTrade> {
    let capital = prop::sample::select(vec![5_000.0, 10_000.0, 25_000.0, 100_000.0, 1_000_000.0]);
    let point_value = prop::sample::select(vec![1.0, 2.0, 5.0, 12.5, 20.0, 50.0, 1000.0, 0.1]);
    let commission = prop::sample::select(vec![
        (CommissionKind::Percent, 0.0),
        (CommissionKind::Percent, 0.1),
        (CommissionKind::Percent, 0.05),
        (CommissionKind::PerOrder, 1.5),
        (CommissionKind::PerOrder, 7.0),
        (CommissionKind::PerContract, 2.0),
        (CommissionKind::PerContract, 2.25),
    ]);
    let parts = (
        capital,
        point_value,
        commission,
        trades(),
        any::<bool>(),
        any::<bool>(),
    );
    parts.prop_map(
        |(capital, point_value, commission, trades, has_value, has_commission)| SampleTrade {
            capital,
            point_value,
            commission,
            trades,
            has_value,
            has_commission,
            drift: 0.0,
        },
    )
}

fn expected_words((kind, value): (CommissionKind, f64)) -> String {
    let value = decimal(value).unwrap();
    words(&Commission { kind, value })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_a_list_was_made_with_is_found_again(made in made()) {
        let found = terms(&made.file());
        let capital = found.initial_capital.as_ref().unwrap();
        let is_near = |term: &Term, value: f64, by: f64| {
            let found = f64::try_from(term.value).unwrap();
            (found / value - 1.0).abs() <= by
        };
        // Of a large capital cents in percent say little: then it is near.
        prop_assert!(is_near(capital, made.capital, 0.02), "{:?}", capital);
        let point_value = found.point_value.as_ref().unwrap();
        prop_assert!(is_near(point_value, made.point_value, 1e-9), "{:?} {:?}", point_value, made.file());
        let commission = found.commission.value.as_ref().map(words);
        let expected = expected_words(made.commission);
        let others = found.commission.alternatives.iter().map(words);
        let known: Vec<String> = commission.into_iter().chain(others).collect();
        prop_assert!(known.contains(&expected), "{:?} is not {} in {}", known, expected, made.file());
    }

    #[test]
    fn a_rate_of_exchange_that_moves_changes_nothing(made in made()) {
        let made = SampleTrade { drift: 0.001, has_value: true, has_commission: false, ..made };
        let found = terms(&made.file());
        let point_value = found.point_value.as_ref().unwrap().value;
        prop_assert_eq!(point_value, decimal(made.point_value).unwrap());
    }
}

/// A list of inverse contracts of 100 a point at 0.05 %, with its commissions or not.
fn inverse(prices: &[(f64, f64)], has_commission: bool) -> String {
    let column = if has_commission {
        ",Commission BTC"
    } else {
        ""
    };
    let mut file = format!(
        "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL BTC{column},Cumulative PnL BTC,Cumulative PnL %\n"
    );
    let mut sum = 0.0;
    for (number, (entry, exit)) in prices.iter().enumerate() {
        let quantity = 3.0 + f64::from(u8::try_from(number).unwrap());
        let [value, left] = [entry, exit].map(|price| 100.0 * quantity / price);
        let paid = (value + left) * 0.0005;
        let net = value - left - paid;
        sum += net;
        let listed = if has_commission {
            format!(",{paid:.8}")
        } else {
            String::new()
        };
        for (hour, side, price) in [(10, "Entry", entry), (11, "Exit", exit)] {
            let row = format!(
                "{number},{side} long,2026-01-{:02} {hour}:00,L,{price},{quantity},{value:.8},{net:.8}{listed},{sum:.8},{:.2}\n",
                number + 1,
                sum * 100.0
            );
            file.push_str(&row);
        }
    }
    file
}

#[test]
fn an_inverse_contract_is_told_by_its_rows() {
    let bitcoin = [(50e3, 51e3), (52e3, 51.5e3), (53e3, 55e3), (47e3, 44e3)];
    let ripple = [(0.5, 0.52), (0.55, 0.51), (0.6, 0.63), (0.62, 0.58)];
    for prices in [&bitcoin, &ripple] {
        for has_commission in [true, false] {
            let readings = readings(&inverse(prices, has_commission));
            let contract = readings.contract(Contract::Linear);
            assert_eq!(contract.value, Contract::Inverse, "{readings:#?}");
            assert_eq!(contract.source, Source::Rows);
            let found = readings.under(contract.value);
            let (_, point_value, commission) = said(found);
            assert_eq!(
                (point_value.as_str(), commission.as_str()),
                ("100", "0.05 %")
            );
            assert_eq!(found.notes, Vec::<String>::new());
        }
    }
    // One trade alone can be of either, so the settings say which.
    let readings = readings(&inverse(&bitcoin[..1], true));
    for contract in [Contract::Linear, Contract::Inverse] {
        let told = readings.contract(contract);
        assert_eq!((told.value, told.source), (contract, Source::Settings));
    }
    let (_, point_value, _) = said(readings.under(Contract::Inverse));
    assert_eq!(point_value, "100");
}

#[test]
fn a_short_list_says_what_it_can() {
    let header = "Trade #,Type,Date/Time,Signal,Price USD,Position size (qty),Position size (value),Net P&L USD,Net P&L %,Run-up USD,Run-up %,Drawdown USD,Drawdown %,Cumulative P&L USD,Cumulative P&L %";
    let es = format!(
        "{header}
1,Exit long,2026-01-05 11:00,X,5010.25,1,250000,512.5,0.2,600,0.24,-100,-0.04,512.5,0.51
1,Entry long,2026-01-05 10:00,L,5000,1,250000,512.5,0.2,600,0.24,-100,-0.04,512.5,0.51
"
    );
    expect(&es, "100000", "50", "none");
    let nq = "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL USD,Return %,Commission USD,Cumulative PnL USD,Cumulative PnL %
1,Entry long,2026-01-05 10:00,L,20000,1,400000,1996,0.5,4,1996,0.4
1,Exit long,2026-01-05 11:00,X,20100,1,400000,1996,0.5,4,1996,0.4
2,Entry long,2026-02-06 10:00,L,20100,1,402000,-1004,-0.25,4,992,0.2
2,Exit long,2026-02-06 11:00,X,20050,1,402000,-1004,-0.25,4,992,0.2
3,Entry long,2026-04-07 10:00,L,20050,1,401000,3996,1.0,4,4988,1.0
3,Exit long,2026-04-07 11:00,X,20250,1,401000,3996,1.0,4,4988,1.0
";
    let found = expect(nq, "500000", "20", "2 per contract");
    assert!(found.commission.is_listed);
    let percent = found.commission.alternatives.iter().map(words);
    assert_eq!(percent.collect::<Vec<_>>(), ["2 per order"]);
    // Its owner knows more than the rows, unless that does not fit them.
    let of_settings = |kind, value: u32| Commission {
        kind,
        value: Decimal::from(value),
    };
    for (kind, value, taken) in [
        (CommissionKind::PerOrder, 2, "2 per order"),
        (CommissionKind::PerContract, 2, "2 per contract"),
        (CommissionKind::PerOrder, 3, "2 per contract"),
    ] {
        let term = found.commission.clone();
        let term = term.preferring(&of_settings(kind, value));
        assert_eq!(term.value.as_ref().map(words).as_deref(), Some(taken));
        let note = term.note().unwrap();
        assert!(
            note.starts_with(&format!("the commission was read as {taken}; ")),
            "{note}"
        );
        let rows = term.rows.unwrap();
        assert_eq!((rows.agreeing, rows.of), (3, 3));
    }
    let old = "Trade #,Type,Date/Time,Price,Contracts,Profit
1,Entry long,2026-01-05 10:00,100,3,60
1,Exit long,2026-01-05 11:00,102,3,60
";
    expect(old, "?", "10", "none");
}

#[test]
fn trades_that_do_not_fit_are_named() {
    let mut file =
        "Trade #,Type,Date/Time,Price USD,Contracts,Profit USD,Cum. Profit USD,Cum. Profit %\n"
            .to_owned();
    for number in 1..=20 {
        let (profit, cumulative) = (100, number * 100);
        let percent = if number == 7 { 3 * number } else { number };
        for (side, price) in [("Entry", 100), ("Exit", 110)] {
            let row = format!(
                "{number},{side} long,2026-01-{number:02} 10:00,{price},1,{profit},{cumulative},{percent}\n"
            );
            file.push_str(&row);
        }
    }
    let found = expect(&file, "10000", "10", "none");
    let rows = found.initial_capital.unwrap().rows.unwrap();
    assert_eq!((rows.agreeing, rows.of, rows.outliers), (19, 20, vec![7]));
    assert_eq!(
        found.notes,
        ["trade 7 does not fit the initial capital 10000"]
    );
}

#[test]
fn the_owner_goes_before_the_rows_and_what_they_say_against_it_is_said() {
    let file = "Trade #,Type,Date/Time,Price USD,Contracts,Profit USD,Cum. Profit USD,Cum. Profit %
1,Entry long,2026-01-05 10:00,100,1,100,100,1
1,Exit long,2026-01-05 11:00,110,1,100,100,1
";
    let list = read(file.as_bytes(), &zone("UTC")).unwrap();
    let stated = StatedTerms {
        initial_capital: Some(Decimal::from(50_000)),
        ..StatedTerms::default()
    };
    let readings = Readings::of(&list, &stated);
    let found = readings.under(Contract::Linear);
    let capital = found.initial_capital.as_ref().unwrap();
    assert_eq!(
        (capital.value, capital.source),
        (Decimal::from(50_000), Source::Owner)
    );
    assert_eq!(
        found.notes,
        ["you say that the initial capital is 50000, its rows say 10000"]
    );
}
