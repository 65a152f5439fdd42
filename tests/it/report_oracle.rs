//! The report against figures that pandas, empyrical and `QuantStats` made of the
//! same trades; `tests/oracle` has the scripts that made them.

use std::fs;
use std::path::{Path, PathBuf};

use algohook::analytics::{
    AskedRange, Capital, Held, OpenLots, OpenSide, ReportInput, RiskFree, SeenPrice, TradingDays,
    report,
};
use algohook::domain::money::Decimal;
use algohook::domain::terms::Contract;
use algohook::domain::trade::ClosedTrade;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far a ratio may lie from the oracle's, relative to it.
const RELATIVE: f64 = 1e-9;

/// How far it may lie from one near zero.
const ABSOLUTE: f64 = 1e-12;

/// One file of trades and what must come of them.
#[derive(Deserialize)]
struct Fixture {
    input: Input,
    /// Metrics by their name, for each column.
    expected: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    currency: String,
    initial_capital: Decimal,
    /// Profit before the range, where it does not begin with the account.
    carried: Option<Decimal>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    time_zone: String,
    trading_days: u16,
    risk_free_rate: f64,
    /// Of lots still open, by side.
    open: [Open; 2],
    last_price_at: Option<Timestamp>,
    signal_delays: Vec<f64>,
    first_price: Option<Decimal>,
    last_price: Option<Decimal>,
    trades: Vec<TradeRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Open {
    profit: Option<Decimal>,
    commission: Decimal,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TradeRow {
    ticker: String,
    direction: String,
    qty: String,
    entry_time: String,
    entry_price: String,
    exit_time: String,
    exit_price: String,
    point_value: Decimal,
    commission: Decimal,
    entry_commission: Decimal,
    net_profit: Decimal,
    signal: Option<String>,
}

impl TradeRow {
    fn trade(&self) -> ClosedTrade {
        ClosedTrade {
            ticker: self.ticker.parse().unwrap(),
            direction: self.direction.parse().unwrap(),
            quantity: self.qty.parse().unwrap(),
            entry_time: self.entry_time.parse().unwrap(),
            entry_price: self.entry_price.parse().unwrap(),
            entry_signal: self.signal.as_deref().map(Into::into),
            exit_time: self.exit_time.parse().unwrap(),
            exit_price: self.exit_price.parse().unwrap(),
            point_value: self.point_value,
            contract: Contract::Linear,
            commission: self.commission,
            entry_commission: self.entry_commission,
            net_profit: self.net_profit,
        }
    }
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/report");
    let files = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    paths
}

/// The report on a fixture's trades, as the API gives it.
fn reported(input: &Input) -> Value {
    let trades: Vec<ClosedTrade> = input.trades.iter().map(TradeRow::trade).collect();
    let zone = TimeZone::get(&input.time_zone).unwrap();
    let held = [input.first_price, input.last_price].into_iter().flatten();
    let prices: Vec<SeenPrice> = held
        .map(|price| SeenPrice {
            time: Timestamp::UNIX_EPOCH,
            price: price.to_string().parse().unwrap(),
        })
        .collect();
    let held = Some(Held {
        contract: Contract::Linear,
        prices,
    });
    let [long, short] = input.open.each_ref().map(|open| OpenSide {
        profit: open.profit,
        commission: open.commission,
        ..OpenSide::default()
    });
    let asked = AskedRange {
        from: input.from,
        to: input.to,
    };
    let report = report(&ReportInput {
        currency: &input.currency,
        capital: Capital {
            initial: input.initial_capital,
            carried: input.carried,
        },
        asked,
        range: asked.closed_by(None),
        zone: &zone,
        trading_days: TradingDays::of_setting(input.trading_days),
        risk_free: RiskFree(input.risk_free_rate),
        trades: &trades,
        open: OpenLots { long, short },
        last_price_at: input.last_price_at,
        signal_delays: &input.signal_delays,
        held: held.as_ref(),
    });
    serde_json::to_value(report).unwrap()
}

/// Whether two values agree: money exactly, numbers within the tolerance, intervals by
/// their parts, all else as it is.
fn agree(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let part = |(name, expected)| found.get(name).is_some_and(|part| close(part, expected));
            found.len() == expected.len() && expected.iter().all(part)
        }
        (Value::String(found), Value::String(expected)) => {
            let money = |text: &str| text.parse::<Decimal>();
            found == expected || money(found).is_ok_and(|found| money(expected) == Ok(found))
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            (found - expected).abs() <= (RELATIVE * expected.abs()).max(ABSOLUTE)
        }
        (found, expected) => found == expected,
    }
}

/// As [`agree`], where amounts are rounded to eight places after the last digit of a float.
fn close(found: &Value, expected: &Value) -> bool {
    let amount = |value: &Value| value.as_str()?.parse::<f64>().ok();
    match amount(found).zip(amount(expected)) {
        Some((found, expected)) => (found - expected).abs() <= 2e-8 + RELATIVE * expected.abs(),
        None => agree(found, expected),
    }
}

#[test]
fn every_metric_is_what_the_oracle_computed() {
    let paths = fixtures();
    assert!(!paths.is_empty(), "no fixtures: run tests/oracle/run.sh");
    let mut differences = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let fixture: Fixture = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let report = reported(&fixture.input);
        for (column, metrics) in &fixture.expected {
            let found = report[column].as_object().unwrap();
            let expected = metrics.as_object().unwrap();
            let names = |metrics: &Map<String, Value>| {
                let mut names: Vec<String> = metrics.keys().cloned().collect();
                names.sort();
                names
            };
            assert_eq!(names(found), names(expected), "{name}: {column}");
            for (metric, expected) in expected {
                if !agree(&found[metric], expected) {
                    let found = &found[metric];
                    differences.push(format!(
                        "{name}: {column}.{metric} is {found}, the oracle has {expected}"
                    ));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
