//! Comparisons of an instrument or a time that there is nothing of.

use std::fmt::Write as _;

use serde_json::json;

use crate::support::books::{import_alerts, import_list, list_of_trades};
use crate::support::files::{file, import};
use crate::support::{DataDir, Webhook};

/// A webhook with backtests, alerts and fills of two instruments, of one trade each.
fn of_two(data: &DataDir) -> Webhook {
    let webhook = data.create_webhook("Strategy");
    let told = ["2026-01-05 10:00", "2026-01-05 12:00"];
    let mut fills = "time,symbol,side,qty,price\n".to_owned();
    for (ticker, quantity) in [("AAPL", "10"), ("MSFT", "20")] {
        let list = list_of_trades("USD", [("long", told, ["100", "105"], quantity, "50")]);
        import_list(data, &webhook, ticker, list, &[]);
        let alert = |hour: u32, action: &str, price: &str| {
            let payload =
                json!({ "ticker": ticker, "action": action, "qty": "10", "marketPrice": price });
            (format!("2026-01-05T{hour}:00:02Z"), payload)
        };
        import_alerts(
            data,
            &webhook,
            [alert(10, "buy", "100"), alert(12, "sell", "105")],
        );
        writeln!(fills, "2026-01-05T10:00:03Z,{ticker},buy,10,100").unwrap();
        writeln!(fills, "2026-01-05T12:00:03Z,{ticker},sell,10,105").unwrap();
    }
    import(
        data,
        "fills",
        &file(data, "fills.csv", fills),
        &webhook,
        &[],
    );
    webhook
}

fn said(data: &DataDir, webhook: &Webhook, more: &[&str]) -> String {
    data.error(&[&["compare", &webhook.id], more].concat())
}

#[test]
fn an_instrument_that_there_is_none_of_is_named_with_those_that_there_are() {
    let data = DataDir::new();
    let webhook = of_two(&data);
    let error = said(&data, &webhook, &["--ticker", "TSLA"]);
    assert!(
        error.contains("no backtest of TSLA; it has AAPL, MSFT"),
        "{error}"
    );
    let error = said(&data, &webhook, &["--with", "fills", "--ticker", "TSLA"]);
    assert!(
        error.contains("no fills of TSLA; it has AAPL, MSFT"),
        "{error}"
    );
    // None was named.
    assert!(said(&data, &webhook, &[]).contains("ticker of the backtest"));
    assert!(said(&data, &webhook, &["--with", "fills"]).contains("ticker of the fills"));
}

#[test]
fn a_range_that_nothing_is_in_is_no_lack_of_overlap() {
    let data = DataDir::new();
    let webhook = of_two(&data);
    let range = ["--ticker", "AAPL", "--from", "2026-02-01"];
    let error = said(&data, &webhook, &range);
    let covered = "cover 2026-01-05T10:00:02Z to 2026-01-05T12:00:00Z";
    assert!(error.contains("nothing is in the range"), "{error}");
    assert!(error.contains(covered), "{error}");
    let error = said(
        &data,
        &webhook,
        &[&range[..], &["--with", "fills"]].concat(),
    );
    assert!(error.contains("nothing is in the range"), "{error}");
    // Books of two times say so, whatever is asked for.
    let list = list_of_trades(
        "USD",
        [(
            "long",
            ["2025-01-06 10:00", "2025-01-06 12:00"],
            ["100", "105"],
            "10",
            "50",
        )],
    );
    import_list(&data, &webhook, "AAPL", list, &[]);
    assert!(said(&data, &webhook, &range).contains("do not overlap"));
}
