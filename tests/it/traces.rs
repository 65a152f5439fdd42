//! Alerts that are refused leave a trace: TradingView does not send them again, and their
//! owner has to hear of them.

use std::io::Write;

use crate::support::tls::{Secured, request};
use crate::support::{self, DataDir, Server, Webhook, read_to_end};
use serde_json::{Value, json};

/// What doctor says of refused requests.
fn refused(data: &DataDir) -> String {
    let output = data.run(&["doctor", "--json"]);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let found = findings
        .iter()
        .find(|finding| finding["check"] == "refused");
    found.unwrap()["found"].as_str().unwrap().to_owned()
}

fn overview(server: &Server) -> Value {
    server.overview(&server.data.create_token())
}

/// A webhook on a server that was asked for no unknown one: the wait of the others does that.
fn quietly(server: &Server) -> Webhook {
    let webhook = server.data.create_webhook("Strategy");
    let token = server.data.create_token();
    support::wait_until("the server knows the webhook", || {
        let path = format!("/webhooks/{}/test", webhook.id);
        let answer = server.api(&token, "POST", &path, None);
        answer.status == 200 && answer.json()["status"] == 200
    });
    webhook
}

#[test]
fn an_address_that_can_only_mean_one_webhook_is_taken_and_told_of() {
    let server = Server::start_with(&["--rate-limit", "100"]);
    let webhook = quietly(&server);
    assert_eq!(refused(&server.data), "no request in the last day");
    let id = &webhook.id;
    let addresses = [
        format!("/hooks/{id}/"),
        format!("/hooks/{id}//"),
        format!("/hooks/{id}%20"),
        format!("/hooks/%20{id}"),
        format!("/hooks/{id}%0A"),
        format!("/hooks/{id}%E2%80%8B"),
        format!("/hooks/{id}?"),
        format!("/hooks/{id}/?source=tv"),
        format!("/hooks//{id}"),
        format!("//hooks/{id}"),
        format!("/HOOKS/{id}"),
        format!("/hooks/{}", id.to_lowercase()),
    ];
    let alert = webhook.alert(&json!({})).to_string();
    for address in &addresses {
        let mut stream = server.connect();
        let request = request("POST", address, &alert);
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_to_end(&stream);
        assert!(answer.starts_with("HTTP/1.1 200"), "{address}: {answer}");
    }
    let kept = server.data.orders().len();
    assert_eq!(kept, addresses.len());

    // One was right as it stood.
    let wrong = addresses.len() - 1;
    let told = refused(&server.data);
    let beginning =
        format!("{wrong} requests in the last 7 days to an address that is unknown as it stands");
    assert!(told.starts_with(&beginning), "{told}");
    assert!(told.contains("meant for \"Strategy\""), "{told}");
    assert!(server.log().contains("unknown as it stands"));
    let misdirected = overview(&server)["misdirected"].clone();
    let misdirected = misdirected.as_array().unwrap();
    let count = misdirected.iter().map(|one| one["count"].as_u64().unwrap());
    assert_eq!(count.sum::<u64>(), wrong as u64);
    for one in misdirected {
        assert_eq!(
            (&one["kind"], &one["webhook"]),
            (&json!("corrected"), &json!(id))
        );
        assert!(!one["address"].as_str().unwrap().contains(id.as_str()));
    }
}

#[test]
fn an_alert_to_an_unknown_address_is_told_of() {
    let server = Server::start();
    let webhook = quietly(&server);
    let alert = webhook.alert(&json!({})).to_string();
    // The last letters were lost.
    server.post(&webhook.id[..20], &alert).expect(404);
    server.post(&webhook.id[..20], &alert).expect(404);
    let answer = support::agent()
        .post(format!("{}/{}", server.url, webhook.id))
        .send(&alert);
    assert_ne!(answer.unwrap().status(), 200);
    let told = refused(&server.data);
    assert!(
        told.starts_with("3 requests to an unknown address in the last 7 days"),
        "{told}"
    );
    assert!(told.contains("meant for \"Strategy\""), "{told}");
    assert!(server.log().contains("answered 404"));
    let misdirected = overview(&server)["misdirected"].clone();
    let shown = |one: &Value| (one["address"].clone(), one["count"].clone());
    let shown: Vec<_> = misdirected.as_array().unwrap().iter().map(shown).collect();
    let masked = format!("{}…", &webhook.id[..7]);
    assert!(
        shown.contains(&(json!(format!("/hooks/{masked}")), json!(2))),
        "{shown:?}"
    );
    assert!(
        shown.contains(&(json!(format!("/{masked}")), json!(1))),
        "{shown:?}"
    );
    assert_eq!(server.data.orders().len(), 0);
}

#[test]
fn a_flood_of_unknown_addresses_is_counted_whole_and_kept_small() {
    let server = Server::start();
    for number in 0..200 {
        server.post(&format!("guess{number}"), "{}").expect(404);
    }
    let data = server.stop();
    let told = refused(&data);
    assert!(told.starts_with("200 requests to an unknown"), "{told}");
    let database = rusqlite::Connection::open(data.database()).unwrap();
    let rows: i64 = database
        .query_row("SELECT count(*) FROM misdirected", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 21);
    let log = std::fs::read_to_string(format!("{}.log", data.path.display())).unwrap();
    assert_eq!(log.matches("answered 404").count(), 1, "{log}");
}

#[test]
fn an_alert_over_plain_http_is_told_of_and_nothing_that_is_sent_is_redirected() {
    let secured = Secured::with(&["--http-listen", "127.0.0.1:0"]);
    let webhook = quietly(&secured.server);
    let address = secured.server.http_address();
    let send = |method: &str, path: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let alert = webhook.alert(&json!({})).to_string();
        let request = request(method, path, &alert);
        stream.write_all(request.as_bytes()).unwrap();
        read_to_end(&stream)
    };
    let id = &webhook.id;
    for path in [format!("/hooks/{id}"), format!("/HOOKS//{id}/")] {
        let answer = send("POST", &path);
        assert!(answer.starts_with("HTTP/1.1 403"), "{path}: {answer}");
    }
    let answer = send("POST", &format!("/{id}"));
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(send("GET", "/").starts_with("HTTP/1.1 308"));
    let told = refused(&secured.server.data);
    assert!(
        told.contains("2 requests over plain HTTP in the last 7 days")
            && told.contains("1 request to an unknown address"),
        "{told}"
    );
}

#[test]
fn alerts_over_the_limit_are_all_counted_those_too_that_are_not_kept() {
    let server = Server::start();
    let webhook = quietly(&server);
    // The test alert that waited for the webhook was one.
    for number in 0..99 {
        let alert = webhook.alert(&json!({ "ticker": format!("S{number}") }));
        server.deliver(&webhook, &alert);
    }
    let told = |server: &Server| {
        let webhook = overview(server)["webhooks"][0].clone();
        (
            webhook["attention"].clone(),
            webhook["alertsNotKept"].clone(),
        )
    };
    let all = json!([{ "kind": "limited", "count": 70 }]);
    assert_eq!(told(&server), (all.clone(), json!(40)));
    let said = "70 alerts over the limit for \"Strategy\" in the last 7 days, 40 of them not kept";
    assert_eq!(refused(&server.data), said);
    let shown = server.data.text(&["webhook", "show", &webhook.id]);
    assert!(
        shown.contains("40 alerts over the limit were not kept"),
        "{shown}"
    );
    // And still so after a start.
    let server = Server::with(server.stop(), &[]);
    assert_eq!(told(&server), (all, json!(40)));
}

#[test]
fn a_body_that_is_too_large_is_told_with_its_size() {
    let server = Server::start();
    let webhook = quietly(&server);
    let large = webhook
        .alert(&json!({ "comment": "x".repeat(30_000) }))
        .to_string();
    let answer = server.post(&webhook.id, &large).expect(413).json();
    let message = answer["error"]["message"].as_str().unwrap();
    let size = large.len();
    assert!(
        message.contains(&size.to_string()) && message.contains("25600"),
        "{message}"
    );
    // Without a stated length, too.
    let mut stream = server.connect();
    let id = &webhook.id;
    write!(
        stream,
        "POST /hooks/{id} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
         {size:x}\r\n{large}\r\n0\r\n\r\n"
    )
    .unwrap();
    assert!(read_to_end(&stream).contains(&format!("{size} bytes")));
    let token = server.data.create_token();
    let path = format!("/webhooks/{id}/rejections");
    let rejections = server.api(&token, "GET", &path, None).json();
    for index in [0, 1] {
        assert_eq!(rejections["items"][index]["reason"], "too_large");
        assert_eq!(rejections["items"][index]["size"], json!(size));
    }
    let told = refused(&server.data);
    assert!(
        told.contains(&format!("{size} bytes, larger than 25 KB")),
        "{told}"
    );
}
