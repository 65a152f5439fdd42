//! The lines that `serve` prints once it listens: where the page is, the link to open, how
//! to stop.
//!
//! The one who reads them may sit at the machine, be logged in over SSH, read a service's
//! journal, or a container's log. A link to 127.0.0.1 is of use to the first only, so the
//! others get the one line more that makes it work.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use crate::app::Started;

/// The surroundings of the process, as far as the lines depend on them.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// True if a person reads along.
    is_terminal: bool,
    /// The account and the address of this machine, where the person came over SSH.
    ssh: Option<String>,
    /// True if a browser can be opened on a desktop.
    has_desktop: bool,
}

impl Surroundings {
    /// The surroundings of this process.
    pub fn look() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let ssh = ssh_target();
        Self {
            is_terminal: io::stdout().is_terminal(),
            has_desktop: ssh.is_none()
                && (cfg!(any(windows, target_os = "macos"))
                    || is_set("DISPLAY")
                    || is_set("WAYLAND_DISPLAY")),
            ssh,
        }
    }
}

/// Prints the lines, and opens the set-up page where there is a desktop.
pub fn announce(
    out: &mut dyn Write,
    started: &Started,
    surroundings: &Surroundings,
    opens_browser: bool,
) -> io::Result<()> {
    // At once, so that whoever reads them from a pipe has all that there are.
    out.write_all(lines(started, surroundings).as_bytes())?;
    out.flush()?;
    if let Some(link) = &started.setup_link
        && surroundings.is_terminal
        && surroundings.has_desktop
        && opens_browser
    {
        open_in_browser(link);
    }
    Ok(())
}

/// The lines, each with its end.
fn lines(started: &Started, surroundings: &Surroundings) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut lines = vec![format!("algohook {version} listens on {}", started.url)];
    if let Some(link) = &started.setup_link {
        lines.push(format!("Choose a password, once: {link}"));
        if !surroundings.is_terminal {
            lines.push("A new link at any time: algohook setup-link".to_owned());
        }
    }
    if let (Some(target), true) = (&surroundings.ssh, started.is_page_local) {
        let tunnel = tunnel(&started.url, target);
        lines.push(format!("On your own computer, first: {tunnel}"));
    }
    if let Some(address) = started.https {
        lines.push(format!("Alerts come in over HTTPS on {address}"));
    }
    if surroundings.is_terminal {
        lines.push("Stop it with Ctrl-C".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The command that brings a local page to another computer.
pub fn tunnel(url: &str, target: &str) -> String {
    let address = url.strip_prefix("http://").unwrap_or(url);
    let port = address.rsplit(':').next().unwrap_or("8080");
    format!("ssh -L {port}:{address} {target}")
}

/// `user@address` of this machine, as somebody who came over SSH knows it.
pub fn ssh_target() -> Option<String> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    // The client's address and port, then the server's.
    let server = connection.split_whitespace().nth(2)?;
    let user = std::env::var("USER").unwrap_or_else(|_| "you".to_owned());
    Some(format!("{user}@{server}"))
}

/// Opens a link in the desktop's browser; where there is none, the printed link remains.
fn open_in_browser(link: &str) {
    let (program, arguments): (_, &[&str]) = if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(link);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match command.spawn() {
        // Waited for by a thread of its own, so that it leaves no zombie.
        Ok(mut child) => drop(std::thread::spawn(move || child.wait())),
        Err(error) => tracing::debug!(%error, "no browser was opened"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(surroundings: &Surroundings, is_page_local: bool) -> Vec<String> {
        let started = Started {
            url: "http://127.0.0.1:8080".to_owned(),
            setup_link: Some("http://127.0.0.1:8080/setup#secret".to_owned()),
            is_page_local,
            webhooks: 0,
            https: None,
        };
        let mut out = Vec::new();
        announce(&mut out, &started, surroundings, false).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn three_lines_at_the_machine_and_one_more_over_ssh() {
        let at_the_machine = Surroundings {
            is_terminal: true,
            ..Surroundings::default()
        };
        let version = env!("CARGO_PKG_VERSION");
        let first = format!("algohook {version} listens on http://127.0.0.1:8080");
        let link = "Choose a password, once: http://127.0.0.1:8080/setup#secret";
        let stop = "Stop it with Ctrl-C";
        assert_eq!(shown(&at_the_machine, true), [&first, link, stop]);

        let over_ssh = Surroundings {
            ssh: Some("me@203.0.113.7".to_owned()),
            ..at_the_machine
        };
        let ssh = "On your own computer, first: ssh -L 8080:127.0.0.1:8080 me@203.0.113.7";
        assert_eq!(shown(&over_ssh, true), [&first, link, ssh, stop]);
        assert_eq!(shown(&over_ssh, false), [&first, link, stop]);
    }

    #[test]
    fn a_log_says_how_to_get_another_link() {
        let shown = shown(&Surroundings::default(), true);
        assert_eq!(shown[2..], ["A new link at any time: algohook setup-link"]);
    }
}
