//! A service manager that holds the sockets, as systemd does with `algohook.socket`:
//! what is sent while no server runs waits for the next one.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use crate::support::tls::{Authority, TlsClient, request, text};
use crate::support::{DataDir, PATIENCE, Server, Webhook, read_to_end};
use command_fds::{CommandFdExt, FdMapping};
use serde_json::json;
use tempfile::TempDir;

/// The first descriptor that is handed over, by systemd's convention.
const FIRST_DESCRIPTOR: i32 = 3;

/// Who holds the sockets, for HTTPS and for plain HTTP.
struct Manager {
    https: TcpListener,
    http: TcpListener,
    authority: Authority,
    files: TempDir,
}

impl Manager {
    fn new() -> Self {
        Self {
            https: TcpListener::bind("127.0.0.1:0").unwrap(),
            http: TcpListener::bind("127.0.0.1:0").unwrap(),
            authority: Authority::new("Test authority"),
            files: TempDir::new().unwrap(),
        }
    }

    fn start(&self, data: DataDir) -> Server {
        let (certificate, key) = self.authority.for_host(1).write_to(self.files.path());
        let https = self.https.local_addr().unwrap().to_string();
        let http = self.http.local_addr().unwrap().to_string();
        let arguments = [
            ["--tls-cert", text(&certificate)],
            ["--tls-key", text(&key)],
            ["--public-listen", &https],
            ["--http-listen", &http],
        ];
        let mut command = data.command(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .arg("--allow-http-hooks")
            .args(arguments.as_flattened());
        hand_over(&mut command, &[&self.https, &self.http]);
        Server::run(data, command)
    }

    /// Sends an alert over plain HTTP and returns the connection that is to be answered.
    fn send(&self, webhook: &Webhook) -> TcpStream {
        let mut stream = TcpStream::connect(self.http.local_addr().unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let path = format!("/hooks/{}", webhook.id);
        let alert = webhook.alert(&json!({})).to_string();
        let request = request("POST", &path, &alert);
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }
}

fn hand_over(command: &mut Command, sockets: &[&TcpListener]) {
    command.env("LISTEN_FDS", sockets.len().to_string());
    let mapping = |(child_fd, socket): (i32, &&TcpListener)| FdMapping {
        parent_fd: socket.try_clone().unwrap().into(),
        child_fd,
    };
    let mappings = (FIRST_DESCRIPTOR..).zip(sockets).map(mapping).collect();
    command.fd_mappings(mappings).unwrap();
}

#[test]
fn alerts_that_come_while_no_server_runs_are_answered_by_the_next_one() {
    let manager = Manager::new();
    let server = manager.start(DataDir::new());
    let webhook = server.create_webhook("Strategy");
    assert!(read_to_end(&manager.send(&webhook)).starts_with("HTTP/1.1 200"));

    let data = server.stop();
    let waiting = manager.send(&webhook);
    let server = manager.start(data);
    assert!(read_to_end(&waiting).starts_with("HTTP/1.1 200"));

    let data = server.kill();
    let waiting = [manager.send(&webhook), manager.send(&webhook)];
    let server = manager.start(data);
    for connection in waiting {
        assert!(read_to_end(&connection).starts_with("HTTP/1.1 200"));
    }
    assert_eq!(server.data.orders().len(), 4);
}

#[test]
fn https_is_spoken_on_a_socket_that_was_handed_over() {
    let manager = Manager::new();
    let server = manager.start(DataDir::new());
    let webhook = server.create_webhook("Strategy");
    let path = format!("/hooks/{}", webhook.id);
    let request = request("POST", &path, &webhook.alert(&json!({})).to_string());
    let address = manager.https.local_addr().unwrap();
    let client = TlsClient::trusting(&manager.authority);
    let answer = client.exchange(address, &request).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_socket_that_nothing_listens_on_is_told_of() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let data = DataDir::new();
    let mut command = data.command(&["serve", "--listen", "127.0.0.1:0"]);
    hand_over(&mut command, &[&socket]);
    let server = Server::run(data, command);
    let told = format!(
        "holds {} open, but NOTHING ANSWERS THERE",
        socket.local_addr().unwrap()
    );
    assert!(server.log().contains(&told), "{}", server.log());
}

#[test]
fn what_is_no_tcp_socket_is_refused() {
    let data = DataDir::new();
    let mut command = data.command(&["serve"]);
    let file = std::fs::File::open("/dev/null").unwrap();
    command.env("LISTEN_FDS", "1");
    let mapping = FdMapping {
        parent_fd: file.into(),
        child_fd: FIRST_DESCRIPTOR,
    };
    command.fd_mappings(vec![mapping]).unwrap();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("algohook.socket may only have ListenStream= lines"));
}
