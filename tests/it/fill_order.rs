//! Fills of one second pair the same, whichever of their files comes first.

use crate::support::files::{file, import};
use crate::support::{DataDir, Webhook};
use serde_json::{Value, json};

/// A webhook that trades the instrument.
fn traded(data: &DataDir) -> Webhook {
    let webhook = data.create_webhook("Strategy");
    let alert = json!({ "ticker": "AAPL", "action": "buy", "qty": 1, "marketPrice": "100" });
    let line = json!({ "time": "2026-01-05T14:30:00Z", "payload": alert }).to_string();
    import(
        data,
        "alerts",
        &file(data, "alerts.jsonl", line),
        &webhook,
        &[],
    );
    webhook
}

/// Direction, prices and profit of each trade of the broker's fills.
fn trades(data: &DataDir, webhook: &Webhook) -> Vec<String> {
    data.text(&["rebuild"]);
    let report = data.json(&["report", &webhook.id, "--fills", "--json"]);
    ["all", "long", "short"]
        .map(|column| {
            let of: &Value = &report["reports"][0][column];
            format!("{} {}", of["totalTrades"], of["netProfit"])
        })
        .to_vec()
}

#[test]
fn files_that_share_a_second_pair_alike_in_both_orders() {
    const TITLES: &str = "time,symbol,side,qty,price,fee\n";
    let january = "2026-01-05T14:30:00Z,AAPL,buy,1,100,0\n2026-01-05T14:30:01Z,AAPL,buy,1,101,0\n";
    let february = "2026-01-05T14:30:01Z,AAPL,sell,2,110,0\n2026-01-05T14:31:00Z,AAPL,buy,1,90,0\n";
    for files in [[january, february], [february, january]] {
        let data = DataDir::new();
        let webhook = traded(&data);
        for (number, rows) in files.iter().enumerate() {
            let path = file(&data, &format!("{number}.csv"), format!("{TITLES}{rows}"));
            import(&data, "fills", &path, &webhook, &[]);
        }
        // The purchase ends the earlier file: 110 - 100 and 110 - 101, both long.
        assert_eq!(trades(&data, &webhook), ["2 \"19\"", "2 \"19\"", "0 \"0\""]);
    }
}

#[test]
fn numbers_of_fills_tell_the_sequence_of_a_second() {
    const TITLES: &str = "time,symbol,side,qty,price,fee,fillId\n";
    let one = "2026-01-05T14:30:00Z,AAPL,sell,1,110,0,1002\n";
    let other = "2026-01-05T14:30:00Z,AAPL,buy,1,100,0,999\n";
    for files in [[one, other], [other, one]] {
        let data = DataDir::new();
        let webhook = traded(&data);
        for (number, rows) in files.iter().enumerate() {
            let path = file(&data, &format!("{number}.csv"), format!("{TITLES}{rows}"));
            import(&data, "fills", &path, &webhook, &[]);
        }
        assert_eq!(trades(&data, &webhook), ["1 \"10\"", "1 \"10\"", "0 \"0\""]);
    }
}
