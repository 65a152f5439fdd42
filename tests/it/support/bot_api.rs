//! Telegram's Bot API as a bot sees it: updates are held back until there is one, and are given
//! again until a request confirms them by its offset.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::receiver::{Came, answer, read};
use super::wait_until;

/// The token of the bot.
pub const TOKEN: &str = "42:t0k3n-of-the-bot";

/// The chat and the user of the owner.
pub const OWNER: (i64, i64) = (1001, 7);

#[derive(Default)]
struct Queue {
    /// Updates that are not confirmed.
    updates: Vec<Value>,
    next: i64,
    /// What is said in place of updates.
    refusal: Option<(u16, Value)>,
    /// Whether messages are taken and never answered.
    is_mute: bool,
    said: Vec<Value>,
    /// The offsets that updates were asked for by.
    offsets: Vec<Option<i64>>,
    /// Requests for updates that are held back, by their place among the offsets.
    held: BTreeSet<usize>,
    /// Those that the bot gave up while they were held back.
    given_up: BTreeSet<usize>,
}

/// The service, on a port of its own.
pub struct BotApi {
    pub url: String,
    queue: Arc<(Mutex<Queue>, Condvar)>,
}

impl BotApi {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let queue = Arc::new((
            Mutex::new(Queue {
                next: 500,
                ..Queue::default()
            }),
            Condvar::new(),
        ));
        let kept = Arc::clone(&queue);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let queue = Arc::clone(&kept);
                thread::spawn(move || serve(&stream, &queue));
            }
        });
        Self { url, queue }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let (queue, changed) = &*self.queue;
        let done = change(&mut queue.lock().unwrap());
        changed.notify_all();
        done
    }

    /// Sends a message of the owner's; returns the number of its update.
    pub fn owner(&self, text: &str) -> i64 {
        self.send(OWNER, text, 0)
    }

    /// Sends a message from a chat and a user, so many seconds ago.
    pub fn send(&self, (chat, user): (i64, i64), text: &str, seconds_ago: i64) -> i64 {
        let date = jiff::Timestamp::now().as_second() - seconds_ago;
        let from = json!({"id": user, "is_bot": false, "first_name": "Ann", "username": format!("user{user}")});
        self.update(&json!({"message_id": 1, "date": date, "chat": {"id": chat}, "from": from, "text": text}))
    }

    /// Puts an update with this message into the queue.
    pub fn update(&self, message: &Value) -> i64 {
        self.change(|queue| {
            let id = queue.next;
            queue.next += 1;
            queue
                .updates
                .push(json!({"update_id": id, "message": message}));
            id
        })
    }

    /// Gives an update once more that was confirmed, as a service does that forgot.
    pub fn again(&self, id: i64, text: &str) {
        let date = jiff::Timestamp::now().as_second();
        let from = json!({"id": OWNER.1, "first_name": "Ann"});
        let message = json!({"date": date, "chat": {"id": OWNER.0}, "from": from, "text": text});
        self.change(|queue| {
            queue
                .updates
                .push(json!({"update_id": id, "message": message}));
        });
    }

    /// Refuses requests for updates from now on, or not any more.
    pub fn refuse(&self, refusal: Option<(u16, Value)>) {
        self.change(|queue| queue.refusal = refusal);
    }

    /// Takes messages and never answers, from now on.
    pub fn fall_mute(&self) {
        self.change(|queue| queue.is_mute = true);
    }

    /// The messages that the bot sent.
    pub fn said(&self) -> Vec<Value> {
        self.change(|queue| queue.said.clone())
    }

    /// The messages, once there are so many.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Value> {
        wait_until("the bot answered", || self.said().len() >= count);
        self.said()
    }

    /// The answer to a message of the owner's, as one text.
    #[track_caller]
    pub fn answer(&self, text: &str) -> String {
        let before = self.said().len();
        self.owner(text);
        let said = self.wait(before + 1);
        said[before]["text"].as_str().unwrap().to_owned()
    }

    /// The place of the newest request for updates, once it is held back.
    #[track_caller]
    pub fn held(&self) -> usize {
        let newest = || self.change(|queue| (queue.offsets.len() - 1, queue.held.clone()));
        let is_held = |(newest, held): (usize, BTreeSet<usize>)| held.contains(&newest);
        wait_until("a request for updates is held back", || is_held(newest()));
        newest().0
    }

    /// True if the bot gave up a request while it was held back.
    pub fn is_given_up(&self, request: usize) -> bool {
        self.change(|queue| queue.given_up.contains(&request))
    }

    pub fn offsets(&self) -> Vec<Option<i64>> {
        self.change(|queue| queue.offsets.clone())
    }
}

fn serve(stream: &TcpStream, queue: &(Mutex<Queue>, Condvar)) {
    let Some(came) = read(stream) else {
        return;
    };
    let method = came.line.strip_prefix(&format!("POST /bot{TOKEN}/"));
    match method {
        Some("getUpdates") => get_updates(stream, &came, queue),
        Some("sendMessage") => {
            let mut queue = queue.0.lock().unwrap();
            queue.said.push(came.json());
            if queue.is_mute {
                drop(queue);
                thread::sleep(Duration::from_mins(1));
                return;
            }
            answer(stream, 200, "", r#"{"ok":true,"result":{}}"#);
        }
        _ => {
            let body = r#"{"ok":false,"error_code":404,"description":"Not Found"}"#;
            answer(stream, 404, "", body);
        }
    }
}

fn get_updates(stream: &TcpStream, came: &Came, (queue, changed): &(Mutex<Queue>, Condvar)) {
    let offset = came.json()["offset"].as_i64();
    let mut queue = queue.lock().unwrap();
    queue.offsets.push(offset);
    if let Some(offset) = offset {
        assert!(offset <= queue.next, "{offset} was never given");
        let is_new = |update: &Value| update["update_id"].as_i64().unwrap() >= offset;
        queue.updates.retain(is_new);
    }
    let held = came.json()["timeout"].as_u64().unwrap().min(20);
    let until = Instant::now() + Duration::from_secs(held);
    let place = queue.offsets.len() - 1;
    while queue.updates.is_empty() && queue.refusal.is_none() && Instant::now() < until {
        if is_closed(stream) {
            queue.held.remove(&place);
            queue.given_up.insert(place);
            return;
        }
        queue.held.insert(place);
        let look = Duration::from_millis(5);
        (queue, _) = changed.wait_timeout(queue, look).unwrap();
    }
    queue.held.remove(&place);
    let (status, body) = match &queue.refusal {
        Some((status, body)) => (*status, body.clone()),
        None => (200, json!({"ok": true, "result": queue.updates})),
    };
    drop(queue);
    answer(stream, status, "", &body.to_string());
}

/// True if the other side has closed a connection.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    match read {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}
