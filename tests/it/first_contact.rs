//! The first minutes: what the terminal says, how the set-up link comes back, and where
//! commands look for data.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{self, DataDir, Server, algohook};

/// What a command without a data directory of its own prints, for a user whose home is `home`.
fn at_home(home: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = algohook()
        .args(arguments)
        .env("HOME", home)
        .env_remove("XDG_DATA_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_terminal_shows_three_lines_and_no_log() {
    let data = DataDir::new();
    let binary = env!("CARGO_BIN_EXE_algohook");
    let (path, typed) = (data.path.display(), data.path.with_extension("typed"));
    // `script` gives the server a terminal; it stops once it has printed the last line.
    let serve = format!("{binary} serve --listen 127.0.0.1:0 --data-dir {path}");
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-f", "-c", &serve]).arg(&typed);
    for name in ["SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY"] {
        script.env_remove(name);
    }
    script
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = script.spawn() else {
        support::skipped(
            "a_terminal_shows_three_lines_and_no_log",
            "script is not installed (apt-get install bsdutils)",
        );
        return;
    };
    let shown = || std::fs::read_to_string(&typed).unwrap_or_default();
    support::wait_until("the server says how to stop it", || {
        shown().contains("Ctrl-C") || child.try_wait().unwrap().is_some()
    });
    let announced = std::fs::read_to_string(data.path.join("serve.lock")).unwrap();
    let announced: serde_json::Value = serde_json::from_str(&announced).unwrap();
    let server = announced["pid"].as_u64().unwrap().to_string();
    let stopped = Command::new("sh")
        .args(["-c", &format!("kill -INT {server}")])
        .status();
    assert!(stopped.unwrap().success());
    child.wait().unwrap();

    let text = shown();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        // What `script` itself notes, and what the terminal echoes.
        .filter(|line| !line.is_empty() && !line.starts_with("Script "))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].contains(" listens on http://127.0.0.1:"), "{text}");
    assert!(
        lines[1].starts_with("Choose a password, once: http://"),
        "{text}"
    );
    assert_eq!(lines[2], "Stop it with Ctrl-C", "{text}");
}

#[test]
fn the_setup_link_is_shown_again_until_it_is_used() {
    let data = DataDir::new();
    data.create_webhook("Strategy");
    let error = data.error(&["setup-link"]);
    assert!(error.contains("algohook serve"), "{error}");

    let server = Server::with(data, &[]);
    let shown = server.data.text(&["setup-link"]);
    let link = shown
        .lines()
        .next()
        .unwrap()
        .split_once("once: ")
        .unwrap()
        .1;
    let port = server.address().port();
    let tunnel = format!("ssh -L {port}:127.0.0.1:{port} ");
    assert!(shown.contains(&tunnel), "{shown}");

    let set_up = |link: &str| {
        let secret = link.split_once("/setup#").unwrap().1;
        let body = json!({ "token": secret, "password": "correct horse" });
        server.request("POST", "/setup", &[], Some(body))
    };
    // The first link is good no more, and says where the next one is.
    let old = set_up(server.setup_link.as_ref().unwrap());
    assert_eq!(old.status, 409);
    assert!(old.text.contains("algohook setup-link"), "{}", old.text);
    set_up(link).expect(204);
    let used = set_up(link);
    assert!(
        used.text.contains("A password is set already"),
        "{}",
        used.text
    );
    let error = server.data.error(&["setup-link"]);
    assert!(
        error.contains("log in at http://") && error.contains("set-password"),
        "{error}"
    );
}

#[test]
fn algohook_alone_says_what_to_do_next() {
    let home = tempfile::tempdir().unwrap();
    if !std::path::Path::new("/var/lib/algohook/algohook.db").exists() {
        let (status, shown, _) = at_home(home.path(), &[]);
        assert_eq!(status, Some(0));
        assert!(shown.contains("algohook serve --demo"), "{shown}");
    }
    let data = DataDir::new();
    data.create_webhook("Strategy");
    let shown = data.text(&[]);
    assert!(shown.contains("does not run"), "{shown}");
    let server = Server::with(data, &[]);
    let shown = server.data.text(&[]);
    assert!(
        shown.contains(&server.url) && shown.contains("algohook doctor"),
        "{shown}"
    );
}

#[test]
fn reading_makes_no_database_and_names_the_directory() {
    let home = tempfile::tempdir().unwrap();
    if std::path::Path::new("/var/lib/algohook").exists() {
        support::skipped(
            "reading_makes_no_database_and_names_the_directory",
            "algohook is installed here, and its data would be found",
        );
        return;
    }
    for arguments in [
        &["events"][..],
        &["orders"],
        &["report"],
        &["webhook", "list"],
        &["senders", "show"],
        &["token", "list"],
        &["setup-link"],
        &["rebuild"],
        &["compact"],
        &["backup", "copy.db"],
    ] {
        let (status, _, error) = at_home(home.path(), arguments);
        assert_eq!(status, Some(1), "{arguments:?}: {error}");
        let directory = home.path().join(".local/share/algohook");
        assert!(
            error.contains(directory.to_str().unwrap()) && error.contains("--data-dir"),
            "{arguments:?}: {error}"
        );
    }
    let left = std::fs::read_dir(home.path()).unwrap().count();
    assert_eq!(left, 0, "something was made in {}", home.path().display());
}

#[test]
fn a_containers_listener_is_no_alarm() {
    let data = DataDir::new();
    let mut command = data.command(&["serve", "--listen", "0.0.0.0:0"]);
    command.env("container", "oci");
    let server = Server::run(data, command);
    assert!(server.url.starts_with("http://127.0.0.1:"));
    let log = server.log();
    assert!(
        log.contains("-p 127.0.0.1:") && !log.contains("WITHOUT ENCRYPTION"),
        "{log}"
    );
}
