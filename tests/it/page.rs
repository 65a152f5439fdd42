//! The web page's files as the real binary sends them.

use crate::support::{Server, agent};
use ureq::http::HeaderMap;

/// The address of the script that the page begins with.
fn script(server: &Server) -> String {
    let page = server.get("/").expect(200).text;
    let (_, rest) = page.split_once("src=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// What a browser that says this of itself gets: headers and the length of the body.
fn get(server: &Server, path: &str, header: (&str, &str)) -> (u16, HeaderMap, usize) {
    let url = format!("{}{path}", server.url);
    let mut answer = agent().get(url).header(header.0, header.1).call().unwrap();
    let length = answer.body_mut().read_to_vec().unwrap().len();
    (answer.status().as_u16(), answer.headers().clone(), length)
}

#[test]
fn every_address_of_the_page_is_the_page_under_a_strict_policy() {
    let server = Server::start();
    for path in [
        "/",
        "/setup",
        "/webhooks/wh_1",
        "/events?status=failed",
        "/report",
    ] {
        let answer = server.get(path).expect(200);
        assert!(answer.text.contains("<div id=\"app\">"), "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    for path in [
        "/nothing",
        "/assets/",
        "/assets/../index.html",
        "/index.html.br",
        "/.env",
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
}

/// Phones take no SVG for the icon of an installed page.
#[test]
fn every_icon_of_the_manifest_is_there_as_what_it_says() {
    let server = Server::start();
    let manifest = server.get("/app.webmanifest").expect(200);
    assert_eq!(manifest.header("content-type"), "application/manifest+json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest.text).unwrap();
    let icons = manifest["icons"].as_array().unwrap();
    assert!(icons.iter().any(|icon| icon["sizes"] == "512x512"));
    for icon in icons {
        let path = icon["src"].as_str().unwrap();
        let (status, headers, length) = get(&server, path, ("accept-encoding", "identity"));
        assert_eq!(status, 200, "{path}");
        assert_eq!(headers["content-type"], icon["type"].as_str().unwrap());
        assert!((1..20_000).contains(&length), "{path}: {length}");
    }
}

#[test]
fn a_browser_at_no_address_gets_the_page_that_says_so() {
    let server = Server::start();
    let browser = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let (status, headers, _) = get(&server, "/zzz", browser);
    assert_eq!(status, 404);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for path in ["/api/v1/zzz", "/assets/zzz.js", "/hooks/wh_zzz"] {
        let (status, _, _) = get(&server, path, ("accept", "*/*"));
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    let (_, headers, _) = get(&server, "/api/v1/zzz", browser);
    assert_ne!(headers["content-type"], "text/html; charset=utf-8");
}

#[test]
fn files_are_sent_compressed_and_kept_by_the_browser() {
    let server = Server::start();
    let script = script(&server);
    let (_, plain, whole) = get(&server, &script, ("accept-encoding", "identity"));
    assert_eq!(
        plain["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(plain["vary"], "accept-encoding");
    let (_, brotli, smallest) = get(&server, &script, ("accept-encoding", "gzip, deflate, br"));
    let (_, gzip, small) = get(&server, &script, ("accept-encoding", "gzip, br;q=0"));
    assert_eq!(brotli["content-encoding"], "br");
    assert_eq!(gzip["content-encoding"], "gzip");
    assert!(smallest < small && small < whole);
    let tag = plain["etag"].to_str().unwrap();
    let (status, _, length) = get(&server, &script, ("if-none-match", tag));
    assert_eq!((status, length), (304, 0));
}

#[test]
fn what_a_page_needs_is_named_with_it() {
    let server = Server::start();
    let links = |path: &str| -> Vec<String> {
        let answer = server.get(path).expect(200);
        let links = answer.header("link").split(", ");
        links.map(str::to_owned).collect()
    };
    let mut own = std::collections::BTreeSet::new();
    for path in [
        "/",
        "/webhooks",
        "/webhooks/wh_1",
        "/webhooks/wh_1/compare",
        "/events",
        "/events/evt_1",
        "/trades",
        "/trades/trd_1_2",
        "/orders",
        "/positions",
        "/report?webhook=wh_1",
        "/import",
        "/forwards",
        "/channels",
        "/account",
    ] {
        let links = links(path);
        assert_eq!(
            links[0], "</api/v1/me>; rel=preload; as=fetch; crossorigin",
            "{path}"
        );
        for link in &links[1..] {
            let (file, kind) = link.split_once('>').unwrap();
            assert_eq!(kind, "; rel=modulepreload");
            let sent = server.get(&file[1..]).expect(200);
            assert_eq!(
                sent.header("content-type"),
                "text/javascript; charset=utf-8"
            );
        }
        assert!(own.insert(links[1].clone()), "{path}: {links:?}");
    }
    // Before a login there is nothing to fetch, and a file names none.
    for path in ["/setup".to_owned(), script(&server)] {
        let (_, headers, _) = get(&server, &path, ("accept", "*/*"));
        assert!(!headers.contains_key("link"), "{path}");
    }
    assert_eq!(server.get("/pages.json").status, 404);
}

#[test]
fn the_page_is_only_read() {
    let server = Server::start();
    let answer = agent().post(&server.url).send("").unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "GET, HEAD");
}
