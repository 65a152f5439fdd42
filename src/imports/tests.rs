//! Files that are not what they were taken for, and files that are nothing.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

const FILLS: &str = "time,symbol,side,qty,price\n2026-01-05T14:30:00Z,AAPL,buy,1,2\n";
const LOG: &str = "Alert ID,Ticker,Name,Description,Time\n1,AAPL,A,buy,2026-01-05T14:30:00Z\n";
const LIST: &str = "Trade #,Type,Date/Time,Price,Contracts,Profit\n\
    1,Entry long,2026-01-05 10:00,100,1,1\n1,Exit long,2026-01-05 11:00,101,1,1\n";

fn as_alerts(file: &[u8]) -> Option<String> {
    alerts::read(file).err().map(|error| error.to_string())
}

fn as_trades(file: &[u8]) -> Option<String> {
    let options = trades::Options {
        zone: None,
        usual_zone: TimeZone::UTC,
        now: Timestamp::from_second(1_800_000_000).unwrap(),
        columns: trades::Choices::default(),
        ticker: None,
    };
    let read = trades::read(file, &options);
    read.err().map(|error| error.to_string())
}

fn as_fills(file: &[u8]) -> Option<String> {
    let options = fills::FillOptions {
        zone: None,
        usual_zone: TimeZone::UTC,
        symbol: None,
        now: Timestamp::from_second(1_800_000_000).unwrap(),
    };
    let read = fills::read(file, &options);
    read.err().map(|error| error.to_string())
}

#[test]
fn a_file_of_another_kind_says_which_one_and_where_it_belongs() {
    for (said, expected) in [
        (as_alerts(FILLS.as_bytes()), "Import it as fills"),
        (as_alerts(LIST.as_bytes()), "import it as a list of trades"),
        (as_trades(FILLS.as_bytes()), "Import it as fills"),
        (as_trades(b"{\"time\": 1}\n"), "Import it as alerts"),
        (as_fills(LIST.as_bytes()), "import it as a list of trades"),
        (as_fills(LOG.as_bytes()), "Import it as alerts"),
        (as_alerts(b"[{\"time\": 1}]"), "jq -c '.[]' FILE"),
        (as_alerts(b"{\n\"time\": 1\n}\n"), "jq -c . FILE"),
        (as_alerts(b"{}\n"), "missing field `time`"),
    ] {
        let said = said.unwrap_or_default();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_file_that_is_no_table_is_called_by_its_name() {
    for (file, expected) in [
        (&b"%PDF-1.4\n%\xe2\xe3"[..], "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "(.xls)"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\xff\xfe\0\0a\0\0\0", "UTF-32"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (
            b"PK\x03\x04 and no more",
            "the spreadsheet cannot be opened",
        ),
    ] {
        for said in [as_alerts(file), as_trades(file), as_fills(file)] {
            let said = said.unwrap_or_default();
            assert!(said.contains(expected), "{said}");
        }
    }
    let said = as_trades(b"a\x00b,c\x1b[31m\n1,2\n").unwrap_or_default();
    assert!(!said.contains(['\0', '\x1b']), "{said:?}");
}

/// Pieces of files, of which strange ones are made.
const PIECES: [&str; 24] = [
    FILLS,
    LOG,
    LIST,
    "sep=;\r",
    "\r\n",
    "\n\n",
    ",",
    ";",
    "\t",
    "\"",
    "\u{feff}",
    "\u{a0}",
    "5 janv. 2026\u{a0}à\u{a0}14:30",
    "1/2/26",
    "{\"time\": \"2026-01-05T14:30:00Z\", \"payload\": {}}",
    "[{\"qty\": 1, \"x\": [",
    "}]",
    "Trades,Header,",
    "Trades,Data,",
    "1.234,5 €",
    "Entry long",
    "Open",
    "\u{0}",
    "🚀",
];

proptest! {
    #[test]
    fn no_file_is_too_strange(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..24),
        is_utf_16 in any::<bool>(),
        cut in 0_usize..4,
    ) {
        let text = pieces.concat();
        let mut file = if is_utf_16 {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        } else {
            text.into_bytes()
        };
        file.truncate(file.len().saturating_sub(cut));
        let _ = kind_of(&file, &trades::Choices::default());
        let _ = (as_alerts(&file), as_trades(&file), as_fills(&file));
    }

    #[test]
    fn no_bytes_are_too_strange(file in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = kind_of(&file, &trades::Choices::default());
        let _ = (as_alerts(&file), as_trades(&file), as_fills(&file));
    }
}
