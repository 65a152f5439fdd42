//! Lists of trades in every form that TradingView gave them.

use super::*;
use crate::imports::{Fault, Kind, kind_of};

fn zone(name: &str) -> Zone {
    Zone {
        stated: None,
        usual: TimeZone::get(name).unwrap(),
    }
}

fn list(file: &str) -> TradeList {
    read(file.as_bytes(), &zone("UTC")).unwrap_or_else(|error| panic!("{error}\n{file}"))
}

fn faults(file: &str) -> Vec<Fault> {
    match read(file.as_bytes(), &zone("UTC")) {
        Err(Unreadable::Rows(faults)) => faults.named,
        other => panic!("{other:?}"),
    }
}

/// Each generation of the header, with one trade of 2 long that lost 10.9.
const GENERATIONS: [&str; 7] = [
    "Trade #,Type,Signal,Date/Time,Price USD,Contracts,Profit USD,Profit %,Cum. Profit USD,Cum. Profit %,Run-up USD,Run-up %,Drawdown USD,Drawdown %
1,Entry Long,In,2025-03-31 09:30,1815.91,2,,,,,,,,
1,Exit Long,Out,2025-03-31 10:00,1810.46,2,-10.9,-0.6,-10.9,-0.6,1,1,1,1
",
    "Trade #,Type,Signal,Date/Time,Price,Contracts,Profit,Cum. Profit,Run-up,Drawdown
1,Entry Long,In,2025-03-31 09:30,1815.91,2,,,,
1,Exit Long,Out,2025-03-31 10:00,1810.46,2,-10.9,-10.9,1,1
",
    "Trade #,Type,Date/Time,Signal,Price USD,Position size (qty),Position size (value),Net P&L USD,Net P&L %,Run-up USD,Run-up %,Drawdown USD,Drawdown %,Cumulative P&L USD,Cumulative P&L %
1,Exit long,2025-03-31 10:00,Out,1810.46,2,3631.82,-10.9,-0.60,1,1,1,1,-10.9,0
1,Entry long,2025-03-31 09:30,In,1815.91,2,3631.82,-10.9,-0.60,1,1,1,1,-10.9,0
",
    "Trade #,Type,Date and time,Signal,Price USD,Position size (qty),Position size (value),Net P&L USD,Net P&L %,Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,Cumulative P&L USD,Cumulative P&L %
1,Exit long,2025-03-31 10:00,Out,1810.46,2,3631.82,-10.9,-0.60,1,1,1,1,-10.9,0
1,Entry long,2025-03-31 09:30,In,1815.91,2,3631.82,-10.9,-0.60,1,1,1,1,-10.9,0
",
    "Trade #,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net P&L USD,Net P&L %,Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,Cumulative P&L USD,Cumulative P&L %
1,Exit long,2025-03-31 10:00,Out,1810.46,2,3631.82,-10.9,-0.60,1,1,1,1,-10.9,0
1,Entry long,2025-03-31 09:30,In,1815.91,2,3631.82,-10.9,-0.60,1,1,1,1,-10.9,0
",
    "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL USD,Net PnL %,Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,Cumulative PnL USD,Cumulative PnL %
1,Exit long,2025-03-31 10:00,Out,1810.46,2,3631.82,-10.9,-0.60,1,1,1,1,-10.9,0
1,Entry long,2025-03-31 09:30,In,1815.91,2,3631.82,-10.9,-0.60,1,1,1,1,-10.9,0
",
    "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL USD,Return %,Commission USD,Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,Cumulative PnL USD,Cumulative PnL %,Duration (bars)
1,Entry long,2025-03-31 09:30,In,1815.91,2,3631.82,-10.9,-0.60,0.25,1,1,1,1,-10.9,0,2
1,Exit long,2025-03-31 10:00,Out,1810.46,2,3631.82,-10.9,-0.60,0.25,1,1,1,1,-10.9,0,2
",
];

fn expected(commission: Option<&str>) -> ListedTrade {
    let side = |time: &str, price: &str, signal: &str| Side {
        time: time.parse().unwrap(),
        price: price.parse().unwrap(),
        signal: Some(signal.to_owned()),
    };
    ListedTrade {
        number: 1,
        direction: Direction::Long,
        quantity: "2".parse().unwrap(),
        entry: side("2025-03-31T09:30:00Z", "1815.91", "In"),
        exit: Some(side("2025-03-31T10:00:00Z", "1810.46", "Out")),
        net_profit: "-10.9".parse().unwrap(),
        commission: commission.map(|commission| commission.parse().unwrap()),
    }
}

#[test]
fn every_generation_of_the_header_is_read() {
    for (number, file) in GENERATIONS.iter().enumerate() {
        let commission = (number == 6).then_some("0.25");
        let currency = (number != 1).then(|| "USD".to_owned());
        let read = list(file);
        assert_eq!(read.trades, [expected(commission)], "{file}");
        assert_eq!(read.currency, currency, "{file}");
        assert_eq!(kind_of(file.as_bytes()), Ok(Kind::Trades));
    }
}

#[test]
fn cells_may_be_parted_by_semicolons_and_tabs_and_numbers_have_commas() {
    for delimiter in [";", "\t"] {
        let file = GENERATIONS[4]
            .replace(',', delimiter)
            .replace("1815.91", "1.815,91")
            .replace("1810.46", "1\u{a0}810,46")
            .replace("-10.9", "\u{2212}10,90")
            .replace(".82", ",82")
            .replace("-0.60", "\u{2212}0,60");
        assert_eq!(list(&file).trades, [expected(None)], "{file}");
    }
}

#[test]
fn a_byte_order_mark_parentheses_and_other_line_ends_are_read_over() {
    let file = format!(
        "\u{feff}{}",
        GENERATIONS[4]
            .replace('\n', "\r\n")
            .replace("-10.9", "(10.9)")
    );
    assert_eq!(list(&file).trades, [expected(None)]);
}

#[test]
fn times_are_those_of_the_chart() {
    let berlin = read(GENERATIONS[4].as_bytes(), &zone("Europe/Berlin")).unwrap();
    assert_eq!(
        berlin.trades[0].entry.time,
        "2025-03-31T07:30:00Z".parse().unwrap()
    );
    let daily = GENERATIONS[4].replace(" 09:30", "").replace(" 10:00", "");
    let time = list(&daily).trades[0].entry.time;
    assert_eq!(time, "2025-03-31T00:00:00Z".parse().unwrap());
}

#[test]
fn a_trade_without_an_exit_is_open() {
    let header = GENERATIONS[4].lines().next().unwrap();
    for rows in [
        "3,Exit short,2025-04-02 10:00,Open,1810.46,2,3631.82,4.5\n3,Entry short,2025-03-31 09:30,In,1815.91,2,3631.82,4.5\n",
        "3,Entry short,2025-03-31 09:30,In,1815.91,2,3631.82,\n3,Exit short,Open,,,2,,4.5\n",
        "3,Entry short,2025-03-31 09:30,In,1815.91,2,3631.82,4.5\n",
    ] {
        let trades = list(&format!("{header}\n{rows}")).trades;
        assert_eq!(trades.len(), 1, "{rows}");
        assert_eq!(trades[0].exit, None, "{rows}");
        assert_eq!(trades[0].net_profit, "4.5".parse().unwrap());
    }
}

#[test]
fn a_header_alone_is_a_list_without_trades() {
    let header = GENERATIONS[4].lines().next().unwrap();
    assert_eq!(list(header).trades, []);
    assert_eq!(read(b"", &zone("UTC")), Err(Unreadable::Empty));
}

#[test]
fn what_cannot_be_read_is_named_by_row_and_column() {
    let header = GENERATIONS[4].lines().next().unwrap();
    let file = format!(
        "{header}
1,Exit long,2025-03-31 10:00,Out,cheap,2,1,-10.9
1,Entry long,yesterday,In,1815.91,0,1,-10.9
2,Sold,2025-03-31 10:00,Out,1815.91,1,1,1
3,Exit long,2025-03-31 10:00,Out,1815.91,1,1,1
4,Entry long,2025-03-31 10:00,\"a
quote\",1815.91,1,1,1
4,Entry long,2025-03-31 10:00,Out,1815.91,1,1,1
"
    );
    let found = faults(&file);
    let places: Vec<(usize, &str)> = found
        .iter()
        .map(|fault| (fault.row, fault.column.as_str()))
        .collect();
    for place in [
        (2, "Price USD"),
        (3, "Date and time"),
        (3, "Size (qty)"),
        (4, "Type"),
        (5, "Type"),
        (8, "Type"),
    ] {
        assert!(places.contains(&place), "{place:?} in {found:#?}");
    }
}

#[test]
fn headers_of_another_language_are_named() {
    let file = "N.º de operación,Tipo,Fecha y hora,Señal,Precio USD,Tamaño,Ganancias netas USD\n";
    let error = read(file.as_bytes(), &zone("UTC")).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Fecha y hora"), "{text}");
    assert!(text.contains("Trade number, Type"), "{text}");
    assert!(text.contains("English"), "{text}");
}
