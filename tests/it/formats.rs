//! A trader who comes from another service changes the URL and nothing else.

use serde_json::{Value, json};

use crate::support::derived::{derived, forget_derived};
use crate::support::{Answer, DataDir, Server, Webhook, wait_until};

/// A message for TradersPost, as TradingView sends it from a strategy.
fn traderspost(action: &str, sentiment: &str, quantity: u32, price: u32) -> Value {
    json!({
        "ticker": "MNQ1!", "action": action, "sentiment": sentiment,
        "quantity": quantity.to_string(), "price": price.to_string(),
    })
}

struct Trader {
    server: Server,
    token: String,
    webhook: Webhook,
}

impl Trader {
    fn new(settings: &Value) -> Self {
        let server = Server::start();
        let token = server.data.create_token();
        let webhook = server.create_webhook("Strategy");
        let trader = Self {
            server,
            token,
            webhook,
        };
        trader.set(settings);
        trader
    }

    fn set(&self, settings: &Value) {
        let path = format!("/webhooks/{}", self.webhook.id);
        let changed = json!({ "settings": settings });
        self.api("PATCH", &path, Some(changed)).expect(200);
    }

    fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.server.api(&self.token, method, path, body)
    }

    /// Posts to the URL with the key behind the id.
    fn post(&self, message: &str) -> Answer {
        let address = format!("{}/{}", self.webhook.id, self.webhook.key);
        self.server.post(&address, message)
    }

    fn events(&self) -> Vec<Value> {
        let page = self.api("GET", "/events?limit=100", None).expect(200);
        page.json()["items"].as_array().unwrap().clone()
    }

    fn orders(&self) -> Vec<Value> {
        let page = self.api("GET", "/orders?limit=100", None).expect(200);
        let mut orders = page.json()["items"].as_array().unwrap().clone();
        orders.reverse();
        orders
    }

    fn position(&self) -> Option<String> {
        let positions = self.api("GET", "/positions", None).expect(200).json();
        let position = &positions["items"][0];
        let side = position["direction"].as_str()?;
        Some(format!("{side} {}", position["qty"].as_str().unwrap()))
    }
}

#[test]
fn the_url_is_all_that_changes() {
    let trader = Trader::new(&json!({ "keyInPath": true }));
    let path = format!("/webhooks/{}", trader.webhook.id);
    let shown = trader.api("GET", &path, None).expect(200).json();
    let url = shown["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("/{}/{}", trader.webhook.id, trader.webhook.key)));

    for (action, sentiment, quantity, price) in [
        ("buy", "long", 2, 20_000),
        ("sell", "long", 1, 20_100),
        ("sell", "flat", 1, 20_200),
    ] {
        let message = traderspost(action, sentiment, quantity, price);
        let answer = trader.post(&message.to_string()).expect(200).json();
        assert_eq!(answer["validation"]["warnings"], json!([]), "{answer}");
    }
    let orders = trader.orders();
    let said = |order: &Value| format!("{} {}", order["positionDirection"], order["qty"]);
    let said: Vec<String> = orders.iter().map(said).collect();
    assert_eq!(
        said,
        [r#"null "2""#, r#""exitLong" "1""#, r#""exitLong" "1""#]
    );
    assert_eq!(trader.position(), None);

    let event = orders[1]["event"].as_str().unwrap();
    let event = trader
        .api("GET", &format!("/events/{event}"), None)
        .expect(200)
        .json();
    assert_eq!(event["format"], "traderspost");
    let fields = event["fields"].as_array().unwrap();
    let of = |field: &str| {
        let mut all = fields.iter();
        all.find(|origin| origin["field"] == field)
            .unwrap_or(&Value::Null)
            .clone()
    };
    let expected =
        json!({ "field": "qty", "value": "1", "from": "quantity", "stated": "1", "note": null });
    assert_eq!(of("qty"), expected);
    let side = of("positionDirection");
    assert_eq!(
        (&side["value"], &side["from"], &side["stated"]),
        (&json!("exitLong"), &json!("action"), &json!("sell"))
    );
    assert_eq!(of("positionAfter")["from"], "sentiment");
    assert_eq!(of("orderType")["note"], "it follows from the prices");
}

#[test]
fn a_key_in_the_url_counts_only_where_its_owner_wants_it() {
    let trader = Trader::new(&json!({}));
    let message = traderspost("buy", "long", 1, 20_000).to_string();
    let refused = trader.post(&message).expect(401).json();
    let hint = refused["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("keyInPath"), "{hint}");
    assert_eq!(trader.events().len(), 0);
    // The key in the message counts whatever is behind the id.
    let mut own = traderspost("buy", "long", 1, 20_000);
    own["auth_key"] = json!(trader.webhook.key);
    trader.post(&own.to_string()).expect(200);

    trader.set(&json!({ "keyInPath": true }));
    trader.post(&message).expect(200);
    let id = &trader.webhook.id;
    let key = &trader.webhook.key;
    let other = format!("{}{}", &key[1..], &key[..1]);
    for wrong in [
        format!("{id}/{other}"),
        format!("{id}/{}", &key[..31]),
        format!("{id}/{key}x"),
        format!("{id}/{}", key.to_ascii_lowercase()),
        format!("{id}/{key}/{key}"),
        format!("{key}/{id}"),
        format!("{id}/"),
        id.clone(),
    ] {
        let status = trader.server.post(&wrong, &message).status;
        assert!(matches!(status, 401 | 404), "{wrong}: {status}");
    }
    // A message written for another webhook is not made right by the URL.
    let mut foreign = traderspost("buy", "long", 1, 20_000);
    foreign["auth_key"] = json!(other);
    trader.post(&foreign.to_string()).expect(401);
    // As it is pasted: with a slash or a space behind it, or encoded.
    for written in [
        format!("{id}/{key}/"),
        format!("{id}/{key}%20"),
        format!("{id}%2F{key}"),
    ] {
        trader.server.post(&written, &message).expect(200);
    }
}

#[test]
fn a_service_s_own_secret_can_be_the_key() {
    let trader = Trader::new(&json!({}));
    let key = &trader.webhook.key;
    let message = json!({
        "secret": key, "max_lag": "300", "timestamp": "2026-01-05T14:30:00Z", "trigger_price": "64250.5",
        "tv_exchange": "BINANCE", "tv_instrument": "BTCUSDT", "action": "enter_long",
        "bot_uuid": "uuid", "order": { "amount": "0.5", "currency_type": "base" },
    });
    let id = trader.webhook.id.clone();
    let refused = trader
        .server
        .post(&id, &message.to_string())
        .expect(401)
        .json();
    assert!(
        refused["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("keyInField"),
        "{refused}"
    );

    trader.set(&json!({ "keyInField": true }));
    trader.server.post(&id, &message.to_string()).expect(200);
    let mut wrong = message.clone();
    wrong["secret"] = json!("0".repeat(32));
    trader.server.post(&id, &wrong.to_string()).expect(401);
    for name in ["token", "password", "Token"] {
        let message = json!({ name: key, "symbol": "BTCUSDT", "action": "buy", "quantity": 1, "price": 64_250 });
        trader.server.post(&id, &message.to_string()).expect(200);
    }
    let kept = trader.events();
    assert_eq!(kept.len(), 4);
    let warned = |event: &&Value| event["warnings"].to_string().contains("not used");
    assert_eq!(kept.iter().find(warned), None);
    assert!(
        kept.iter()
            .all(|event| event["payload"].as_str().unwrap().contains("***"))
    );
}

/// The key is nowhere but where its owner looks for it, however the message or the URL is
/// broken.
#[test]
fn a_key_is_seen_nowhere_else() {
    let trader = Trader::new(&json!({ "keyInPath": true, "keyInField": true }));
    let (id, key) = (&trader.webhook.id, &trader.webhook.key);
    let good = traderspost("buy", "long", 1, 20_000).to_string();
    let bodies = [
        good.clone(),
        format!(r#"{{"ticker":"{key}","action":"buy","price":1,"quantity":1}}"#),
        format!(r#"{{"ticker":"A","action":"{key}","price":1}}"#),
        format!(r#"{{"ticker":"A","action":"buy","price":"{key}"}}"#),
        format!(r#"{{"secret":"{key}","symbol":"A","action":"buy","quantity":"{key}","price":1}}"#),
        format!(r#"{{"secret":"{key}" "symbol":"A"}}"#),
        format!("buy {key} A at 1"),
        format!("buy 1 {key} at 1"),
        format!("buy 1 A at 1 {key}"),
        format!("K({key}) {{ market(side={key}, amount=1); }}"),
        format!("ENTER-LONG_X_{key}_a_b price={key}"),
        format!("{{{key}"),
        String::new(),
    ];
    for body in &bodies {
        for address in [
            format!("{id}/{key}"),
            format!("{id}%2f{key}"),
            format!("{id}/{key}?{key}"),
            format!("{id}/x/{key}"),
            format!("{id}.{key}"),
            format!("{key}/{id}"),
            id.clone(),
        ] {
            let answer = trader.server.post(&address, body);
            assert!(answer.status < 500, "{}", answer.status);
            assert!(
                !answer.text.contains(key.as_str()),
                "{address} {body}: {}",
                answer.text
            );
        }
    }
    let look = |path: &str| {
        let answer = trader.api("GET", path, None);
        assert!(
            !answer.text.contains(key.as_str()),
            "{path}: {}",
            answer.text
        );
        answer
    };
    for event in look("/events?limit=100").json()["items"]
        .as_array()
        .unwrap()
    {
        look(&format!("/events/{}", event["id"].as_str().unwrap()));
    }
    for path in [
        "/orders",
        "/trades",
        "/positions",
        "/overview",
        "/audit",
        "/export/events.csv",
        "/export/orders.csv",
    ] {
        look(path);
    }
    look(&format!("/webhooks/{id}/rejections"));
    let explained = trader.api(
        "POST",
        &format!("/webhooks/{id}/explain"),
        Some(json!({ "message": bodies[4] })),
    );
    assert!(!explained.expect(200).text.contains(key.as_str()));
    assert!(!trader.server.log().contains(key.as_str()));
    let doctor = trader.server.data.command(&["doctor"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&doctor.stdout).contains(key.as_str()));

    let key = key.clone();
    let data = trader.server.stop();
    let dump = std::process::Command::new("grep")
        .args(["-c", &key])
        .arg(data.database())
        .output()
        .unwrap();
    // Once, in the webhook's own row; a page of the file can have an older copy of that row.
    let rows = crate::support::derived::rows(
        &data.database(),
        &[
            "SELECT count(*) FROM events WHERE instr(payload, (SELECT auth_key FROM webhooks)) > 0",
            "SELECT count(*) FROM misdirected WHERE instr(address, (SELECT auth_key FROM webhooks)) > 0",
        ],
    );
    assert!(
        rows.iter().all(|row| row == "Integer(0)"),
        "{rows:?} {dump:?}"
    );
}

#[test]
fn a_percentage_is_of_the_strategy_s_equity() {
    let trader = Trader::new(&json!({ "keyInPath": true, "initialCapital": "10000" }));
    let message = |action: &str, size: &Value, price: u32| {
        json!({ "symbol": "AAPL", "action": action, "quantity": size, "price": price }).to_string()
    };
    // 10 % of 10,000 at 100, and all of it is left with a profit of 1,000.
    trader.post(&message("buy", &json!("10%"), 100)).expect(200);
    trader
        .post(&message("close", &json!("50%"), 200))
        .expect(200);
    trader
        .post(&message("close", &json!("100%"), 200))
        .expect(200);
    // 10 % of 11,000 at 100.
    let answer = trader
        .post(&message("buy", &json!("10%"), 100))
        .expect(200)
        .json();
    assert_eq!(answer["order"]["qty"], 11);
    let orders = trader.orders();
    let sizes: Vec<_> = orders
        .iter()
        .map(|order| {
            (
                order["qty"].clone(),
                order["qtyPercent"].clone(),
                order["qtyPercentOf"].clone(),
            )
        })
        .collect();
    let of = |qty: &str, percent: &str, of: &str| (json!(qty), json!(percent), json!(of));
    assert_eq!(sizes[0], of("10", "10", "equity"));
    assert_eq!(sizes[1], of("5", "50", "position"));
    assert_eq!(sizes[2], (Value::Null, Value::Null, Value::Null));
    assert_eq!(sizes[3], of("11", "10", "equity"));

    trader.set(&json!({ "initialCapital": "0" }));
    let failed = trader
        .post(&message("buy", &json!("10%"), 100))
        .expect(422)
        .json();
    assert!(
        failed["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("initialCapital"),
        "{failed}"
    );
    // Set it, and the event can be processed.
    trader.set(&json!({ "initialCapital": "10000" }));
    let event = failed["webhookEvent"]["id"].as_str().unwrap();
    let again = trader
        .api("POST", &format!("/events/{event}/reprocess"), None)
        .expect(201);
    assert_eq!(again.json()["status"], "processed");
    assert_eq!(trader.orders()[4]["qty"], "11");
}

#[test]
fn a_sale_while_flat_is_what_the_format_says_or_the_owner() {
    let signalstack =
        json!({ "symbol": "AAPL", "action": "sell", "quantity": 5, "price": 100 }).to_string();
    let traderspost =
        json!({ "ticker": "MSFT", "action": "sell", "quantity": 5, "price": 100 }).to_string();
    let text = "sell 5 NVDA at 100";
    for (setting, shorts) in [
        ("nothing", vec!["MSFT"]),
        ("short", vec!["AAPL", "MSFT", "NVDA"]),
    ] {
        let trader = Trader::new(&json!({ "keyInPath": true, "sellWhileFlat": setting }));
        for message in [&signalstack, &traderspost, &text.to_owned()] {
            trader.post(message).expect(200);
        }
        let positions = trader.api("GET", "/positions", None).expect(200).json();
        let mut tickers: Vec<&str> = positions["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|position| position["direction"] == "short")
            .map(|position| position["ticker"].as_str().unwrap())
            .collect();
        tickers.sort_unstable();
        assert_eq!(tickers, shorts, "{setting}");
    }
}

/// An exit of whichever side there is follows the position, also where the entry arrives
/// after it.
#[test]
fn close_leaves_either_side() {
    let trader = Trader::new(&json!({ "keyInPath": true }));
    trader.post("short 2 AAPL at 100").expect(200);
    trader.post("close AAPL at 90").expect(200);
    trader.post("buy 3 AAPL at 80").expect(200);
    let answer = trader.post("flatten AAPL at 95").expect(200).json();
    assert_eq!(answer["webhookEvent"]["positionDirection"], "exit");
    let closed = trader.api("GET", "/trades", None).expect(200).json();
    let profit = |trade: &Value| trade["netProfit"].as_str().unwrap().to_owned();
    let profits: Vec<String> = closed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(profit)
        .collect();
    assert_eq!(profits, ["45", "20"]);
    assert_eq!(trader.position(), None);
    let warned = trader.post("close AAPL at 95").expect(200).json();
    assert_eq!(
        warned["validation"]["warnings"][0]["code"],
        "exit_without_position"
    );
}

/// What an order was is derived again by the rules of then, whatever the settings say now.
#[test]
fn a_rebuild_reads_each_message_as_it_was_read() {
    let trader = Trader::new(&json!({ "keyInPath": true, "initialCapital": "5000" }));
    for message in [
        r#"{"symbol":"AAPL","action":"sell","quantity":5,"price":100}"#.to_owned(),
        r#"{"ticker":"AAPL","action":"buy","quantity":2,"price":100}"#.to_owned(),
        r#"{"ticker":"AAPL","action":"sell","quantity":3,"price":110}"#.to_owned(),
        r#"{"symbol":"MSFT","action":"buy","quantity":"20%","price":100}"#.to_owned(),
        "close AAPL at 120".to_owned(),
        "K(NVDA) { market(side=buy, amount=1); } price=10".to_owned(),
        json!({ "auth_key": trader.webhook.key, "ticker": "AMD", "action": "sell", "qty": 1, "marketPrice": 10 })
            .to_string(),
    ] {
        trader.post(&message).expect(200);
    }
    trader
        .set(&json!({ "sellWhileFlat": "short", "format": "algohook", "initialCapital": "90000" }));
    let orders = |trader: &Trader| -> Vec<Value> {
        let keep = |order: &Value| {
            json!([
                order["positionDirection"],
                order["direction"],
                order["qty"],
                order["ticker"]
            ])
        };
        trader.orders().iter().map(keep).collect()
    };
    let before = orders(&trader);
    let Trader {
        server,
        token,
        webhook,
    } = trader;
    let data = server.stop();
    let kept = derived(&data.database());
    forget_derived(&data.database());
    data.text(&["rebuild"]);
    assert_eq!(derived(&data.database()), kept);
    let trader = Trader {
        server: Server::with(data, &[]),
        token,
        webhook,
    };
    assert_eq!(orders(&trader), before);
    assert_eq!(before[3], json!([null, "long", "10.04", "MSFT"]));
}

/// An alert that was read by the settings of then is processed again by them.
#[test]
fn processing_again_reads_as_then_unless_it_failed() {
    let trader = Trader::new(&json!({ "keyInPath": true }));
    let path = format!("/webhooks/{}", trader.webhook.id);
    trader
        .api("PATCH", &path, Some(json!({ "state": "paused" })))
        .expect(200);
    let ignored = trader.post("sell 5 NVDA at 100").expect(200).json();
    let failed = trader.post("sell 5 NVDA at {{close}}").expect(422).json();
    trader
        .api(
            "PATCH",
            &path,
            Some(json!({ "state": "active", "settings": { "sellWhileFlat": "short" } })),
        )
        .expect(200);
    let again = |event: &Value, body: Option<Value>| {
        let path = format!(
            "/events/{}/reprocess",
            event["webhookEvent"]["id"].as_str().unwrap()
        );
        let made = trader.api("POST", &path, body).expect(201).json();
        made["positionDirection"].clone()
    };
    assert_eq!(again(&ignored, None), "exitLong");
    assert_eq!(
        again(&failed, Some(json!({ "payload": "sell 5 NVDA at 100" }))),
        Value::Null
    );
}

#[test]
fn a_message_that_the_server_refuses_is_not_explained_as_an_order() {
    let data = DataDir::new();
    std::fs::create_dir_all(&data.path).unwrap();
    let file = data.path.join("alert.json");
    std::fs::write(
        &file,
        b"{\"ticker\":\"A\xe9\",\"action\":\"buy\",\"qty\":1,\"marketPrice\":1}",
    )
    .unwrap();
    let output = data.run(&["explain", file.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let explained: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(explained["order"], Value::Null);
    assert_eq!(explained["error"]["code"], "invalid_json");
}

#[test]
fn a_message_is_explained_without_being_recorded() {
    let trader = Trader::new(&json!({ "initialCapital": "1000" }));
    let path = format!("/webhooks/{}/explain", trader.webhook.id);
    let explain = |message: &str| {
        let body = json!({ "message": message });
        trader.api("POST", &path, Some(body)).expect(200).json()
    };
    let explained =
        explain(r#"{"symbol":"AAPL","action":"buy","quantity":"10%","price":"{{close}}"}"#);
    assert_eq!(explained["format"], "signalstack");
    assert_eq!(explained["key"], "missing");
    assert_eq!(explained["isFilled"], true);
    assert_eq!(
        explained["placeholders"],
        json!([{ "placeholder": "{{close}}", "value": "64490.4" }])
    );
    let fields = explained["fields"].as_array().unwrap();
    let price = fields
        .iter()
        .find(|field| field["from"] == "price")
        .unwrap();
    assert_eq!(price["note"], "an example, in the place of {{close}}");
    assert_eq!(explained["order"]["ticker"], "AAPL");
    assert!(
        explained["order"]["qty"]
            .as_str()
            .unwrap()
            .starts_with("0.00155"),
        "{explained}"
    );
    let failed = explain("buy 10 AAPL");
    assert_eq!(
        (&failed["format"], &failed["order"]),
        (&json!("text"), &Value::Null)
    );
    assert_eq!(failed["error"]["field"], "marketPrice");
    assert_eq!(
        failed["fields"][0],
        json!({ "field": "ticker", "value": "AAPL", "from": "symbol", "stated": "AAPL", "note": null })
    );
    let own =
        explain(r#"{"auth_key":"AUTH_KEY","ticker":"A","action":"buy","qty":1,"marketPrice":1}"#);
    assert_eq!(
        (&own["key"], &own["format"]),
        (&json!("right"), &json!("algohook"))
    );
    assert_eq!(trader.events(), Vec::<Value>::new());

    let file = trader.server.data.path.join("alert.txt");
    std::fs::write(&file, "sell 0.5 BTCUSD at 64250 limit").unwrap();
    let file = file.to_str().unwrap();
    let shown = trader
        .server
        .data
        .json(&["explain", file, "--json", "--webhook", "Strategy"]);
    assert_eq!(
        (&shown["order"]["orderType"], &shown["order"]["qty"]),
        (&json!("limit"), &json!("0.5"))
    );
    let said = trader.server.data.text(&["explain", file]);
    assert!(
        said.contains("exitLong 0.5 BTCUSD at 64250 (limit)") && said.contains("sellWhileFlat"),
        "{said}"
    );
    assert_eq!(trader.events(), Vec::<Value>::new());
}

#[test]
fn a_command_changes_how_messages_are_read() {
    let trader = Trader::new(&json!({}));
    let change = [
        "webhook",
        "change",
        "Strategy",
        "--key-in-path",
        "on",
        "--format",
        "text",
        "--sell-while-flat",
        "short",
    ];
    let output = trader.server.data.command(&change).output().unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("logs"),
        "the warning"
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains(&format!("/{}", trader.webhook.key)) && said.contains("plain text"),
        "{said}"
    );
    wait_until("the running server has taken it up", || {
        trader.post("buy 1 A at 10").status == 200
    });
    // A format that is set reads nothing else.
    trader
        .post(r#"{"symbol":"A","action":"buy","quantity":1,"price":1}"#)
        .expect(422);
    let error = trader.server.data.error(&["webhook", "change", "Strategy"]);
    assert!(error.contains("nothing to change"), "{error}");
}

/// The examples of the pages for those who come from another service are read in its format,
/// and make an order.
#[test]
fn the_examples_of_the_pages_are_orders() {
    let pages = [
        ("traderspost", 2),
        ("3commas", 1),
        ("signalstack", 1),
        ("pickmytrade", 1),
        ("wundertrading", 2),
        ("alertatron", 1),
        ("text", 3),
    ];
    for (format, count) in pages {
        let page = format!("{}/docs/from-{format}.md", env!("CARGO_MANIFEST_DIR"));
        let page = std::fs::read_to_string(page).unwrap();
        let mut examples: Vec<String> = Vec::new();
        let mut is_code = false;
        for line in page.lines() {
            match (line.strip_prefix("    "), is_code) {
                (Some(code), true) => examples.last_mut().unwrap().extend(["\n", code]),
                (Some(code), false) => examples.push(code.to_owned()),
                (None, _) => {}
            }
            is_code = line.starts_with("    ");
        }
        assert_eq!(examples.len(), count, "{format}: {examples:#?}");
        for example in examples {
            let explained = algohook::desk::explain::explain(
                None,
                example.as_bytes(),
                jiff::Timestamp::UNIX_EPOCH,
            )
            .unwrap();
            assert_eq!(explained.format.as_str(), format, "{example}");
            assert!(
                explained.order.is_some(),
                "{example}: {:?}",
                explained.error
            );
        }
    }
}

/// What a message brought: the codes of its warnings, and the position after it.
fn followed(trader: &Trader, message: &Value) -> (Vec<String>, Option<String>) {
    let answer = trader.post(&message.to_string()).expect(200).json();
    let warnings = answer["validation"]["warnings"].as_array().unwrap();
    let codes = warnings.iter().map(|warning| warning["code"].as_str());
    let codes = codes.map(|code| code.unwrap().to_owned()).collect();
    (codes, trader.position())
}

/// <https://traderspost.io/reference/strategy-message/exit-partial-position>: a partial exit
/// "will not enter a new position on the other side".
#[test]
fn a_smaller_opposite_order_for_traderspost_reduces_the_position() {
    for (reversal, swapped) in [("net", None), ("full", Some("short 5"))] {
        let trader = Trader::new(&json!({ "keyInPath": true, "reversal": reversal }));
        let message = |action: &str, quantity: u32| json!({ "ticker": "AAPL", "action": action, "quantity": quantity, "price": 100 });
        followed(&trader, &message("buy", 10));
        let (codes, position) = followed(&trader, &message("sell", 5));
        assert_eq!(codes, [""; 0], "{reversal}");
        assert_eq!(position.as_deref(), Some("long 5"), "{reversal}");
        // As large as the position: what the settings say.
        let (codes, position) = followed(&trader, &message("sell", 5));
        assert_eq!(position.as_deref(), swapped, "{reversal}");
        let expected: &[&str] = if reversal == "net" {
            &["net_reversal"]
        } else {
            &[]
        };
        assert_eq!(codes, expected, "{reversal}");
    }
}

#[test]
fn a_sentiment_of_the_other_side_turns_a_fixed_quantity_around() {
    let trader = Trader::new(&json!({ "keyInPath": true }));
    let steps = [
        ("buy", "bullish", "long 1"),
        ("sell", "bearish", "short 1"),
        ("buy", "bullish", "long 1"),
    ];
    for (action, sentiment, expected) in steps {
        let (codes, position) = followed(&trader, &traderspost(action, sentiment, 1, 100));
        assert_eq!(codes, [""; 0], "{action}");
        assert_eq!(position.as_deref(), Some(expected));
    }
    // TradingView's own contracts have both in them.
    let (codes, position) = followed(&trader, &traderspost("sell", "bearish", 2, 100));
    assert_eq!((codes, position.as_deref()), (vec![], Some("short 1")));
}

#[test]
fn an_entry_of_a_signal_bot_closes_the_other_side() {
    let code = |side: &str| json!({ "code": format!("ENTER-{side}_Bybit_ETHUSDT_My bot_15M_x"), "amountPerTradeType": "base", "amountPerTrade": 2, "price": "100" });
    let custom = |side: &str| json!({ "secret": "S", "bot_uuid": "u", "tv_instrument": "BTCUSDT", "trigger_price": "100", "action": format!("enter_{side}"), "order": { "amount": "2", "currency_type": "base" } });
    for (long, short) in [
        (code("LONG"), code("SHORT")),
        (custom("long"), custom("short")),
    ] {
        let trader = Trader::new(&json!({ "keyInPath": true }));
        assert_eq!(followed(&trader, &long).1.as_deref(), Some("long 2"));
        let (codes, position) = followed(&trader, &short);
        assert_eq!(codes, [""; 0], "{short}");
        assert_eq!(position.as_deref(), Some("short 2"), "{short}");
    }
}

/// <https://docs.pickmytrade.trade/?p=1149>: without `pyramid` a position of the same side is
/// closed first.
#[test]
fn adding_where_pickmytrade_replaces_has_a_warning() {
    for (pyramid, expected) in [
        (json!(false), vec!["other_meaning"]),
        (json!(null), vec!["other_meaning"]),
        (json!(true), vec![]),
    ] {
        let trader = Trader::new(&json!({ "keyInPath": true }));
        let message = |price: u32| json!({ "symbol": "MNQ1!", "data": "buy", "quantity": 10, "price": price, "order_type": "MKT", "token": "U", "pyramid": pyramid, "reverse_order_close": true });
        assert_eq!(followed(&trader, &message(100)).0, [""; 0]);
        let (codes, position) = followed(&trader, &message(101));
        assert_eq!(codes, expected, "{pyramid}");
        assert_eq!(position.as_deref(), Some("long 20"));
        let event = &trader.events()[0];
        assert_eq!(
            event["warnings"].as_array().unwrap().len(),
            expected.len(),
            "{event}"
        );
    }
}

#[test]
fn amounts_in_money_are_not_compared_with_positions_in_units() {
    let message = |action: &str, kind: &str, price: &str, [after, before]: [(&str, &str); 2]| {
        json!({
            "secret": "S", "bot_uuid": "u", "tv_instrument": "BTCUSDT", "trigger_price": price, "action": action,
            "strategy_info": { "market_position": after.0, "market_position_size": after.1,
                "prev_market_position": before.0, "prev_market_position_size": before.1 },
            "order": { "amount": "50", "currency_type": kind },
        })
    };
    for kind in ["quote", "margin_percent"] {
        let trader = Trader::new(&json!({ "keyInPath": true }));
        let (flat, long, short) = (("flat", "0"), ("long", "2"), ("short", "3"));
        for (action, price, positions, expected) in [
            ("buy", "100", [long, flat], Some("long")),
            ("sell", "110", [short, long], Some("short")),
            ("buy", "90", [flat, short], None),
            ("buy", "120", [long, flat], Some("long")),
            ("sell", "80", [flat, long], None),
        ] {
            let (codes, position) = followed(&trader, &message(action, kind, price, positions));
            assert!(
                !codes.contains(&"out_of_sync".to_owned()),
                "{kind} {action} {codes:?}"
            );
            let side = position.as_deref().and_then(|text| text.split(' ').next());
            assert_eq!(side, expected, "{kind} {action}");
        }
    }
}
