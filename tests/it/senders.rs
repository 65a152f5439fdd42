//! Who may post: anybody with the key, TradingView's addresses, or its client certificate.

use std::io::{Read, Write};
use std::sync::Arc;

use crate::support::tls::{Authority, Secured, Signed, TlsClient, request};
use crate::support::{self, Server, Webhook, wait_until};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, SanType};
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use serde_json::{Value, json};

/// The certificate that TradingView shows, as far as words go.
fn tradingview(authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Signed {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "US");
    name.push(DnType::StateOrProvinceName, "Ohio");
    name.push(DnType::LocalityName, "Westerville");
    name.push(DnType::OrganizationName, "TradingView, Inc.");
    name.push(DnType::CommonName, "webhook-server@tradingview.com");
    params.distinguished_name = name;
    let email = "webhook-server@tradingview.com".try_into().unwrap();
    params.subject_alt_names = vec![SanType::Rfc822Name(email)];
    change(&mut params);
    authority.sign(&params)
}

/// A server over HTTPS for which this machine is one of TradingView's.
struct Desk {
    secured: Secured,
    webhook: Webhook,
    token: String,
}

impl Desk {
    fn new() -> Self {
        // Alerts are sent until a change counts, however many that takes.
        let secured = Secured::with(&["--rate-limit", "1000000"]);
        let webhook = secured.server.create_webhook("Strategy");
        let token = secured.server.data.create_token();
        Self {
            secured,
            webhook,
            token,
        }
    }

    fn server(&self) -> &Server {
        &self.secured.server
    }

    fn change(&self, change: Value) -> support::Answer {
        self.server()
            .api(&self.token, "PATCH", "/senders", Some(change))
    }

    fn senders(&self) -> Value {
        let answer = self.server().api(&self.token, "GET", "/senders", None);
        answer.expect(200).json()
    }

    /// Posts an alert with a client certificate, or none; the status.
    fn post(&self, client: &TlsClient) -> u16 {
        let alert = self.webhook.alert(&json!({})).to_string();
        let request = request("POST", &format!("/hooks/{}", self.webhook.id), &alert);
        let answer = client.exchange(self.server().https_address(), &request);
        let answer = answer.unwrap();
        answer[9..12].parse().unwrap()
    }

    fn post_with(&self, signed: &Signed) -> u16 {
        self.post(&self.secured.client().with_identity(signed))
    }

    fn last_verified(&self) -> Value {
        self.server().data.events().last().unwrap()["verified"].clone()
    }

    /// Lets an authority sign for TradingView, as the owner would.
    fn pin(&self, authority: &Authority) {
        let body = json!({ "certificate": authority.pem() });
        self.server()
            .api(&self.token, "POST", "/senders/issuers", Some(body))
            .expect(204);
    }
}

#[test]
fn by_default_anybody_with_the_key_may_post() {
    let desk = Desk::new();
    assert_eq!(desk.post(&desk.secured.client()), 200);
    assert_eq!(desk.last_verified(), Value::Null);
    let senders = desk.senders();
    assert_eq!(senders["policy"], "any");
    let addresses = [
        "52.89.214.238",
        "34.212.75.30",
        "54.218.53.128",
        "52.32.178.7",
    ];
    assert_eq!(senders["addresses"], json!(addresses));
}

#[test]
fn with_addresses_only_those_of_the_list_may_post() {
    let desk = Desk::new();
    desk.change(json!({ "policy": "address" })).expect(200);
    assert_eq!(desk.post(&desk.secured.client()), 403);
    let path = format!("/webhooks/{}/rejections", desk.webhook.id);
    let rejections = desk.server().api(&desk.token, "GET", &path, None).json();
    assert_eq!(rejections["items"][0]["reason"], "wrong_sender");
    assert!(desk.server().data.events().is_empty());

    desk.change(json!({ "addresses": ["127.0.0.1"] }))
        .expect(200);
    assert_eq!(desk.post(&desk.secured.client()), 200);
    assert_eq!(desk.last_verified(), "address");
}

#[test]
fn a_webhook_can_say_it_for_itself() {
    let desk = Desk::new();
    let path = format!("/webhooks/{}", desk.webhook.id);
    let change = json!({ "settings": { "senders": "address" } });
    desk.server()
        .api(&desk.token, "PATCH", &path, Some(change))
        .expect(200);
    assert_eq!(desk.post(&desk.secured.client()), 403);
    // The owner's test alert goes through.
    let test = format!("/webhooks/{}/test", desk.webhook.id);
    let answer = desk
        .server()
        .api(&desk.token, "POST", &test, Some(json!({})));
    assert!(answer.status < 300, "{answer:?}");
    let change = json!({ "settings": { "senders": "any" } });
    desk.server()
        .api(&desk.token, "PATCH", &path, Some(change))
        .expect(200);
    desk.change(json!({ "policy": "address" })).expect(200);
    assert_eq!(desk.post(&desk.secured.client()), 200);
}

#[test]
fn certificates_cannot_be_demanded_before_an_issuer_is_pinned() {
    let desk = Desk::new();
    let answer = desk.change(json!({ "policy": "certificate" })).expect(409);
    assert!(
        answer
            .text
            .contains("first pin one of those that were seen"),
        "{}",
        answer.text
    );
    let error = desk.server().data.error(&["senders", "set", "certificate"]);
    assert!(
        error.contains("no certificate issuer is pinned yet")
            && error.contains("algohook senders pin"),
        "{error}"
    );
    let path = format!("/webhooks/{}", desk.webhook.id);
    let body = json!({ "settings": { "senders": "certificate" } });
    desk.server()
        .api(&desk.token, "PATCH", &path, Some(body))
        .expect(409);
}

#[test]
fn the_last_pinned_issuer_is_not_forgotten_while_certificates_are_demanded() {
    let desk = Desk::new();
    let right = Authority::new("Right");
    desk.pin(&right);
    let fingerprint = desk.senders()["issuers"][0]["fingerprint"].clone();
    let fingerprint = fingerprint.as_str().unwrap();
    let webhook = format!("/webhooks/{}", desk.webhook.id);
    let of_webhook = |policy: Value| {
        let body = json!({ "settings": { "senders": policy } });
        desk.server()
            .api(&desk.token, "PATCH", &webhook, Some(body))
            .expect(200);
    };
    let refuses = |who: &str| {
        let path = format!("/senders/issuers/{fingerprint}");
        let problem = desk
            .server()
            .api(&desk.token, "DELETE", &path, None)
            .expect(409)
            .json();
        assert!(
            problem["detail"].as_str().unwrap().contains(who),
            "{problem}"
        );
        let error = desk
            .server()
            .data
            .error(&["senders", "forget", fingerprint]);
        assert!(error.contains("only pinned issuer"), "{error}");
        assert_eq!(desk.post_with(&tradingview(&right, |_| {})), 200);
    };
    desk.change(json!({ "policy": "certificate" })).expect(200);
    refuses("the server's setting");
    of_webhook(json!("certificate"));
    desk.change(json!({ "policy": "any" })).expect(200);
    refuses("the webhook \"Strategy\"");

    // Another pin is enough, and one that is not pinned can always go.
    let other = Authority::new("Other");
    desk.pin(&other);
    desk.server().data.text(&["senders", "forget", fingerprint]);
    desk.pin(&right);
    of_webhook(Value::Null);
    for issuer in desk.senders()["issuers"].as_array().unwrap() {
        let fingerprint = issuer["fingerprint"].as_str().unwrap();
        desk.server().data.text(&["senders", "forget", fingerprint]);
    }
}

#[test]
fn a_pinned_root_counts_through_what_it_signed_and_no_leaf_signs() {
    let desk = Desk::new();
    let root = Authority::new("Root");
    desk.pin(&root);
    desk.change(json!({ "policy": "certificate" })).expect(200);
    let with_chain = |leaf: &Signed, chain: &[CertificateDer<'static>]| {
        let mut client = desk.secured.client().with_identity(leaf);
        let (shown, _) = client.identity.as_mut().unwrap();
        shown.extend_from_slice(chain);
        desk.post(&client)
    };
    let between = root.intermediate("Between", IsCa::Ca(BasicConstraints::Unconstrained));
    let leaf = tradingview(&between, |_| {});
    assert_eq!(with_chain(&leaf, &[between.certificate()]), 200);
    assert_eq!(desk.last_verified(), "certificate");
    assert_eq!(with_chain(&leaf, &[]), 403, "nothing between");
    let no_authority = root.intermediate("Customer", IsCa::NoCa);
    let forged = tradingview(&no_authority, |_| {});
    assert_eq!(
        with_chain(&forged, &[no_authority.certificate()]),
        403,
        "a leaf"
    );
    let too_deep = root.intermediate("Last", IsCa::Ca(BasicConstraints::Constrained(0)));
    let below = too_deep.intermediate("Below", IsCa::Ca(BasicConstraints::Unconstrained));
    let leaf = tradingview(&below, |_| {});
    let chain = [below.certificate(), too_deep.certificate()];
    assert_eq!(with_chain(&leaf, &chain), 403, "too deep");
}

#[test]
fn with_certificates_only_tradingviews_signed_by_the_pinned_key_may_post() {
    let desk = Desk::new();
    let (right, other) = (Authority::new("Right"), Authority::new("Other"));
    desk.pin(&right);
    desk.change(json!({ "policy": "certificate", "addresses": ["127.0.0.1"] }))
        .expect(200);

    assert_eq!(desk.post_with(&tradingview(&right, |_| {})), 200);
    assert_eq!(desk.last_verified(), "certificate");
    let former = tradingview(&right, |params| {
        params.distinguished_name.remove(DnType::CommonName);
        params
            .distinguished_name
            .push(DnType::CommonName, "TradingView Webhooks");
        params.subject_alt_names.clear();
    });
    assert_eq!(desk.post_with(&former), 200);

    assert_eq!(desk.post(&desk.secured.client()), 403, "none");
    assert_eq!(
        desk.post_with(&tradingview(&other, |_| {})),
        403,
        "another issuer"
    );
    let wrong_name = tradingview(&right, |params| {
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Somebody, Inc.");
    });
    assert_eq!(desk.post_with(&wrong_name), 403, "another name");
    let wrong_email = tradingview(&right, |params| {
        let email = "somebody@tradingview.com".try_into().unwrap();
        params.subject_alt_names = vec![SanType::Rfc822Name(email)];
    });
    assert_eq!(desk.post_with(&wrong_email), 403, "another address");
    let expired = tradingview(&right, |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    assert_eq!(desk.post_with(&expired), 403, "expired");
    let early = tradingview(&right, |params| {
        params.not_before = rcgen::date_time_ymd(2090, 1, 1);
    });
    assert_eq!(desk.post_with(&early), 403, "not yet good");
    assert_eq!(desk.server().data.events().len(), 2);
}

#[test]
fn whoever_shows_another_ones_certificate_without_its_key_gets_no_connection() {
    let desk = Desk::new();
    let right = Authority::new("Right");
    let (genuine, stolen) = (tradingview(&right, |_| {}), tradingview(&right, |_| {}));
    let key = rustls::crypto::ring::sign::any_supported_type(&stolen.key).unwrap();
    let mixed = CertifiedKey::new(vec![genuine.certificate], key);
    let client = desk.secured.client();
    let mut config = client.config();
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(mixed));
    let address = desk.server().https_address();
    let request = request("GET", "/", "");
    let answer = TlsClient::connect_with(config, address).and_then(|mut stream| {
        stream.write_all(request.as_bytes())?;
        let mut first = [0; 8];
        stream.read_exact(&mut first)
    });
    assert!(answer.is_err(), "{answer:?}");
}

#[test]
fn clients_with_any_other_certificate_are_served_where_it_is_not_demanded() {
    let desk = Desk::new();
    let stranger = Authority::new("Stranger").for_host(1);
    assert_eq!(desk.post_with(&stranger), 200);
    assert_eq!(desk.last_verified(), Value::Null);
}

#[test]
fn the_issuer_is_learned_from_a_tradingview_address_and_counts_once_pinned() {
    let desk = Desk::new();
    let right = Authority::new("Right");
    let mut client = desk
        .secured
        .client()
        .with_identity(&tradingview(&right, |_| {}));
    let (chain, _) = client.identity.as_mut().unwrap();
    chain.push(right.certificate());

    // Not from an address that is not TradingView's.
    assert_eq!(desk.post(&client), 200);
    assert_eq!(desk.senders()["issuers"], json!([]));

    desk.change(json!({ "addresses": ["127.0.0.1"] }))
        .expect(200);
    assert_eq!(desk.post(&client), 200);
    assert_eq!(desk.last_verified(), "address");
    let senders = desk.senders();
    let issuer = &senders["issuers"][0];
    assert_eq!(issuer["pinnedAt"], Value::Null);
    assert!(issuer["name"].as_str().unwrap().contains("Right"));

    let fingerprint = issuer["fingerprint"].as_str().unwrap();
    desk.server().data.text(&["senders", "pin", fingerprint]);
    wait_until("the pin counts", || {
        assert_eq!(desk.post(&client), 200);
        desk.last_verified() == "certificate"
    });
    // A look-alike of another issuer never counts, from whatever address.
    let look_alike = tradingview(&Authority::new("Right"), |_| {});
    assert_eq!(desk.post_with(&look_alike), 200);
    assert_eq!(desk.last_verified(), "address");

    desk.server().data.text(&["senders", "forget", fingerprint]);
    assert!(
        desk.server()
            .data
            .text(&["senders", "show"])
            .contains("127.0.0.1")
    );
}

#[test]
fn an_issuer_is_not_learned_from_an_alert_with_a_wrong_key() {
    let desk = Desk::new();
    desk.change(json!({ "addresses": ["127.0.0.1"] }))
        .expect(200);
    let signed = tradingview(&Authority::new("Right"), |_| {});
    let wrong = desk
        .webhook
        .alert(&json!({ "auth_key": "x".repeat(32) }))
        .to_string();
    let request = request("POST", &format!("/hooks/{}", desk.webhook.id), &wrong);
    let client = desk.secured.client().with_identity(&signed);
    let answer = client
        .exchange(desk.server().https_address(), &request)
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(desk.senders()["issuers"], json!([]));
}
