//! A service that messages are sent to, which does what it is told: the requests that came, as
//! bytes.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::wait_until;

/// Options of a server that may send to this machine, and looks often what there is to send.
pub const ALLOW: [&str; 4] = ["--outbound-allow", "127.0.0.0/8", "--look-every", "50"];

/// What a receiver does with a request.
#[derive(Clone, Debug)]
pub enum Does {
    /// Answers with a status, further header lines and a body.
    Answers(u16, &'static str, &'static str),
    /// Takes the request and never answers.
    Hangs,
    /// Takes the request and resets the connection.
    Resets,
    /// Answers without an end.
    AnswersEndlessly,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Came {
    /// Method and path.
    pub line: String,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Came {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
}

#[derive(Default)]
struct Script {
    /// What is done with the next requests.
    next: VecDeque<Does>,
    /// What is done with all after them.
    then: Option<Does>,
    came: Vec<Came>,
}

/// A receiver on a port of its own.
pub struct Receiver {
    pub address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl Receiver {
    /// One that takes everything.
    pub fn start() -> Self {
        Self::that(Does::Answers(200, "", "ok"))
    }

    /// One that does the same with every request.
    pub fn that(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script {
            then: Some(does),
            ..Script::default()
        }));
        let kept = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let script = Arc::clone(&kept);
                thread::spawn(move || serve(&stream, &script));
            }
        });
        Self { address, script }
    }

    /// Tells what is done with the next requests.
    pub fn next(&self, does: &[Does]) {
        self.script
            .lock()
            .unwrap()
            .next
            .extend(does.iter().cloned());
    }

    /// Tells what is done from now on.
    pub fn then(&self, does: Does) {
        self.script.lock().unwrap().then = Some(does);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub fn came(&self) -> Vec<Came> {
        self.script.lock().unwrap().came.clone()
    }

    /// The requests, once there are so many.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Came> {
        wait_until("the requests came", || {
            self.script.lock().unwrap().came.len() >= count
        });
        self.came()
    }
}

fn serve(stream: &TcpStream, script: &Mutex<Script>) {
    let Some(came) = read(stream) else {
        return;
    };
    let does = {
        let mut script = script.lock().unwrap();
        script.came.push(came);
        let next = script.next.pop_front();
        next.or_else(|| script.then.clone()).unwrap()
    };
    let mut stream = stream;
    match does {
        Does::Answers(status, headers, body) => {
            answer(stream, status, headers, body);
        }
        Does::Hangs => {
            let mut rest = [0; 1];
            let _ = stream.read(&mut rest);
        }
        Does::Resets => {
            let _ =
                rustix::net::sockopt::set_socket_linger(stream, Some(std::time::Duration::ZERO));
        }
        Does::AnswersEndlessly => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3000000000\r\n\r\n");
            let chunk = vec![b'x'; 65536];
            while stream.write_all(&chunk).is_ok() {}
        }
    }
}

/// Answers a request, with further header lines.
pub fn answer(mut stream: &TcpStream, status: u16, headers: &str, body: &str) {
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Said\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
}

/// Reads a request.
pub fn read(stream: &TcpStream) -> Option<Came> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        // A sender that is killed leaves half a request, which did not come.
        if reader.read_line(&mut header).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    Some(Came {
        line,
        headers,
        body,
    })
}
