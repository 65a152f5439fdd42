//! Certificates by themselves, from a real ACME authority on loopback.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::pebble::{Pebble, Setup, free_ports, is_installed, local};
use crate::support::tls::{Authority, HOST, TlsClient, request, serial_of};
use crate::support::{DataDir, Server, wait_until};
use rcgen::CertificateParams;
use serde_json::json;

/// A server for [`HOST`], and the authority that it asks.
struct Issuing {
    pebble: Pebble,
    https: u16,
    http: u16,
}

impl Issuing {
    /// An authority that is not started yet.
    fn new(resolves: bool) -> Self {
        let [https, http] = free_ports();
        let pebble = Pebble::new(Setup {
            tls_port: https,
            http_port: http,
            resolves,
            binding: None,
        });
        Self {
            pebble,
            https,
            http,
        }
    }

    fn serve(&self, data: DataDir, more: &[&str]) -> Server {
        let (https, http) = (local(self.https).to_string(), local(self.http).to_string());
        let (directory, roots) = (self.pebble.directory(), self.pebble.roots());
        let mut arguments = vec!["--domain", HOST, "--email", "owner@example.test"];
        arguments.extend(["--public-listen", &https, "--http-listen", &http]);
        arguments.extend(["--acme-directory", &directory, "--acme-retry", "1"]);
        arguments.extend(["--acme-ca", roots.to_str().unwrap()]);
        arguments.extend(more);
        Server::with(data, &arguments)
    }

    fn serial(&self, client: &TlsClient) -> Option<u64> {
        let stream = client.connect(local(self.https)).ok()?;
        Some(serial_of(&stream))
    }
}

fn kept(data: &DataDir) -> PathBuf {
    let folders = std::fs::read_dir(data.path.join("acme")).unwrap();
    let folder = folders.map(|entry| entry.unwrap().path()).next().unwrap();
    folder.join("certificate.pem")
}

fn issued(server: &Server) -> bool {
    server
        .get("/metrics")
        .text
        .contains("algohook_certificate_orders_total{outcome=\"issued\"} 1")
}

#[test]
fn a_certificate_is_got_shown_kept_and_not_asked_for_again() {
    if !is_installed("a_certificate_is_got_shown_kept_and_not_asked_for_again") {
        return;
    }
    let mut issuing = Issuing::new(true);
    issuing.pebble.start();
    let server = issuing.serve(DataDir::new(), &[]);
    wait_until("there is a certificate", || issued(&server));
    let client = issuing.pebble.client();
    let serial = issuing.serial(&client).unwrap();
    assert!(server.log().contains("got a certificate"));
    // It was proved on the HTTPS listener alone.
    assert!(
        issuing.pebble.log().contains("tls-alpn-01") || !issuing.pebble.log().contains("http-01")
    );

    let webhook = server.create_webhook("Strategy");
    let alert = webhook.alert(&json!({})).to_string();
    let alert = request("POST", &format!("/hooks/{}", webhook.id), &alert);
    let answer = client.exchange(local(issuing.https), &alert).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let file = kept(&server.data);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);

    let data = server.stop();
    let server = issuing.serve(data, &[]);
    assert_eq!(issuing.serial(&client), Some(serial));
    let metrics = server.get("/metrics").text;
    assert!(
        !metrics.contains("algohook_certificate_orders_total{"),
        "{metrics}"
    );
    assert!(
        !metrics.contains("algohook_certificate_not_after_seconds 0"),
        "{metrics}"
    );
}

#[test]
fn where_only_plain_http_gets_through_that_way_is_taken() {
    if !is_installed("where_only_plain_http_gets_through_that_way_is_taken") {
        return;
    }
    let mut issuing = Issuing::new(true);
    let [nobody] = free_ports();
    issuing.pebble.set_up(Setup {
        tls_port: nobody,
        http_port: issuing.http,
        resolves: true,
        binding: None,
    });
    issuing.pebble.start();
    let server = issuing.serve(DataDir::new(), &[]);
    wait_until("there is a certificate", || issued(&server));
    let log = server.log();
    assert!(
        log.contains("does not see this machine at hooks.example.test (tls-alpn-01)"),
        "{log}"
    );
    assert!(issuing.serial(&issuing.pebble.client()).is_some());
}

#[test]
fn a_domain_that_leads_elsewhere_is_named_and_the_rest_works() {
    if !is_installed("a_domain_that_leads_elsewhere_is_named_and_the_rest_works") {
        return;
    }
    let mut issuing = Issuing::new(false);
    issuing.pebble.start();
    let server = issuing.serve(DataDir::new(), &[]);
    wait_until("the failure is said", || {
        server.log().contains("no certificate yet")
    });
    let log = server.log();
    assert!(
        log.contains("does not see this machine at hooks.example.test"),
        "{log}"
    );
    assert!(log.contains("does the domain's address lead here"), "{log}");
    let metrics = server.get("/metrics").expect(200).text;
    assert!(
        metrics.contains("algohook_certificate_orders_total{outcome=\"failed\"}"),
        "{metrics}"
    );
    assert!(
        metrics.contains("algohook_certificate_not_after_seconds 0"),
        "{metrics}"
    );
}

#[test]
fn the_old_certificate_goes_on_while_the_authority_is_down_and_is_renewed_after() {
    if !is_installed("the_old_certificate_goes_on_while_the_authority_is_down_and_is_renewed_after")
    {
        return;
    }
    let mut issuing = Issuing::new(true);
    issuing.pebble.start();
    let server = issuing.serve(DataDir::new(), &[]);
    wait_until("there is a certificate", || issued(&server));
    let data = server.stop();
    issuing.pebble.stop();

    let authority = Authority::new("An authority of before");
    plant_ending(&data, &authority);
    let server = issuing.serve(data, &[]);
    wait_until("the authority was asked in vain", || {
        server.log().contains("the one before goes on")
    });
    let mut open = TlsClient::trusting(&authority)
        .connect(local(issuing.https))
        .unwrap();
    assert_eq!(serial_of(&open), 7);

    issuing.pebble.start();
    wait_until("it was renewed", || issued(&server));
    assert!(
        issuing
            .serial(&issuing.pebble.client())
            .is_some_and(|serial| serial != 7)
    );
    // The connection of before is still good.
    let answered = std::io::Write::write_all(&mut open, request("GET", "/", "").as_bytes());
    answered.unwrap();
    let mut first = [0; 12];
    std::io::Read::read_exact(&mut open, &mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 404");
}

/// Puts a certificate in the place of the kept one that ends tomorrow.
fn plant_ending(data: &DataDir, authority: &Authority) {
    let in_days = |days: i64| {
        let then = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        let day = jiff::tz::TimeZone::UTC.to_datetime(then).date();
        let (month, day_of_month) = (day.month().unsigned_abs(), day.day().unsigned_abs());
        rcgen::date_time_ymd(i32::from(day.year()), month, day_of_month)
    };
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    params.not_before = in_days(-88);
    params.not_after = in_days(2);
    params.serial_number = Some(7_u64.into());
    let ending = authority.sign(&params);
    let both = format!("{}{}", ending.key_pem, ending.certificate_pem);
    std::fs::write(kept(data), both).unwrap();
}

#[test]
fn an_authority_that_wants_to_know_its_customer_is_told() {
    if !is_installed("an_authority_that_wants_to_know_its_customer_is_told") {
        return;
    }
    let mut issuing = Issuing::new(true);
    issuing.pebble.set_up(Setup {
        tls_port: issuing.https,
        http_port: issuing.http,
        resolves: true,
        binding: Some((
            "customer-1",
            "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
        )),
    });
    issuing.pebble.start();
    let stranger = issuing.serve(DataDir::new(), &[]);
    wait_until("a stranger is refused", || {
        stranger.log().contains("no certificate yet")
    });
    assert!(
        stranger.log().contains("externalAccount"),
        "{}",
        stranger.log()
    );
    drop(stranger);
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let server = issuing.serve(
        DataDir::new(),
        &["--acme-eab-id", "customer-1", "--acme-eab-key", key],
    );
    wait_until("there is a certificate", || issued(&server));
    assert!(!server.log().contains(key));
}
