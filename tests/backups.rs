//! Backups that the server takes by itself.

mod support;

use support::{DataDir, Server, wait_until};

#[test]
fn backups_are_taken_by_themselves_and_only_so_many_kept() {
    let data = DataDir::new();
    let webhook = data.create_webhook("Strategy");
    let folder = data.path.join("backups");
    std::fs::create_dir(&folder).unwrap();
    let old = [
        "algohook-20260101-000000.db",
        "algohook-20260102-000000.db",
        "algohook-20260103-000000.db",
    ];
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(48);
    for name in old.iter().chain(&["algohook-mine.db", "notes.txt"]) {
        let file = std::fs::File::create(folder.join(name)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    let server = Server::with(data, &["--backup-every", "24", "--backup-keep", "2"]);
    wait_until("a backup is taken and old ones removed", || {
        !folder.join(old[1]).exists()
    });
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    // Files of others are left alone.
    assert_eq!(names[0], old[2]);
    assert_eq!(names[2..], ["algohook-mine.db", "notes.txt"]);
    let newest = folder.join(&names[1]);

    let data = server.stop();
    let restored = DataDir::new();
    restored.text(&["restore", newest.to_str().unwrap()]);
    let shown = restored.json(&["webhook", "show", &webhook.id, "--json"]);
    assert_eq!(shown["authKey"], webhook.key);

    // The next one is due tomorrow, whenever the server starts.
    let server = Server::with(data, &["--backup-every", "24", "--backup-keep", "2"]);
    server.get("/healthz").expect(200);
    assert!(
        !server
            .log()
            .split("stopped")
            .nth(1)
            .unwrap()
            .contains("took a backup")
    );
}
