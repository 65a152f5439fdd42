//! Lists of trades in every form that TradingView gave them.

use super::*;
use crate::imports::{Fault, Kind, kind_of};

pub(super) fn zone(name: &str) -> Options {
    Options {
        zone: None,
        usual_zone: TimeZone::get(name).unwrap(),
        now: "2026-11-28T12:00:00Z".parse().unwrap(),
        columns: Choices::default(),
        ticker: None,
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
        signal: Some(signal.into()),
    };
    ListedTrade {
        number: 1,
        direction: Direction::Long,
        quantity: "2".parse().unwrap(),
        entry: side("2025-03-31T09:30:00Z", "1815.91", "In"),
        exit: Some(side("2025-03-31T10:00:00Z", "1810.46", "Out")),
        at_end: AtEnd::default(),
        net_profit: "-10.9".parse().unwrap(),
        commission: commission.map(|commission| commission.parse().unwrap()),
        besides: Besides::default(),
    }
}

/// Trades without what TradingView says of them besides.
fn bare(list: TradeList) -> Vec<ListedTrade> {
    let trades = list.trades.into_iter();
    let bare = |trade| ListedTrade {
        besides: Besides::default(),
        ..trade
    };
    trades.map(bare).collect()
}

#[test]
fn every_generation_of_the_header_is_read() {
    for (number, file) in GENERATIONS.iter().enumerate() {
        let commission = (number == 6).then_some("0.25");
        let currency = (number != 1).then(|| "USD".to_owned());
        let read = list(file);
        assert_eq!(read.currency, currency, "{file}");
        assert_eq!(bare(read), [expected(commission)], "{file}");
        assert_eq!(
            kind_of(file.as_bytes(), &Choices::default()),
            Ok(Kind::Trades)
        );
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
        assert_eq!(bare(list(&file)), [expected(None)], "{file}");
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
    assert_eq!(bare(list(&file)), [expected(None)]);
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

/// Places of faults, in a list whose rows follow the header of the fifth generation.
fn places(rows: &str) -> Vec<(usize, String)> {
    let header = GENERATIONS[4].lines().next().unwrap();
    places_of(&format!("{header}\n{rows}\n"))
}

fn places_of(file: &str) -> Vec<(usize, String)> {
    let faults = faults(file).into_iter();
    faults.map(|fault| (fault.row, fault.column)).collect()
}

fn place(row: usize, column: &str) -> (usize, String) {
    (row, column.to_owned())
}

/// A trade after the one at the test's hand, so that it does not stand at the end.
const LATER: &str = "\n9,Exit long,2025-05-01 10:00,Out,1810.46,2,1,-10.9
9,Entry long,2025-05-01 09:30,In,1815.91,2,1,-10.9";

#[test]
fn a_trade_that_lacks_something_is_never_left_out() {
    let entry = "1,Entry long,2025-03-31 09:30,In,1815.91,2,1,-10.9";
    let exit = "1,Exit long,2025-03-31 10:00,Out,1810.46,2,1,-10.9";
    let without = |row: &str, cell: &str| row.replace(cell, "");
    for (rows, expected) in [
        (
            format!(
                "{}\n{}",
                without(exit, ",2,").replace("46", "46,,"),
                without(entry, ",2,").replace("91", "91,,")
            ),
            vec![place(3, "Size (qty)")],
        ),
        (
            format!("{exit}\n{}", &entry[1..]),
            vec![place(3, "Trade #")],
        ),
        (
            format!("{}\n{entry}", without(exit, "2025-03-31 10:00")),
            vec![place(2, "Date and time")],
        ),
        (
            format!("{exit}\n{}", without(entry, "2025-03-31 09:30")),
            vec![place(3, "Date and time")],
        ),
        (
            format!("{entry}\n1,Exit long"),
            vec![place(3, "Date and time"), place(3, "Price USD")],
        ),
        (format!("{entry}{LATER}"), vec![place(2, "Type")]),
        (
            format!("{}\n{}", without(exit, "-10.9"), without(entry, "-10.9")),
            vec![place(2, "Net P&L USD")],
        ),
        (
            format!("{}\n{entry}", exit.replace("1810.46", "cheap")),
            vec![place(2, "Price USD")],
        ),
        (
            format!("{exit}\n{}", entry.replace("2025-03-31 09:30", "soon")),
            vec![place(3, "Date and time")],
        ),
        (
            format!(
                "{}\n{entry}",
                exit.replace("2025-03-31 10:00", "2025-03-30 10:00")
            ),
            vec![place(2, "Date and time")],
        ),
    ] {
        assert_eq!(places(&rows), expected, "{rows}");
    }
}

#[test]
fn a_separator_that_is_not_quoted_is_refused() {
    // Signal last: the cells after the comma would be read one column too far left.
    let file = "Trade #,Type,Date/Time,Signal,Price,Contracts,Profit
1,Entry long,2026-01-05 10:00,half, 2,100,1
1,Exit long,2026-01-05 11:00,half, 2,110,1,10
";
    assert_eq!(places_of(file), [place(3, "Profit")]);
    let decimals = "Trade #,Type,Date/Time,Price,Contracts,Profit
1,Entry long,2026-01-05 10:00,100,50,1,
1,Exit long,2026-01-05 11:00,110,50,1,10
";
    // The entry has no profit yet, so that its row is not too long.
    assert_eq!(places_of(decimals), [place(3, "Profit")]);
    let empty_cells_at_the_end = "Trade #,Type,Date/Time,Price,Contracts,Profit
1,Entry long,2026-01-05 10:00,100,1,,,
1,Exit long,2026-01-05 11:00,110,1,10,, 
";
    assert_eq!(list(empty_cells_at_the_end).trades.len(), 1);
}

#[test]
fn the_value_of_a_position_is_no_quantity() {
    let file = "Trade #,Type,Date/Time,Price,Size (value),Profit\n";
    let error = read(file.as_bytes(), &zone("UTC")).unwrap_err().to_string();
    assert!(error.contains("no column Size (qty)"), "{error}");
}

#[test]
fn a_list_that_was_cut_off_is_refused() {
    let header = GENERATIONS[4].lines().next().unwrap();
    let file = format!(
        "{header}
1,Entry long,2025-03-31 09:30,In,1815.91,2,1,-10.9,0,0,0,0,0,0,0
1,Exit long,2025-03-31 10:00,Out,18"
    );
    let faults = faults(&file);
    assert_eq!(faults[0].row, 3);
    assert!(faults[0].message.contains("cut off"), "{faults:?}");
}

#[test]
fn trades_at_the_newest_end_may_have_no_exit_yet() {
    let header = GENERATIONS[4].lines().next().unwrap();
    let rows = "1,Exit long,2025-03-31 10:00,Out,1810.46,2,1,-10.9
1,Entry long,2025-03-31 09:30,In,1815.91,2,1,-10.9
2,Entry long,2025-03-31 11:30,In,1815.91,2,1,3
3,Exit long,,Open,,2,1,4
3,Entry long,2025-03-31 12:30,In,1815.91,2,1,4
4,Entry long,2025-03-31 13:30,In,1815.91,2,1,5";
    let lines: Vec<&str> = rows.lines().collect();
    let newest_first: Vec<&str> = lines.iter().rev().copied().collect();
    for rows in [lines, newest_first] {
        let trades = list(&format!("{header}\n{}\n", rows.join("\n"))).trades;
        let open = trades.iter().filter(|trade| trade.exit.is_none()).count();
        assert_eq!((trades.len(), open), (4, 3));
    }
}

/// A list of one trade whose entry and exit are at these local times.
fn trade_between(entry: &str, exit: &str) -> String {
    GENERATIONS[4]
        .replace("2025-03-31 09:30", entry)
        .replace("2025-03-31 10:00", exit)
}

#[test]
fn an_hour_that_comes_twice_is_read_so_that_the_exit_follows_the_entry() {
    let berlin = zone("Europe/Berlin");
    for (entry, exit, expected) in [
        // Turned back at 03:00 on 26 October 2025.
        (
            "2025-10-26 02:45",
            "2025-10-26 02:15",
            "2025-10-26T01:15:00Z",
        ),
        (
            "2025-10-26 02:15",
            "2025-10-26 02:45",
            "2025-10-26T00:45:00Z",
        ),
        // Of a chart in another zone: 02:30 is not there on 30 March 2025.
        (
            "2025-03-30 02:30",
            "2025-03-30 03:15",
            "2025-03-30T01:15:00Z",
        ),
    ] {
        let file = trade_between(entry, exit);
        let list = read(file.as_bytes(), &berlin).unwrap();
        let exit = list.trades[0].exit.as_ref().unwrap();
        assert_eq!(exit.time, expected.parse().unwrap(), "{file}");
        assert!(list.trades[0].entry.time <= exit.time);
    }
}

#[test]
fn a_decimal_comma_is_seen_in_any_column() {
    for (delimiter, percent, expected) in [
        ("\t", "0,89", "150.123"),
        (";", "0,89", "150.123"),
        (";", "0.89", "150123"),
        (";", "1234,567", "150.123"),
    ] {
        let file = GENERATIONS[4]
            .replace(',', delimiter)
            .replace("1815.91", "150,123")
            .replace("1810.46", "151,456")
            .replace("-10.9", "1,333")
            .replace("3631.82", "300,246")
            .replace("-0.60", percent);
        let trade = &list(&file).trades[0];
        let price = trade.entry.price.get().normalize().to_string();
        assert_eq!(price, expected, "{file}");
    }
}

#[test]
fn thousands_that_are_not_parted_make_a_mark_a_decimal_one() {
    let file = GENERATIONS[4]
        .replace(',', "\t")
        .replace("1815.91", "150,123")
        .replace("1810.46", "151,456")
        .replace("-10.9", "1,333")
        .replace("3631.82", "30024")
        .replace("-0.60", "1");
    let trade = &list(&file).trades[0];
    assert_eq!(trade.entry.price.get().to_string(), "150.123");
}

#[test]
fn numbers_that_could_be_either_are_said() {
    for (delimiter, expected) in [("\t", "150123"), (";", "150.123")] {
        let file = GENERATIONS[4]
            .replace(',', delimiter)
            .replace("1815.91", "150,123")
            .replace("1810.46", "150,123")
            .replace("-10.9", "1,333")
            .replace("3631.82", "300,246")
            .replace("-0.60", "1");
        let list = list(&file);
        let price = list.trades[0].entry.price.get().normalize().to_string();
        assert_eq!(price, expected);
        let [note] = list.notes.as_slice() else {
            panic!("{:?}", list.notes);
        };
        assert!(note.contains("\"150,123\""), "{note}");
        assert!(note.contains(&format!("read as {expected},")), "{note}");
    }
    assert_eq!(list(GENERATIONS[4]).notes, [] as [String; 0]);
}

#[test]
fn a_line_that_names_the_separator_and_utf_16_without_a_mark_are_read() {
    let file = format!("sep=;\n{}", GENERATIONS[4].replace(',', ";"));
    assert_eq!(bare(list(&file)), [expected(None)]);
    assert_eq!(
        kind_of(file.as_bytes(), &Choices::default()),
        Ok(Kind::Trades)
    );
    let broken = file.replace("1810.46", "cheap");
    assert_eq!(faults(&broken)[0].row, 3);
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = GENERATIONS[4].encode_utf16().flat_map(to_bytes).collect();
        assert_eq!(bare(read(&bytes, &zone("UTC")).unwrap()), [expected(None)]);
        assert_eq!(kind_of(&bytes, &Choices::default()), Ok(Kind::Trades));
    }
}

/// A list of one trade whose profit has a title and is written in a form.
fn with_profit(title: &str, profit: &str) -> TradeList {
    let file = format!(
        "Trade #;Type;Date/Time;Price;Contracts;{title}\n\
         1;Entry long;2026-01-05 10:00;100;1;{profit}\n\
         1;Exit long;2026-01-05 11:00;101;1;{profit}\n"
    );
    read(file.as_bytes(), &zone("UTC")).unwrap()
}

#[test]
fn a_currency_stands_before_or_behind_the_title_or_the_amounts() {
    for (title, profit, currency, sign) in [
        ("€ Profit", "1.00", Some("EUR"), None),
        ("Profit", "€1.00", Some("EUR"), None),
        ("Profit", "1.00\u{a0}€", Some("EUR"), None),
        ("Profit", "1\u{202f}000,00\u{202f}zł", Some("PLN"), None),
        ("Profit", "USD 1.00", Some("USD"), None),
        ("Profit", "-R$1.00", Some("BRL"), None),
        ("Profit", "$1.00", None, Some("$")),
        ("Profit $", "CAD 1.00", Some("CAD"), None),
        ("Profit EUR", "1.00", Some("EUR"), None),
        ("Profit", "1.00", None, None),
        ("Profit", "1e-05", None, None),
    ] {
        let list = with_profit(title, profit);
        let found = (list.currency.as_deref(), list.currency_sign);
        assert_eq!(found, (currency, sign), "{title} {profit}");
    }
    let list = with_profit("Profit USD", "€1.00");
    assert_eq!(list.currency.as_deref(), Some("USD"));
    assert!(
        list.notes[0].contains("its cells say EUR"),
        "{:?}",
        list.notes
    );
}

#[test]
fn columns_of_one_title_that_differ_are_said() {
    let file = |second: &str| {
        format!(
            "Trade #,Type,Date/Time,Price,Contracts,Profit,profit\n\
             1,Entry long,2026-01-05 10:00,100,1,1,1\n\
             1,Exit long,2026-01-05 11:00,101,1,1,{second}\n"
        )
    };
    let notes = |second: &str| read(file(second).as_bytes(), &zone("UTC")).unwrap().notes;
    assert_eq!(notes("1"), [] as [&str; 0]);
    let said = "the columns 6 and 7 have the title \"Profit\" and differ; the first was taken";
    assert_eq!(notes("2"), [said]);
}
