//! A full disk: 503, nothing acknowledged is lost, and it goes on when there is room.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{self, DataDir, Server, Webhook};
use serde_json::json;

/// Sends alerts until one is refused; how many were acknowledged.
fn fill(server: &Server, webhook: &Webhook) -> usize {
    let note = "x".repeat(20_000);
    let mut acknowledged = 0;
    for _ in 0..10_000 {
        let alert = webhook.alert(&json!({ "metadata": { "note": note } }));
        let answer = server.deliver(webhook, &alert);
        match answer.status {
            200 => acknowledged += 1,
            503 => {
                assert_eq!(answer.header("retry-after"), "5");
                let answer = answer.json();
                assert_eq!(answer["error"]["code"], "unavailable");
                assert!(answer.get("webhookEvent").is_none());
                return acknowledged;
            }
            _ => panic!("{answer:?}"),
        }
    }
    panic!("the disk is never full");
}

fn check(data: &DataDir, webhook: &Webhook, acknowledged: usize) {
    let database = rusqlite::Connection::open(data.database()).unwrap();
    let sound: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let kept: u32 = database
        .query_row(
            "SELECT count(*) FROM orders o JOIN webhooks w ON w.id = o.webhook_id
             WHERE w.public_id = ?1",
            [&webhook.id],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kept as usize, acknowledged);
}

#[test]
fn a_database_at_its_limit_refuses_and_goes_on_when_there_is_room() {
    let server = Server::start_with(&["--rate-limit", "100000", "--max-database-size", "4"]);
    let old = server.create_webhook("Old");
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    for _ in 0..60 {
        let note = "x".repeat(20_000);
        let alert = old.alert(&json!({ "metadata": { "note": note } }));
        server.deliver(&old, &alert).expect(200);
    }
    let mut acknowledged = fill(&server, &webhook);
    assert!(acknowledged > 10, "{acknowledged}");
    server
        .deliver(&webhook, &webhook.alert(&json!({ "auth_key": "no" })))
        .expect(401);
    let large = webhook.alert(&json!({ "metadata": { "note": "x".repeat(20_000) } }));
    for _ in 0..30 {
        server.deliver(&webhook, &large).expect(503);
    }
    let log = server.log();
    let said = log.matches("an alert was not stored").count();
    assert_eq!(said, 1, "{log}");
    assert!(log.lines().count() < 20, "{log}");
    // The owner is not locked out, and makes room.
    server.api(&token, "GET", "/webhooks", None).expect(200);
    server
        .api(&token, "DELETE", &format!("/webhooks/{}", old.id), None)
        .expect(204);
    support::wait_until("there is room again", || {
        let answer = server.deliver(&webhook, &webhook.alert(&json!({})));
        acknowledged += usize::from(answer.status == 200);
        answer.status == 200
    });
    let data = server.stop();
    check(&data, &webhook, acknowledged);
}

/// A small file system of its own, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it, where this process may.
    fn mount(at: &Path, size: &str) -> Result<Self, String> {
        std::fs::create_dir(at).unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "algohook-test"])
            .arg(at)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Self(at.to_owned())),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// A small disk, or `None` where this machine lets nobody mount one.
fn small_disk(test: &str, at: &Path, size: &str) -> Option<SmallDisk> {
    match SmallDisk::mount(at, size) {
        Ok(disk) => Some(disk),
        Err(reason) => {
            let reason = format!("a small file system needs the right to mount: {reason}");
            support::skipped(test, reason);
            None
        }
    }
}

#[test]
fn a_backup_that_does_not_fit_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let test = "a_backup_that_does_not_fit_leaves_nothing_behind";
    let Some(_disk) = small_disk(test, &path, "64k") else {
        return;
    };
    let data = DataDir::new();
    data.create_webhook("Strategy");
    let target = path.join("algohook.db");
    data.error(&["backup", target.to_str().unwrap()]);
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0);
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let test = "a_full_disk_refuses_and_goes_on_when_there_is_room";
    let Some(disk) = small_disk(test, &path, "8m") else {
        return;
    };
    let ballast = path.join("ballast");
    std::fs::write(&ballast, vec![1; 3 * 1024 * 1024]).unwrap();
    let data = DataDir::at(&path.join("data"));
    let server = Server::with(data, &["--rate-limit", "100000"]);
    let webhook = server.create_webhook("Strategy");
    let mut acknowledged = fill(&server, &webhook);
    assert!(acknowledged > 10, "{acknowledged}");
    server
        .deliver(
            &webhook,
            &webhook.alert(&json!({ "metadata": { "note": "x".repeat(20_000) } })),
        )
        .expect(503);

    std::fs::remove_file(&ballast).unwrap();
    support::wait_until("there is room again", || {
        let answer = server.deliver(&webhook, &webhook.alert(&json!({})));
        acknowledged += usize::from(answer.status == 200);
        answer.status == 200
    });
    for _ in 0..20 {
        server
            .deliver(&webhook, &webhook.alert(&json!({})))
            .expect(200);
        acknowledged += 1;
    }
    let data = server.kill();
    check(&data, &webhook, acknowledged);
    drop(disk);
}

/// A server on a small disk whose alerts come without a pause in which anything is folded.
fn on_small_disk(path: &Path) -> Server {
    Server::with(DataDir::at(&path.join("data")), &["--rate-limit", "100000"])
}

fn is_healthy(server: &Server) -> bool {
    server.get("/healthz").status == 200
}

#[test]
fn the_owner_makes_room_on_a_full_disk_by_deleting() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let test = "the_owner_makes_room_on_a_full_disk_by_deleting";
    let Some(disk) = small_disk(test, &path, "16m") else {
        return;
    };
    let server = on_small_disk(&path);
    let old = server.create_webhook("Old");
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let stored = fill(&server, &old);
    // Most of the disk is the alerts': their text alone takes 20 kB each.
    assert!(stored > 350, "{stored}");
    support::wait_until("the server says that it is not well", || {
        !is_healthy(&server)
    });
    server
        .api(&token, "DELETE", &format!("/webhooks/{}", old.id), None)
        .expect(204);
    support::wait_until("there is room again", || is_healthy(&server));
    // What was deleted goes in parts, so that alerts may be refused in between.
    let mut acknowledged = 0;
    support::wait_until("the room is used again", || {
        acknowledged += fill(&server, &webhook);
        acknowledged > 350
    });
    // All of it can be folded, as full as the disk is.
    let data = server.stop();
    assert!(!data.database().with_extension("db-wal").exists());
    check(&data, &webhook, acknowledged);
    drop(disk);
}

#[test]
fn a_disk_that_others_fill_is_got_over_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let test = "a_disk_that_others_fill_is_got_over_by_itself";
    let Some(disk) = small_disk(test, &path, "16m") else {
        return;
    };
    let server = on_small_disk(&path);
    let webhook = server.create_webhook("Strategy");
    let alert = || webhook.alert(&json!({ "metadata": { "note": "x".repeat(20_000) } }));
    let mut acknowledged = 100;
    for _ in 0..acknowledged {
        server.deliver(&webhook, &alert()).expect(200);
    }
    let ballast = path.join("ballast");
    // Fails where the disk is full, and leaves what it wrote.
    std::fs::write(&ballast, vec![1; 16 << 20]).unwrap_err();
    // What room the log has is still used.
    acknowledged += fill(&server, &webhook);
    support::wait_until("the server says that it is not well", || {
        !is_healthy(&server)
    });
    std::fs::remove_file(&ballast).unwrap();
    support::wait_until("there is room again", || is_healthy(&server));
    acknowledged += fill(&server, &webhook);
    let data = server.kill();
    check(&data, &webhook, acknowledged);
    drop(disk);
}

/// Fills a disk to the last byte, as another program does.
fn fill_with_ballast(ballast: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(ballast).unwrap();
    for size in [1 << 16, 4096, 1] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
}

#[test]
fn the_owner_deletes_on_a_disk_that_others_filled_to_the_last_byte() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let test = "the_owner_deletes_on_a_disk_that_others_filled_to_the_last_byte";
    let Some(disk) = small_disk(test, &path, "16m") else {
        return;
    };
    let server = on_small_disk(&path);
    let reserve = server.data.path.join("reserve");
    support::wait_until("room is reserved", || reserve.exists());
    let (old, webhook) = (server.create_webhook("Old"), server.create_webhook("Kept"));
    let token = server.data.create_token();
    let large = json!({ "metadata": { "note": "x".repeat(20_000) } });
    for _ in 0..100 {
        server.deliver(&old, &old.alert(&large)).expect(200);
    }
    server.deliver(&webhook, &webhook.alert(&large)).expect(200);
    let ballast = path.join("ballast");
    fill_with_ballast(&ballast);
    // What room the log has is still used.
    let mut acknowledged = 1 + fill(&server, &webhook);
    let compact = server.data.error(&["compact"]);
    assert!(
        compact.contains("MiB") && compact.contains("free"),
        "{compact}"
    );
    let deletion = format!("/webhooks/{}", old.id);
    server.api(&token, "DELETE", &deletion, None).expect(204);
    assert!(!reserve.exists());
    // The room inside the database is enough, though the disk is as full as before.
    support::wait_until("there is room again", || {
        let answer = server.deliver(&webhook, &webhook.alert(&large));
        acknowledged += usize::from(answer.status == 200);
        answer.status == 200
    });
    std::fs::remove_file(&ballast).unwrap();
    support::wait_until("room is reserved again", || {
        let answer = server.deliver(&webhook, &webhook.alert(&json!({})));
        acknowledged += usize::from(answer.status == 200);
        reserve.exists()
    });
    let data = server.kill();
    check(&data, &webhook, acknowledged);
    drop(disk);
}

#[test]
fn a_file_that_finds_no_room_is_refused_whole_and_alerts_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let test = "a_file_that_finds_no_room_is_refused_whole_and_alerts_go_on";
    // Files leave 32 MB to the alerts.
    let Some(disk) = small_disk(test, &path, "24m") else {
        return;
    };
    let server = on_small_disk(&path);
    let webhook = server.create_webhook("Strategy");
    let token = server.data.create_token();
    let entries = || std::fs::read_dir(path.join("data")).unwrap().count();
    let before = entries();
    let alert = webhook.alert(&json!({ "auth_key": null }));
    let file = json!({ "time": "2026-01-05T14:30:00Z", "payload": alert });
    let imports = format!("/imports?webhook={}&kind=alerts", webhook.id);
    let refused = server.api(&token, "POST", &imports, Some(file)).expect(507);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let problem = refused.json();
    assert_eq!(problem["code"], "no_room", "{problem}");
    let hint = problem["hint"].as_str().unwrap();
    assert!(hint.contains("nothing was imported"), "{problem}");
    assert_eq!(entries(), before);
    server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    assert_eq!(server.data.orders().len(), 1);
    drop(server.stop());
    drop(disk);
}
