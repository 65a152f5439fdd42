//! The report against figures that pandas, empyrical and `QuantStats` made of the
//! same trades; `tests/oracle` has the scripts that made them.

use std::fs;
use std::path::{Path, PathBuf};

use algohook::analytics::{HeldPrices, OpenProfit, ReportInput, RiskFree, TradingDays, report};
use algohook::domain::money::Decimal;
use algohook::domain::terms::Contract;
use algohook::domain::trade::ClosedTrade;
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
    time_zone: String,
    trading_days: u16,
    risk_free_rate: f64,
    open_profit: Decimal,
    signal_delays: Vec<f64>,
    first_price: Option<Decimal>,
    last_price: Option<Decimal>,
    trades: Vec<TradeRow>,
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
    point_value: Decimal,
    commission: Decimal,
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
            point_value: self.point_value,
            contract: Contract::Linear,
            commission: self.commission,
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
    let held_prices = input.first_price.zip(input.last_price);
    let report = report(&ReportInput {
        currency: &input.currency,
        initial_capital: input.initial_capital,
        zone: &zone,
        trading_days: TradingDays::of_setting(input.trading_days),
        risk_free: RiskFree(input.risk_free_rate),
        trades: &trades,
        open_profit: OpenProfit {
            long: input.open_profit,
            short: Decimal::ZERO,
        },
        signal_delays: &input.signal_delays,
        held_prices: held_prices.map(|(first, last)| HeldPrices {
            first: first.to_string().parse().unwrap(),
            last: last.to_string().parse().unwrap(),
        }),
    });
    serde_json::to_value(report).unwrap()
}

/// Whether two values agree: money exactly, numbers within the tolerance, all
/// else as it is.
fn agree(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::String(found), Value::String(expected)) => {
            let money = |text: &str| text.parse::<Decimal>().unwrap();
            money(found) == money(expected)
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            (found - expected).abs() <= (RELATIVE * expected.abs()).max(ABSOLUTE)
        }
        (found, expected) => found == expected,
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
