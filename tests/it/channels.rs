//! Channels: what the owner is told, once, in one message, and whatever an alert says.

use serde_json::{Value, json};

use crate::support::receiver::{ALLOW, Came, Does, Receiver};
use crate::support::tls::{Authority, HOST};
use crate::support::{DataDir, Server, wait_until};

/// Adds a channel of ntfy at a receiver.
#[track_caller]
fn add(data: &DataDir, receiver: &Receiver, options: &[&str]) -> String {
    let url = format!("url={}", receiver.url(""));
    let mut arguments = vec!["channel", "add", "Phone", "--kind", "ntfy", "--json"];
    arguments.extend(["--set", "topic=alerts", "--set", &url]);
    arguments.extend(options);
    data.json(&arguments)["id"].as_str().unwrap().to_owned()
}

/// Title and text of a message of ntfy.
fn told(came: &Came) -> (String, String) {
    let json = came.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    (text("title"), text("message"))
}

#[test]
fn an_order_is_told_with_its_profit_and_orders_of_a_moment_are_one_message() {
    let server = Server::start_with(&ALLOW);
    let webhook = server.create_webhook("BTC Strategy");
    let receiver = Receiver::start();
    add(&server.data, &receiver, &["--tells", "order"]);
    server
        .deliver(
            &webhook,
            &webhook.alert(&json!({"qty": 2, "marketPrice": 100})),
        )
        .expect(200);
    let (title, text) = told(&receiver.wait(1)[0]);
    assert_eq!(title, "Bought 2 NASDAQ:AAPL at 100");
    assert!(text.starts_with("BTC Strategy"), "{text}");
    let exit = json!({"positionDirection": "exitLong", "qty": 2, "marketPrice": 110,
        "metadata": {"comment": "<b>@everyone</b>"}});
    server.deliver(&webhook, &webhook.alert(&exit)).expect(200);
    server
        .deliver(
            &webhook,
            &webhook.alert(&json!({"qty": 1, "marketPrice": 120})),
        )
        .expect(200);
    let (title, text) = told(&receiver.wait(2)[1]);
    assert_eq!(title, "algohook: 2 messages");
    assert!(text.contains("• Sold 2 NASDAQ:AAPL at 110"), "{text}");
    assert!(text.contains("Closed 1 trade: +20.00 USD"), "{text}");
    assert!(text.contains("Comment: <b>@everyone</b>"), "{text}");
    assert!(text.contains("• Bought 1 NASDAQ:AAPL at 120"), "{text}");
    assert_eq!(receiver.came().len(), 2);
}

#[test]
fn a_profit_has_the_decimals_of_its_currency() {
    let server = Server::start_with(&ALLOW);
    let token = server.data.create_token();
    let receiver = Receiver::start();
    add(&server.data, &receiver, &["--tells", "order"]);
    for (number, (currency, told_as)) in
        (1..).zip([("JPY", "+1235 JPY"), ("BTC", "+1234.50000000 BTC")])
    {
        let webhook = server.create_webhook(currency);
        let settings = json!({ "settings": { "currency": currency } });
        let path = format!("/webhooks/{}", webhook.id);
        server
            .api(&token, "PATCH", &path, Some(settings))
            .expect(200);
        for (side, price) in [("entryLong", "1000"), ("exitLong", "2234.5")] {
            let alert = json!({"positionDirection": side, "qty": 1, "marketPrice": price});
            server.deliver(&webhook, &webhook.alert(&alert)).expect(200);
        }
        wait_until("the profit is told", || {
            let came = receiver.came();
            let told = came.iter().map(|came| told(came).1).collect::<String>();
            told.contains(&format!("Closed 1 trade: {told_as}")) && came.len() >= number
        });
    }
}

#[test]
fn a_fault_is_told_once_and_once_when_it_is_over_also_over_a_restart() {
    let server = Server::start_with(&ALLOW);
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let receiver = Receiver::start();
    add(&server.data, &receiver, &["--tells", "failed,out-of-sync"]);
    for _ in 0..3 {
        server
            .deliver(&webhook, &webhook.alert(&json!({"ticker": null})))
            .expect(422);
    }
    let (title, text) = told(&receiver.wait(1)[0]);
    assert_eq!(title, "Strategy: alerts could not be read");
    assert!(text.contains("ticker"), "the cause is told: {text}");
    // Another one, and a restart, are no news.
    let data = server.stop();
    let server = Server::with(data, &ALLOW);
    server
        .deliver(&webhook, &webhook.alert(&json!({"ticker": null})))
        .expect(422);
    let stated = json!({"positionSize": 5, "prevMarketPosition": "long", "prevMarketPositionSize": 4, "qty": 1});
    server
        .deliver(&webhook, &webhook.alert(&stated))
        .expect(200);
    let came = receiver.wait(2);
    let (title, _) = told(&came[1]);
    assert!(
        title.starts_with("Strategy: TradingView reports a different position"),
        "{title}"
    );
    assert_eq!(came.len(), 2);
    let accept = json!({"webhook": webhook.id, "ticker": "NASDAQ:AAPL"});
    server
        .api(&token, "POST", "/positions/accept", Some(accept))
        .expect(201);
    let (title, text) = told(&receiver.wait(3)[2]);
    assert!(
        title.starts_with("Over: Strategy: TradingView reports"),
        "{title}"
    );
    assert!(text.starts_with("since "), "{text}");
}

#[test]
fn a_test_shows_the_channels_own_answer() {
    let server = Server::start_with(&ALLOW);
    let token = server.data.create_token();
    let receiver = Receiver::that(Does::Answers(401, "", "unauthorized: t0k3n-of-the-owner"));
    let id = add(
        &server.data,
        &receiver,
        &["--set", "token=t0k3n-of-the-owner"],
    );
    let test = || {
        server
            .api(&token, "POST", &format!("/channels/{id}/test"), None)
            .expect(200)
            .json()
    };
    assert_eq!(
        test(),
        json!({"delivered": false, "answer": "401: unauthorized: ***"})
    );
    let refused = server.data.error(&["channel", "test", &id]);
    assert!(
        refused.contains("did not take it: 401: unauthorized: ***"),
        "{refused}"
    );
    receiver.then(Does::Answers(200, "", "fine"));
    assert_eq!(test(), json!({"delivered": true, "answer": "200: fine"}));
    assert_eq!(
        server.data.text(&["channel", "test", &id]),
        "Taken: 200: fine\n"
    );
    let came = receiver.came();
    assert_eq!(came[0].header("authorization"), "Bearer t0k3n-of-the-owner");
    let listed = server.api(&token, "GET", "/channels", None).expect(200);
    assert!(!listed.text.contains("t0k3n"), "{listed:?}");
    assert_eq!(listed.json()["items"][0]["secrets"], json!(["token"]));
    let missing = server.api(&token, "POST", "/channels/ch_9/test", None);
    missing.expect(404);
}

#[test]
fn a_channel_tells_what_it_is_set_to_and_of_its_webhooks() {
    let server = Server::start_with(&ALLOW);
    let (one, other) = (server.create_webhook("One"), server.create_webhook("Other"));
    let (of_one, paused) = (Receiver::start(), Receiver::start());
    let token = server.data.create_token();
    add(
        &server.data,
        &of_one,
        &["--tells", "order", "--webhook", "One"],
    );
    let id = add(&server.data, &paused, &["--tells", "order"]);
    server.data.text(&["channel", "change", &id, "--pause"]);
    server
        .deliver(&other, &other.alert(&json!({"qty": 7})))
        .expect(200);
    server
        .deliver(&one, &one.alert(&json!({"qty": 8})))
        .expect(200);
    let (title, _) = told(&of_one.wait(1)[0]);
    assert!(title.starts_with("Bought 8"), "{title}");
    assert_eq!((of_one.came().len(), paused.came().len()), (1, 0));
    // An order of the night is told in the morning; a fault at once.
    let day = jiff::Timestamp::now().to_string();
    let hour: u32 = day[11..13].parse().unwrap();
    let quiet = format!("{:02}:00-{:02}:00", hour, (hour + 3) % 24);
    let change = json!({"quiet": quiet, "paused": false, "tells": ["order", "failed"]});
    server
        .api(&token, "PATCH", &format!("/channels/{id}"), Some(change))
        .expect(200);
    server
        .deliver(&one, &one.alert(&json!({"qty": 9})))
        .expect(200);
    server
        .deliver(&one, &one.alert(&json!({"ticker": null})))
        .expect(422);
    let (title, _) = told(&paused.wait(1)[0]);
    assert!(title.contains("alerts could not be read"), "{title}");
    assert_eq!(waiting(&server, &token, &id).len(), 1);
}

/// The messages that wait for a channel.
fn waiting(server: &Server, token: &str, channel: &str) -> Vec<Value> {
    let path = format!("/outbox?target={channel}&state=waiting");
    let rows = server.api(token, "GET", &path, None).expect(200).json();
    rows["items"].as_array().unwrap().clone()
}

#[test]
fn what_quiet_hours_held_back_is_told_once_they_are_off() {
    let server = Server::start_with(&ALLOW);
    let (webhook, receiver) = (server.create_webhook("One"), Receiver::start());
    let token = server.data.create_token();
    let now = jiff::Timestamp::now().to_string();
    let hour: u32 = now[11..13].parse().unwrap();
    let quiet = |hours: u32| format!("{hour:02}:00-{:02}:00", (hour + hours) % 24);
    let id = add(
        &server.data,
        &receiver,
        &["--tells", "order", "--quiet", &quiet(3)],
    );
    // Each has the position after itself, and a long comment takes no other's place.
    for order in [
        json!({"qty": 1, "metadata": {"comment": "c".repeat(6000)}}),
        json!({"qty": 2}),
        json!({"positionDirection": "exit", "qty": null}),
    ] {
        server.deliver(&webhook, &webhook.alert(&order)).expect(200);
    }
    let due = || {
        let due = waiting(&server, &token, &id)[0]["dueAt"].clone();
        let due: jiff::Timestamp = due.as_str().unwrap().parse().unwrap();
        due
    };
    let (change, before) = (format!("/channels/{id}"), due());
    let hours = json!({"quiet": quiet(5)});
    server
        .api(&token, "PATCH", &change, Some(hours))
        .expect(200);
    assert_eq!(due() - before, jiff::SignedDuration::from_hours(2));
    assert_eq!(receiver.came().len(), 0);
    server
        .data
        .text(&["channel", "change", &id, "--quiet", "off"]);
    let (title, text) = told(&receiver.wait(1)[0]);
    assert_eq!(title, "algohook: 3 messages");
    for line in [
        "• Bought 1 NASDAQ:AAPL at 150.25",
        "Position after: 1\n",
        "Comment: ccc",
        "• Bought 2 NASDAQ:AAPL at 150.25",
        "Position after: 3\n",
        "• Sold 3 NASDAQ:AAPL at 150.25",
        "Position after: 0",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

#[test]
fn an_order_is_told_as_what_it_did() {
    let server = Server::start_with(&ALLOW);
    let webhook = server.create_webhook("BTC Strategy");
    let receiver = Receiver::start();
    add(&server.data, &receiver, &["--tells", "order"]);
    let mut count = 0;
    let mut told_of = |alerts: &[Value]| {
        for alert in alerts {
            let mut alert = alert.clone();
            alert["auth_key"] = json!(webhook.key);
            alert["ticker"] = json!("QQ");
            server.deliver(&webhook, &alert).expect(200);
        }
        count += 1;
        told(&receiver.wait(count)[count - 1])
    };
    let order = |intent: &str, quantity: u32| json!({"positionDirection": intent, "qty": quantity, "marketPrice": 6});
    let (title, _) = told_of(&[order("exitShort", 5)]);
    assert_eq!(title, "Nothing to close in QQ at 6");
    let (title, _) = told_of(&[json!({"positionDirection": "exitShort", "marketPrice": 6})]);
    assert_eq!(title, "Nothing to close in QQ at 6");
    let (title, text) = told_of(&[order("entryShort", 2)]);
    assert_eq!(title, "Sold 2 QQ at 6");
    assert!(text.ends_with("Position after: -2"), "{text}");
    // What the alert states is no more than that.
    let sell = json!({"action": "sell", "qty": 1, "marketPrice": 6, "marketPosition": "short", "marketPositionSize": 9});
    let (title, text) = told_of(&[sell]);
    assert_eq!(title, "Sold 1 QQ at 6");
    let position = "Position after: -3 (the alert states -9)";
    assert!(text.ends_with(position), "{text}");
    let (title, text) = told_of(&[order("exitShort", 50)]);
    assert_eq!(title, "Bought 3 QQ at 6");
    assert!(
        text.contains("The alert states 50: more than there was to close"),
        "{text}"
    );
    assert!(text.ends_with("Position after: 0"), "{text}");
}

#[test]
fn a_dead_channel_holds_up_nothing_and_a_dead_forward_is_told() {
    let server = Server::start_with(&ALLOW);
    let webhook = server.create_webhook("Strategy");
    let (dead, fine) = (Receiver::that(Does::Hangs), Receiver::start());
    add(&server.data, &dead, &[]);
    add(&server.data, &fine, &["--tells", "forward"]);
    let refuses = Receiver::that(Does::Answers(400, "", "no"));
    server
        .data
        .text(&["forward", "add", &webhook.id, &refuses.url("/")]);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    let (title, text) = told(&fine.wait(1)[0]);
    assert!(title.starts_with("fwd_1 to http://127.0.0.1"), "{title}");
    assert!(text.contains("1 not taken"), "{text}");
}

#[test]
fn a_setting_that_is_not_needed_can_be_removed_and_one_that_is_cannot() {
    let server = Server::start_with(&ALLOW);
    let token = server.data.create_token();
    let receiver = Receiver::start();
    let id = add(
        &server.data,
        &receiver,
        &["--set", "token=t0k3n-of-the-owner"],
    );
    let path = format!("/channels/{id}");
    let change = |settings: serde_json::Value| {
        let body = json!({"settings": settings});
        server.api(&token, "PATCH", &path, Some(body))
    };
    let shown = change(json!({"token": null})).expect(200).json();
    assert_eq!(shown["secrets"], json!([]));
    assert_eq!(shown["settings"]["topic"], "alerts");
    let refused = change(json!({"topic": null})).expect(422);
    assert!(refused.text.contains("ntfy needs topic"), "{refused:?}");
    let refused = change(json!({"chat": null})).expect(422);
    assert!(refused.text.contains("has no setting chat"), "{refused:?}");
    server
        .data
        .text(&["channel", "change", &id, "--unset", "url"]);
    let shown = server.api(&token, "GET", &path, None).expect(200).json();
    assert_eq!(shown["settings"], json!({"topic": "alerts"}));
    let webhook = server.create_webhook("Strategy");
    let (format, url) = (["--format", "algohook"], receiver.url("/"));
    let mut arguments = vec!["forward", "add", &webhook.id, &url, "--json"];
    arguments.extend(format);
    arguments.extend(["--set", "authKey=k3y-of-the-other"]);
    let made = server.data.json(&arguments);
    assert_eq!(made["secrets"], json!(["authKey"]));
    let changed = server
        .data
        .json(&["forward", "change", "fwd_1", "--unset", "authKey", "--json"]);
    assert_eq!(changed["secrets"], json!([]));
    let refused = server
        .data
        .error(&["forward", "change", "fwd_1", "--unset", "token"]);
    assert!(refused.contains("has no setting token"), "{refused}");
}

#[test]
fn nothing_is_left_of_a_channel_that_is_removed_and_its_token_is_never_kept() {
    let server = Server::start_with(&ALLOW);
    let said = "no_service for aSecretT0ken";
    let receiver = Receiver::that(Does::Answers(404, "", said));
    let url = format!("url={}", receiver.url("/services/T0001/B0002/aSecretT0ken"));
    let add = ["channel", "add", "Team", "--kind", "slack", "--set", &url];
    server.data.text(&add);
    let refused = server.data.error(&["channel", "test", "ch_1"]);
    assert!(refused.contains("404: no_service for ***"), "{refused}");
    receiver.then(Does::Hangs);
    let mut test = server.data.command(&["channel", "test", "ch_1"]);
    let mut test = test.stderr(std::process::Stdio::null()).spawn().unwrap();
    receiver.wait(2);
    server.data.text(&["channel", "remove", "ch_1"]);
    test.kill().unwrap();
    test.wait().unwrap();
    let database = rusqlite::Connection::open(server.data.database()).unwrap();
    let left = |sql: &str| -> u32 { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    wait_until("nothing of it waits", || {
        left(
            "SELECT count(*) FROM outbox WHERE lane LIKE 'ch_1%' AND state IN ('waiting', 'sending')",
        ) == 0
    });
    let lanes = "SELECT count(*) FROM outbox_lanes WHERE lane IN ('ch_1', 'ch_1.chat')";
    assert_eq!(left(lanes), 0);
    let answers = "SELECT count(*) FROM outbox_tries WHERE answer LIKE '%aSecretT0ken%'";
    assert_eq!(left(answers), 0);
}

#[test]
fn a_database_that_is_nearly_full_is_told_before_alerts_are_refused() {
    let options = [
        &ALLOW[..],
        &["--max-database-size", "4", "--rate-limit", "100000"],
    ]
    .concat();
    let server = Server::start_with(&options);
    let webhook = server.create_webhook("Strategy");
    let receiver = Receiver::start();
    add(&server.data, &receiver, &["--tells", "server"]);
    let database = rusqlite::Connection::open(server.data.database()).unwrap();
    let pages = || -> u32 {
        database
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap()
    };
    let alert = webhook.alert(&json!({"metadata": {"note": "x".repeat(8000)}}));
    while pages() < 1024 * 92 / 100 {
        server.deliver(&webhook, &alert).expect(200);
    }
    let (title, _) = told(&receiver.wait(1)[0]);
    assert!(
        title.starts_with("The database has nearly the 4 MiB"),
        "{title}"
    );
    let token = server.data.create_token();
    let overview = server.api(&token, "GET", "/overview", None).expect(200);
    assert!(
        overview.text.contains("The database has nearly"),
        "{overview:?}"
    );
}

#[test]
fn a_certificate_that_ends_soon_is_told() {
    let authority = Authority::new("Authority");
    let mut params = rcgen::CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(5 * 24);
    let day = jiff::tz::TimeZone::UTC.to_datetime(end).date();
    let (month, of_month) = (day.month().unsigned_abs(), day.day().unsigned_abs());
    params.not_after = rcgen::date_time_ymd(i32::from(day.year()), month, of_month);
    let data = DataDir::new();
    std::fs::create_dir_all(&data.path).unwrap();
    let (certificate, key) = authority.sign(&params).write_to(&data.path);
    let receiver = Receiver::start();
    data.create_webhook("Strategy");
    add(&data, &receiver, &["--tells", "server"]);
    let tls = [
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
        "--public-listen",
        "127.0.0.1:0",
        "--http-listen",
        "none",
    ];
    let _server = Server::with(data, &[&ALLOW[..], &tls].concat());
    let (title, _) = told(&receiver.wait(1)[0]);
    assert!(title.starts_with("The certificate ends on 20"), "{title}");
    assert!(title.ends_with("and was not renewed"), "{title}");
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let data = DataDir::new();
    data.create_webhook("Strategy");
    for (options, said) in [
        (&["--kind", "ntfy"][..], "ntfy needs topic; give it a value"),
        (&["--kind", "ntfy"], "hint: --set topic=VALUE"),
        (
            &["--kind", "gotify", "--set", "token=a"],
            "gotify needs url",
        ),
        (
            &["--kind", "ntfy", "--set", "topic=a", "--set", "chat=1"],
            "has no setting chat",
        ),
        (
            &["--kind", "discord", "--set", "url=discord.com/api"],
            "an address such as",
        ),
        (
            &[
                "--kind", "email", "--set", "host=a", "--set", "from=a", "--set", "to=b@c",
            ],
            "an e-mail address",
        ),
        (
            &["--kind", "ntfy", "--set", "topic=a", "--quiet", "night"],
            "22:00-07:00",
        ),
        (
            &["--kind", "ntfy", "--set", "topic=a", "--time-zone", "Mars"],
            "is no time zone",
        ),
        (
            &["--kind", "ntfy", "--set", "topic=a", "--webhook", "None"],
            "no webhook named",
        ),
    ] {
        let mut arguments = vec!["channel", "add", "Name"];
        arguments.extend(options);
        let error = data.error(&arguments);
        assert!(error.contains(said), "{options:?}: {error}");
    }
    let wrong = data.run(&["channel", "add", "Name", "--kind", "pigeon"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(data.json(&["channel", "list", "--json"]), json!([]));
    let silent = data.run(&["channel", "add", "N", "--kind", "ntfy", "--set", "topic=a"]);
    assert!(silent.status.success());
    let no_server = data.error(&["channel", "test", "ch_1"]);
    assert!(no_server.contains("start algohook serve"), "{no_server}");
    wait_until("the channel is there", || {
        data.json(&["channel", "list", "--json"])[0]["kind"] == "ntfy"
    });
}
