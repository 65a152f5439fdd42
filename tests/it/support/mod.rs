//! The real binary on a data directory of its own, and a client to talk to it.

pub mod books;
pub mod bot_api;
pub mod derived;
pub mod files;
pub mod history;
pub mod pebble;
pub mod receiver;
pub mod stream;
pub mod tls;
pub mod tradingview;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long something may take that happens at once on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The binary under test, told nothing by this process's environment.
pub fn algohook() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_algohook"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ALGOHOOK_") {
            command.env_remove(name);
        }
    }
    command
}

/// A data directory, and the command line on it.
pub struct DataDir {
    _temporary: Option<TempDir>,
    pub path: PathBuf,
}

impl DataDir {
    /// Brings in alerts at times of their own.
    pub fn import_alerts<'a>(
        &self,
        webhook: &Webhook,
        alerts: impl IntoIterator<Item = (&'a str, Value)>,
    ) {
        let line = |(time, alert)| json!({ "time": time, "payload": alert }).to_string() + "\n";
        let path = self.database().with_file_name("alerts.jsonl");
        std::fs::write(&path, alerts.into_iter().map(line).collect::<String>()).unwrap();
        let path = path.to_str().unwrap();
        self.text(&["import", "alerts", path, "--webhook", &webhook.id]);
    }

    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("data");
        Self {
            _temporary: Some(temporary),
            path,
        }
    }

    pub fn at(path: &Path) -> Self {
        Self {
            _temporary: None,
            path: path.to_owned(),
        }
    }

    pub fn database(&self) -> PathBuf {
        self.path.join("algohook.db")
    }

    /// A command on this directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = algohook();
        command.arg("--data-dir").arg(&self.path).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that has to succeed, for its output.
    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that has to succeed, for its JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.text(arguments)).unwrap()
    }

    /// Runs a command that has to fail, for its message.
    pub fn error(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Makes a webhook of this name, or of the one that is proposed where it is taken.
    pub fn create_webhook(&self, name: &str) -> Webhook {
        let create = |name: &str| self.run(&["webhook", "create", name, "--json"]);
        let mut output = create(name);
        let refused = String::from_utf8(output.stderr.clone()).unwrap();
        let proposed = refused.rsplit_once("\" is free");
        if let Some((_, free)) = proposed.and_then(|(text, _)| text.rsplit_once('"')) {
            output = create(free);
        }
        assert!(output.status.success(), "{name}: {output:?}");
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        Webhook {
            id: shown["id"].as_str().unwrap().to_owned(),
            key: shown["authKey"].as_str().unwrap().to_owned(),
        }
    }

    pub fn create_token(&self) -> String {
        let shown = self.json(&["token", "create", "tests", "--json"]);
        shown["token"].as_str().unwrap().to_owned()
    }

    pub fn create_scoped_token(&self, scope: &str) -> String {
        let shown = self.json(&["token", "create", "tests", "--scope", scope, "--json"]);
        shown["token"].as_str().unwrap().to_owned()
    }

    /// Every event as `algohook events --json` prints it, oldest first.
    pub fn events(&self) -> Vec<Value> {
        lines_of_json(&self.text(&["events", "--json", "--limit", "10000"]))
    }

    /// Every order as `algohook orders --json` prints it, oldest first.
    pub fn orders(&self) -> Vec<Value> {
        lines_of_json(&self.text(&["orders", "--json", "--limit", "10000"]))
    }
}

pub fn lines_of_json(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A webhook and its key.
#[derive(Clone)]
pub struct Webhook {
    pub id: String,
    pub key: String,
}

impl Webhook {
    /// A valid alert with some fields changed; null takes a field away.
    pub fn alert(&self, changes: &Value) -> Value {
        let mut alert = json!({
            "auth_key": self.key,
            "ticker": "NASDAQ:AAPL",
            "positionDirection": "entryLong",
            "qty": 100,
            "marketPrice": 150.25,
        });
        for (name, value) in changes.as_object().unwrap() {
            alert[name] = value.clone();
        }
        alert
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        alert
    }
}

/// A running server; killed when dropped.
pub struct Server {
    pub data: DataDir,
    pub url: String,
    pub setup_link: Option<String>,
    child: Option<Child>,
    stderr: PathBuf,
}

impl Server {
    pub fn start() -> Self {
        Self::with(DataDir::new(), &[])
    }

    pub fn start_with(arguments: &[&str]) -> Self {
        Self::with(DataDir::new(), arguments)
    }

    /// A server on a data directory.
    pub fn with(data: DataDir, arguments: &[&str]) -> Self {
        let mut command = data.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Self::run(data, command)
    }

    /// The server of a command on a data directory; its log goes to a file beside it.
    pub fn run(data: DataDir, mut command: Command) -> Self {
        let mut log_name = data.path.clone().into_os_string();
        log_name.push(".log");
        let stderr = PathBuf::from(log_name);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&stderr)
            .unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        // The lines come at once, and how many there are differs.
        let mut first = vec![0; 4096];
        let length = child.stdout.take().unwrap().read(&mut first).unwrap();
        let first = String::from_utf8_lossy(&first[..length]);
        let mut lines = first.lines();
        let Some((_, url)) = lines.next().and_then(|line| line.split_once("listens on ")) else {
            let log = std::fs::read_to_string(&stderr).unwrap();
            panic!("the server did not start: {first} {log}");
        };
        let setup_link = lines
            .find_map(|line| line.split_once("once: "))
            .map(|(_, link)| link.to_owned());
        Self {
            url: url.trim().to_owned(),
            setup_link,
            data,
            child: Some(child),
            stderr,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// What the server tells other processes of itself.
    pub fn announced(&self) -> Value {
        let text = std::fs::read_to_string(self.data.path.join("serve.lock")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Where alerts are taken over HTTPS.
    pub fn https_address(&self) -> SocketAddr {
        let announced = self.announced();
        announced["https_listener"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Where plain HTTP from outside is answered.
    pub fn http_address(&self) -> SocketAddr {
        let announced = self.announced();
        announced["http_listener"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// A figure of the server's memory in MiB: `VmRSS` now, or `VmHWM` at most so far.
    pub fn memory(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(path).unwrap();
        let mut lines = status.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)).unwrap();
        let kib: u64 = value
            .trim_matches([':', ' ', '\t', 'k', 'B'])
            .parse()
            .unwrap();
        kib / 1024
    }

    /// The time that the server has had of the processors, in ticks of mostly 10 ms.
    pub fn processor_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        // What comes before may have spaces: the name of the program.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let times = fields.split(' ').skip(11).take(2);
        times.map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// Chooses the owner's password by the link of the first start.
    pub fn choose_password(&self, password: &str, headers: &[(&str, &str)]) -> Answer {
        let link = self.setup_link.clone().unwrap();
        let secret = link.split_once('#').unwrap().1;
        let body = json!({ "token": secret, "password": password });
        self.request("POST", "/setup", headers, Some(body))
            .expect(204)
    }

    /// Makes a webhook that the server knows of.
    pub fn create_webhook(&self, name: &str) -> Webhook {
        let webhook = self.data.create_webhook(name);
        wait_until("the server knows the webhook", || {
            let answer = self.post(&webhook.id, "{}");
            answer.status != 404
        });
        webhook
    }

    /// Posts an alert, as TradingView would.
    pub fn post(&self, webhook: &str, body: &str) -> Answer {
        self.post_with(webhook, body, &[])
    }

    /// The same with further headers.
    pub fn post_with(&self, webhook: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}/hooks/{webhook}", self.url);
        let mut request = agent()
            .post(url)
            .header("content-type", "text/plain; charset=utf-8");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send(body))
    }

    pub fn deliver(&self, webhook: &Webhook, alert: &Value) -> Answer {
        self.post(&webhook.id, &alert.to_string())
    }

    /// Sends a request to the API with a token.
    pub fn api(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        self.request(method, path, &[("authorization", &bearer)], body)
    }

    /// The dashboard as the API gives it.
    #[track_caller]
    pub fn overview(&self, token: &str) -> Value {
        self.api(token, "GET", "/overview", None).expect(200).json()
    }

    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        Answer::of(agent().run(request.body(body).unwrap()))
    }

    pub fn get(&self, path: &str) -> Answer {
        Answer::of(agent().get(format!("{}{path}", self.url)).call())
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.pid());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the process to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            std::thread::yield_now();
        }
        let _ = child.kill();
        let _ = child.wait();
        panic!("the server did not end");
    }

    /// Stops the server in good order and gives its data directory back.
    pub fn stop(mut self) -> DataDir {
        self.signal("TERM");
        assert!(self.wait().success());
        std::mem::replace(&mut self.data, DataDir::at(Path::new("")))
    }

    /// Kills the server without warning and gives its data directory back.
    pub fn kill(mut self) -> DataDir {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        std::mem::replace(&mut self.data, DataDir::at(Path::new("")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
}

impl Answer {
    fn of(answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Self {
        Self::tried(answered).unwrap()
    }

    pub fn tried(
        answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Self, ureq::Error> {
        let mut response = answered?;
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.body_mut().read_to_string()?,
        })
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// The answer, which has to have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// A client that takes every status for an answer and opens a connection each time.
pub fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_idle_connections(0)
        .timeout_global(Some(PATIENCE * 10))
        .build();
    ureq::Agent::new_with_config(config)
}

/// Looks again and again until something is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Says that a test cannot be tried here, and why, on a line that the runner does not swallow.
pub fn skipped(test: &str, reason: impl std::fmt::Display) {
    let line = format!("skipped: {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Reads until the other side closes the connection.
pub fn read_to_end(mut stream: &TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset ends a connection as well.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
