//! Backtests laid over their own alerts with faults injected: the comparison finds what was
//! injected, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use algohook::compare::bar::bar_of;
use algohook::compare::{Action, Fate, Joined, Leg, Matching, Preset, Tolerance, matching};
use algohook::domain::money::{Decimal, Price};
use jiff::SignedDuration;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use serde_json::{Value, json};

use crate::support::books::{import_alerts, import_list, list_of_trades};
use crate::support::tradingview::{self, is_fill};
use crate::support::{DataDir, Server, Webhook, wait_until};

/// The legs of an export, in order of time.
pub fn legs(path: &Path) -> Vec<Leg> {
    let rows = tradingview::read(path);
    let leg = |row: &tradingview::Row| Leg {
        ticker: "BINANCE:ETHUSDT.P".parse().unwrap(),
        side: if row.is_exit {
            row.direction.opposite()
        } else {
            row.direction
        },
        action: if row.is_exit {
            Action::Exit
        } else {
            Action::Entry
        },
        is_action_stated: true,
        time: row.time,
        price: row.price,
        quantity: row.quantity,
        signal: Some(row.signal.as_str().into()),
        position_after: None,
        order: None,
    };
    Joined::of(rows.iter().filter(|row| is_fill(row)).map(leg)).legs
}

/// Faults to inject, as shares of all legs.
#[derive(Debug, Clone, Copy)]
struct Faults {
    dropped: f64,
    invented: f64,
    shift: SignedDuration,
    /// In percent.
    drift: f64,
    are_named: bool,
}

/// The alerts of a backtest with faults: the alerts, the leg that each is of, and the legs
/// that are missing.
struct Injected {
    alerts: Vec<Leg>,
    origin: Vec<Option<usize>>,
}

fn inject(
    backtest: &[Leg],
    bar: SignedDuration,
    faults: Faults,
    random: &mut Xoshiro256PlusPlus,
) -> Injected {
    let mut alerts: Vec<(Leg, Option<usize>)> = Vec::new();
    let bar_seconds = bar.as_secs();
    for (index, leg) in backtest.iter().enumerate() {
        if random.random::<f64>() < faults.dropped {
            continue;
        }
        let mut alert = leg.clone();
        let jitter = SignedDuration::from_secs(random.random_range(0..bar_seconds));
        alert.time = leg.time + faults.shift + jitter;
        alert.price = drifted(leg.price, faults.drift * random.random::<f64>());
        if !faults.are_named {
            alert.signal = None;
        }
        alerts.push((alert, Some(index)));
    }
    let (from, to) = (backtest[0].time, backtest[backtest.len() - 1].time);
    for _ in 0..backtest.len() {
        if random.random::<f64>() < faults.invented {
            let mut alert = backtest[random.random_range(0..backtest.len())].clone();
            let into = random.random_range(0..to.as_second() - from.as_second());
            alert.time = from + SignedDuration::from_secs(into) + faults.shift;
            alert.signal = None;
            alerts.push((alert, None));
        }
    }
    alerts.sort_by_key(|(alert, _)| alert.time);
    let (alerts, origin) = alerts.into_iter().unzip();
    Injected { alerts, origin }
}

fn drifted(price: Price, percent: f64) -> Price {
    let factor = Decimal::try_from(1.0 + percent / 100.0).unwrap();
    Price::new((price.get() * factor).round_dp(8)).unwrap()
}

/// Share of what was injected that is found, and of what is found that was injected.
#[derive(Debug, Default)]
struct Found {
    injected: usize,
    reported: usize,
    right: usize,
}

impl Found {
    fn of(injected: &BTreeSet<usize>, found: &BTreeSet<usize>) -> Self {
        Self {
            injected: injected.len(),
            reported: found.len(),
            right: injected.intersection(found).count(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.injected += other.injected;
        self.reported += other.reported;
        self.right += other.right;
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn recall_and_precision(&self) -> (f64, f64) {
        let share = |of: usize| {
            if of == 0 {
                1.0
            } else {
                self.right as f64 / of as f64
            }
        };
        (share(self.injected), share(self.reported))
    }
}

fn alone(fates: &[Fate]) -> BTreeSet<usize> {
    let alone = fates
        .iter()
        .enumerate()
        .filter(|(_, fate)| **fate == Fate::Alone);
    alone.map(|(index, _)| index).collect()
}

/// Missed and false legs, as they were injected and as they were found; only those that the
/// comparison is about, for what lies outside the common range nobody can judge.
fn judged(backtest: &[Leg], injected: &Injected, found: &Matching) -> [Found; 2] {
    let there: BTreeSet<usize> = injected.origin.iter().flatten().copied().collect();
    let missed = (0..backtest.len())
        .filter(|index| !there.contains(index) && found.first[*index] != Fate::Outside);
    let invented = (0..injected.alerts.len())
        .filter(|index| injected.origin[*index].is_none() && found.second[*index] != Fate::Outside);
    [
        Found::of(&missed.collect(), &alone(&found.first)),
        Found::of(&invented.collect(), &alone(&found.second)),
    ]
}

/// A backtest with faults injected, matched with what is left.
fn tried(
    backtest: &[Leg],
    bar: SignedDuration,
    faults: Faults,
    random: &mut Xoshiro256PlusPlus,
) -> (Injected, Matching) {
    let injected = inject(backtest, bar, faults, random);
    let tolerance = Tolerance {
        bar,
        ..Preset::Day.into()
    };
    let found = matching(backtest, &injected.alerts, &tolerance, SignedDuration::ZERO);
    (injected, found)
}

#[test]
fn injected_faults_of_every_export_are_found() {
    for are_named in [true, false] {
        let mut sums = [Found::default(), Found::default()];
        for path in tradingview::exports() {
            let backtest = legs(&path);
            let Some(bar) = bar_of(backtest.iter().map(|leg| leg.time)) else {
                continue;
            };
            for seed in tradingview::seeds() {
                let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
                let faults = Faults {
                    dropped: random.random_range(0.05..0.2),
                    invented: random.random_range(0.01..0.08),
                    shift: SignedDuration::ZERO,
                    drift: 0.02,
                    are_named,
                };
                let (injected, found) = tried(&backtest, bar, faults, &mut random);
                let judged = judged(&backtest, &injected, &found);
                for (sum, one) in sums.iter_mut().zip(&judged) {
                    sum.add(one);
                }
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                println!(
                    "{name} {seed} bar {bar:#} legs {} {judged:?}",
                    backtest.len()
                );
            }
        }
        let figures = sums.each_ref().map(Found::recall_and_precision);
        println!("named {are_named}: {figures:?}");
        for (recall, precision) in figures {
            assert!(recall >= 0.98 && precision >= 0.98, "{figures:?}");
        }
    }
}

#[test]
fn an_injected_shift_is_found_in_every_export() {
    for path in tradingview::exports() {
        let backtest = legs(&path);
        let Some(bar) = bar_of(backtest.iter().map(|leg| leg.time)) else {
            continue;
        };
        let hours = [-12_i64, -1, 1, 9].into_iter();
        for (hours, seed) in hours.zip(tradingview::seeds().cycle()) {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            let shift = SignedDuration::from_hours(hours);
            let faults = Faults {
                dropped: 0.12,
                invented: 0.03,
                shift,
                drift: 0.02,
                are_named: false,
            };
            let (_, found) = tried(&backtest, bar, faults, &mut random);
            println!(
                "{} {bar:#} {hours} -> {:?}",
                path.display(),
                found.suggested
            );
            let by = found.suggested.map(|shift| shift.by);
            assert_eq!(by, Some(shift), "{}", path.display());
        }
    }
}

#[test]
fn nothing_is_matched_twice_and_every_leg_has_one_fate() {
    let path = &tradingview::exports()[0];
    let backtest = legs(path);
    let bar = bar_of(backtest.iter().map(|leg| leg.time)).unwrap();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let faults = Faults {
        dropped: 0.2,
        invented: 0.2,
        shift: SignedDuration::ZERO,
        drift: 0.5,
        are_named: false,
    };
    let (injected, found) = tried(&backtest, bar, faults, &mut random);
    for (fates, side) in [(&found.first, 0), (&found.second, 1)] {
        let mut pairs: Vec<usize> = Vec::new();
        for (index, fate) in fates.iter().enumerate() {
            if let Fate::Matched(pair) = fate {
                let pair = found.pairs[*pair];
                assert_eq!([pair.first, pair.second][side], index);
                pairs.push(index);
            }
        }
        assert_eq!(pairs.len(), found.pairs.len());
    }
    for pair in &found.pairs {
        assert!(backtest[pair.first].is_alike(&injected.alerts[pair.second]));
    }
}

/// A backtest and its alerts in a data directory: every tenth leg is missing, and what is
/// there comes three seconds late at the same price.
fn with_backtest(shift: SignedDuration) -> (DataDir, Webhook, usize) {
    with_alerts(shift, true)
}

fn with_alerts(shift: SignedDuration, are_positions_stated: bool) -> (DataDir, Webhook, usize) {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let export = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tradingview/ta-linreg-stdev-channel-revert-01.csv");
    let list = std::fs::read(&export).unwrap();
    import_list(&data, &webhook, "BINANCE:ETHUSDT.P", list, &[]);
    let rows = tradingview::read(&export);
    let lines = tradingview::orders(&rows)
        .into_iter()
        .enumerate()
        .filter(|(index, _)| index % 10 != 9);
    let alerts = lines.map(|(_, order)| {
        let payload = json!({
            "ticker": "BINANCE:ETHUSDT.P",
            "action": order.intent.as_str(),
            "qty": order.quantity.unwrap().get().to_string(),
            "marketPrice": order.intended_price.get().to_string(),
            "metadata": { "signal": order.signal_name },
            "positionSize": are_positions_stated.then(|| order.stated_position.new.unwrap().to_string()),
        });
        let time = order.paired_at + shift + SignedDuration::from_secs(3);
        (time, payload)
    });
    let alerts: Vec<_> = alerts.collect();
    let sent = alerts.len();
    import_alerts(&data, &webhook, alerts);
    (data, webhook, sent)
}

#[test]
fn a_trader_sees_what_is_missing_and_where_the_money_went() {
    let (data, webhook, sent) = with_backtest(SignedDuration::ZERO);
    let text = data.text(&["compare", &webhook.id]);
    assert!(text.contains("backtest fills had an alert"), "{text}");
    assert!(text.contains("most of it from"), "{text}");
    println!("{text}");
    let compared: Value =
        serde_json::from_str(&data.text(&["compare", &webhook.id, "--json"])).unwrap();
    assert!(
        compared["legs"]["matched"].as_u64().unwrap() >= u64::try_from(sent).unwrap() - 2,
        "{}",
        compared["legs"]
    );
    assert_eq!(compared["legs"]["falseAlerts"], 0);
    let bridge = &compared["bridge"];
    let step = |name: &str| -> Decimal { bridge[name].as_str().unwrap().parse().unwrap() };
    let names = [
        "missed",
        "falseTrades",
        "exits",
        "price",
        "quantity",
        "commission",
        "rounding",
    ];
    let sum: Decimal = names.into_iter().map(step).sum();
    assert_eq!(step("expected") + sum, step("observed"));

    // The same of the API, and the page of rows.
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let path = format!("/comparison?webhook={}", webhook.id);
    let of_api = server.api(&token, "GET", &path, None).expect(200).json();
    for name in ["matchRate", "legs", "bridge", "verdict", "drift", "causes"] {
        assert_eq!(of_api[name], compared[name], "{name}");
    }
    let mut missed = 0;
    let mut cursor = String::new();
    loop {
        let path = format!(
            "/comparison/legs?webhook={}&only=missed&limit=20{cursor}",
            webhook.id
        );
        let page = server.api(&token, "GET", &path, None).expect(200).json();
        missed += page["items"].as_array().unwrap().len();
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(compared["legs"]["missed"], missed);
}

#[test]
fn a_comparison_is_remembered_each_day_without_anybody_asking() {
    let (data, webhook, _) = with_backtest(SignedDuration::from_hours(8));
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let path = format!("/comparison/days?webhook={}&ticker=ETHUSDT.P", webhook.id);
    let days = || {
        let answer = server.api(&token, "GET", &path, None).expect(200).json();
        answer["items"].as_array().unwrap().clone()
    };
    wait_until("today's comparison", || days().len() == 1);
    let path = format!("/comparison?webhook={}&shift=28800", webhook.id);
    let compared = server.api(&token, "GET", &path, None).expect(200).json();
    // In the zone that fits, for another one would hide every drift.
    assert_eq!(days()[0]["shiftSeconds"], 28_800);
    assert_eq!(days()[0]["percent"], compared["matchRate"]["percent"]);
    assert_eq!(days()[0]["observed"], compared["bridge"]["observed"]);
}

#[test]
fn alerts_without_a_position_match_after_one_that_is_missing() {
    let (data, webhook, sent) = with_alerts(SignedDuration::ZERO, false);
    let compared: Value =
        serde_json::from_str(&data.text(&["compare", &webhook.id, "--json"])).unwrap();
    let matched = compared["legs"]["matched"].as_u64().unwrap();
    assert!(
        matched + 2 >= u64::try_from(sent).unwrap(),
        "{}",
        compared["legs"]
    );
}

#[test]
fn a_backtest_of_another_zone_is_told_with_the_command_that_mends_it() {
    let (data, webhook, _) = with_backtest(SignedDuration::from_hours(8));
    let text = data.text(&["compare", &webhook.id]);
    assert!(text.contains("look shifted by +8 h"), "{text}");
    assert!(text.contains("--shift 28800s"), "{text}");
    let text = data.text(&["compare", &webhook.id, "--shift", "28800s"]);
    assert!(!text.contains("look shifted"), "{text}");
}

/// A list of trades of one unit each: entry, exit and profit.
fn list(currency: &str, trades: &[[&'static str; 3]]) -> String {
    let trade = |[entry, exit, profit]: [&'static str; 3]| {
        let profit: i64 = profit.parse().unwrap();
        ("long", [entry, exit], [100, 100 + profit], "1", profit)
    };
    list_of_trades(currency, trades.iter().copied().map(trade))
}

/// Alerts of one unit that come some seconds after a time: a purchase at 100 and a sale.
fn sent(data: &DataDir, webhook: &Webhook, of: &[(&str, &str, &str, i64)], interval: Option<&str>) {
    let alert = |(time, ticker, action, price): &(&str, &str, &str, i64)| {
        let payload = json!({
            "ticker": ticker, "action": action, "qty": 1, "marketPrice": price,
            "metadata": { "interval": interval },
        });
        (time.to_string(), payload)
    };
    import_alerts(data, webhook, of.iter().map(alert));
}

const ONE_TRADE: [[&str; 3]; 1] = [["2026-01-05 10:00", "2026-01-05 12:00", "5"]];

#[test]
fn one_trade_is_compared_and_says_how_little_that_is() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let list = list("USD", &ONE_TRADE);
    import_list(&data, &webhook, "NASDAQ:AAPL", list, &[]);
    // Ten minutes into its bar, which one trade cannot tell the length of, and the alert can.
    let alerts = [
        ("2026-01-05T10:10:00Z", "NASDAQ:AAPL", "buy", 100),
        ("2026-01-05T12:10:00Z", "NASDAQ:AAPL", "sell", 105),
    ];
    sent(&data, &webhook, &alerts, Some("15"));
    let text = data.text(&["compare", &webhook.id]);
    assert!(
        text.contains("2 of 2 backtest fills had an alert: 100.0 %"),
        "{text}"
    );
    assert!(
        text.contains("critical differences cannot be ruled out with so few"),
        "{text}"
    );
    let compared = data.json(&["compare", &webhook.id, "--json"]);
    assert_eq!(compared["barSeconds"], 900);
}

#[test]
fn of_two_backtests_one_is_chosen_by_its_instrument() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let other = [["2026-01-05 10:00", "2026-01-05 12:00", "7"]];
    import_list(&data, &webhook, "NASDAQ:AAPL", list("USD", &other), &[]);
    import_list(&data, &webhook, "NASDAQ:MSFT", list("USD", &ONE_TRADE), &[]);
    let alerts = [
        ("2026-01-05T10:00:03Z", "NASDAQ:MSFT", "buy", 100),
        ("2026-01-05T12:00:03Z", "NASDAQ:MSFT", "sell", 105),
    ];
    sent(&data, &webhook, &alerts, None);
    let message = data.error(&["compare", &webhook.id]);
    for said in [
        "name the ticker of the backtest",
        "hint: --ticker",
        "NASDAQ:AAPL, NASDAQ:MSFT",
    ] {
        assert!(message.contains(said), "{message}");
    }
    let compared = data.json(&["compare", &webhook.id, "--ticker", "MSFT", "--json"]);
    assert_eq!(
        (&compared["ticker"], &compared["legs"]["matched"]),
        (&json!("NASDAQ:MSFT"), &json!(2))
    );
    let message = data.error(&["compare", &webhook.id, "--ticker", "AAPL"]);
    assert!(
        message.contains("no alert of NASDAQ:AAPL has made an order yet"),
        "{message}"
    );
    assert!(message.contains("NASDAQ:MSFT"), "{message}");
}

#[test]
fn a_backtest_in_another_currency_is_matched_and_its_money_is_not() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let (list, currency) = (list("EUR", &ONE_TRADE), ["--currency", "EUR"]);
    import_list(&data, &webhook, "NASDAQ:AAPL", list, &currency);
    let alerts = [
        ("2026-01-05T10:00:03Z", "NASDAQ:AAPL", "buy", 100),
        ("2026-01-05T12:00:03Z", "NASDAQ:AAPL", "sell", 105),
    ];
    sent(&data, &webhook, &alerts, None);
    let compared = data.json(&["compare", &webhook.id, "--json"]);
    assert_eq!(
        (&compared["legs"]["matched"], &compared["bridge"]),
        (&json!(2), &Value::Null)
    );
    let notes = compared["notes"].to_string();
    assert!(notes.contains("EUR") && notes.contains("USD"), "{notes}");
}

#[test]
fn a_pair_that_was_brought_in_later_is_no_problem_wherever_it_is_asked_for() {
    let (data, webhook, _) = with_backtest(SignedDuration::ZERO);
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let of = |path: &str| {
        let path = format!("{path}?webhook={}&only=problem", webhook.id);
        server.api(&token, "GET", &path, None).expect(200)
    };
    let legs = server.api(
        &token,
        "GET",
        &format!("/comparison?webhook={}", webhook.id),
        None,
    );
    let legs = legs.expect(200).json()["legs"].clone();
    // Every alert of it was imported, and none is late or of another quantity.
    let alone = legs["missed"].as_u64().unwrap() + legs["falseAlerts"].as_u64().unwrap();
    let csv = of("/export/comparison.csv").text;
    assert_eq!(u64::try_from(csv.lines().count()).unwrap(), 1 + alone);
    let page = of("/comparison/legs").json();
    let listed = page["items"].as_array().unwrap().len();
    assert_eq!(u64::try_from(listed).unwrap(), alone.min(50));
}

#[test]
fn what_cannot_be_compared_says_why_and_what_to_do() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let refused = |data: &DataDir, arguments: &[&str]| {
        let output = data.run(&[&["compare", &webhook.id], arguments].concat());
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&data, &[]).contains("import TradingView's list of trades first"));
    let (data, webhook, _) = with_backtest(SignedDuration::from_hours(-24 * 365 * 2));
    let output = data.run(&["compare", &webhook.id]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("they do not overlap"), "{message}");
    let output = data.run(&["compare", &webhook.id, "--ticker", "NASDAQ:AAPL"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("no backtest of NASDAQ:AAPL; it has"),
        "{message}"
    );
    let server = Server::with(data, &[]);
    let token = server.data.create_token();
    let path = format!("/comparison?webhook={}", webhook.id);
    let answer = server.api(&token, "GET", &path, None).expect(422).json();
    assert_eq!(answer["code"], "no_overlap");
    for wrong in ["price=0", "forward=-1", "shift=90000", "only=missed"] {
        let path = format!("{path}&{wrong}");
        server.api(&token, "GET", &path, None).expect(400);
    }
}
