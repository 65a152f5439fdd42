//! Files that ask for more memory or time than there is: each is refused, and the
//! process that reads it goes on.

use std::io::{Cursor, Read, Write};

use crate::support::{self, DataDir, Server};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const HEADER: &str = "Trade #,Type,Date and time,Signal,Price USD,Size (qty),Net P&L USD";
const SHEET: &str = "xl/worksheets/sheet1.xml";
const TEXTS: &str = "xl/sharedStrings.xml";

/// The spreadsheet of the fixtures with one of its parts changed, or one more.
fn spreadsheet(part: &str, change: impl FnOnce(String) -> String) -> Vec<u8> {
    let fixture = include_bytes!("../fixtures/imports/list-of-trades.xlsx");
    let mut original = ZipArchive::new(Cursor::new(fixture)).unwrap();
    let mut changed = ZipWriter::new(Cursor::new(Vec::new()));
    let mut write = |name: &str, text: &str| {
        let options = SimpleFileOptions::default();
        changed.start_file(name, options).unwrap();
        changed.write_all(text.as_bytes()).unwrap();
    };
    let mut before = String::new();
    for index in 0..original.len() {
        let mut entry = original.by_index(index).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        if entry.name().unwrap() == part {
            before = text;
        } else {
            write(&entry.name().unwrap(), &text);
        }
    }
    write(part, &change(before));
    changed.finish().unwrap().into_inner()
}

fn texts(count: &str, text: &str) -> String {
    let namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    format!(r#"<sst xmlns="{namespace}"{count}><si><t>{text}</t></si></sst>"#)
}

/// Files, and what is said of each.
fn hostile_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let far = r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>"#;
    let shared = r#"<row><c t="s"><v>0</v></c></row>"#.repeat(200_000) + "</sheetData>";
    let before_rows = |sheet: &str, rows: &str| sheet.replace("</sheetData>", rows);
    // A text of 2 MB that 200,000 cells share.
    let fixture = spreadsheet(SHEET, |sheet| before_rows(&sheet, &shared));
    let sharing = {
        let mut archive = ZipWriter::new_append(Cursor::new(fixture)).unwrap();
        let options = SimpleFileOptions::default();
        archive.start_file(TEXTS, options).unwrap();
        let text = texts("", &"a".repeat(2_000_000));
        archive.write_all(text.as_bytes()).unwrap();
        archive.finish().unwrap().into_inner()
    };
    let columns: Vec<String> = (0..1_000_000).map(|column| column.to_string()).collect();
    let wide = format!("{HEADER},{}\n", columns.join(","));
    let is_too_large = "unpacks to more than a list of trades can";
    let is_too_wide = "has more than 100 columns";
    vec![
        (
            "a sheet of two cells far apart",
            spreadsheet(SHEET, |sheet| before_rows(&sheet, far)),
            is_too_wide,
        ),
        (
            "texts that are promised",
            spreadsheet(TEXTS, |_| texts(r#" uniqueCount="100000000000000""#, "x")),
            is_too_large,
        ),
        (
            "a text of 40 MB",
            spreadsheet(TEXTS, |_| texts("", &"a".repeat(40_000_000))),
            is_too_large,
        ),
        ("a text that many cells share", sharing, is_too_large),
        ("a million columns", wide.into_bytes(), is_too_wide),
    ]
}

#[test]
fn a_file_that_asks_for_too_much_is_refused_and_the_server_goes_on() {
    let server = Server::start();
    let webhook = server.create_webhook("Backtest");
    let token = server.data.create_token();
    for (what, file, expected) in hostile_files() {
        let path = format!("/api/v1/imports?webhook={}&kind=trades", webhook.id);
        let answer = support::agent()
            .post(format!("http://{}{path}", server.address()))
            .header("authorization", format!("Bearer {token}"))
            .send(&file[..])
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(answer.status().as_u16(), 422, "{what}");
        let text = answer.into_body().read_to_string().unwrap();
        assert!(
            text.contains(expected) && text.len() < 2_000,
            "{what}: {text}"
        );
    }
    server.get("/healthz").expect(200);
}

#[test]
fn a_file_without_an_end_is_read_only_as_far_as_one_may_go() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Backtest");
    for kind in ["trades", "alerts"] {
        let error = data.error(&["import", kind, "/dev/zero", "--webhook", &webhook.id]);
        assert!(error.contains("larger than 33554432 bytes"), "{error}");
    }
}

/// A list of trades as CSV.
fn large_list() -> Vec<u8> {
    let mut text = format!("{HEADER}\n");
    let begin = jiff::civil::date(2020, 1, 1).at(0, 0, 0, 0);
    for row in 0..199_000_i64 {
        let time = begin + jiff::SignedDuration::from_mins(row * 5);
        let (number, price, time) = (row / 2 + 1, 100 + row % 7, time.strftime("%Y-%m-%d %H:%M"));
        let side = if row % 2 == 0 { "Entry" } else { "Exit" };
        let signal = "of a strategy that says a lot".repeat(2);
        let line = format!("{number},{side} long,{time},\"{side} {signal}\",{price},1,0.5\n");
        text.push_str(&line);
        if text.len() > LARGEST {
            break;
        }
    }
    text.into_bytes()
}

/// Alerts as JSON lines.
fn large_file() -> Vec<u8> {
    let begin = jiff::Timestamp::from_second(1_700_000_000).unwrap();
    let mut text = String::with_capacity(LARGEST);
    for row in 0..199_000_i64 {
        let time = begin + jiff::SignedDuration::from_secs(row * 30);
        let action = if row % 2 == 0 { "buy" } else { "sell" };
        let line = format!(
            "{{\"time\": \"{time}\", \"payload\": {{\"ticker\": \"AAPL\", \"action\": \"{action}\", \"qty\": 1, \"marketPrice\": {}, \"x\": \"{}\"}}}}\n",
            100 + row % 7,
            "y".repeat(40)
        );
        if text.len() + line.len() > LARGEST {
            break;
        }
        text.push_str(&line);
    }
    text.into_bytes()
}

/// Bytes of each file.
const LARGEST: usize = 8 * 1024 * 1024;

/// The server may take so many times the size of one file for four of them: a file waits on
/// the disk, and what is read of it is kept once. Besides, there is code that was not run before.
/// `benches/import_memory.py` has the figures of 32 MB.
const TIMES: u64 = 5;
const CODE: u64 = 8;

#[test]
fn four_large_files_at_once_take_turns_and_little_memory() {
    for (kind, file) in [("alerts", large_file()), ("trades", large_list())] {
        let taken = taken_by_four(kind, &file);
        let most = TIMES * file.len() as u64 / 1024 / 1024 + CODE;
        assert!(taken < most, "{kind}: {taken} MiB of {most}");
    }
}

/// MiB that a server takes at most for four files at once, beyond what it has before.
fn taken_by_four(kind: &str, file: &[u8]) -> u64 {
    let server = Server::start();
    let webhook = server.create_webhook("History");
    let token = server.data.create_token();
    let url = format!(
        "http://{}/api/v1/imports?webhook={}&kind={kind}&dryRun=true",
        server.address(),
        webhook.id
    );
    let before = server.memory("VmHWM");
    std::thread::scope(|scope| {
        let sent: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    // A machine that is busy with other tests takes its time.
                    let patient = ureq::Agent::config_builder().http_status_as_error(false);
                    let answer = ureq::Agent::from(patient.build())
                        .post(&url)
                        .header("authorization", format!("Bearer {token}"))
                        .send(file)
                        .unwrap();
                    answer.status().as_u16()
                })
            })
            .collect();
        // Alerts are answered meanwhile.
        server
            .deliver(&webhook, &webhook.alert(&serde_json::json!({})))
            .expect(200);
        for answer in sent {
            let status = answer.join().unwrap();
            assert!(matches!(status, 200 | 429), "{status}");
        }
    });
    server.memory("VmHWM") - before
}
