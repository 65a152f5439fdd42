//! Commands by chat: whose they are, what they do, and that each acts once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::bot_api::{BotApi, OWNER, TOKEN};
use crate::support::receiver::{ALLOW, Receiver};
use crate::support::{DataDir, Server, Webhook, wait_until};

/// A server with a channel of a bot, and a token of its API.
struct Setting {
    server: Server,
    api: BotApi,
    token: String,
    channel: String,
}

/// Adds a channel of the bot; returns its id.
#[track_caller]
fn add_channel(data: &DataDir, api: &BotApi) -> String {
    let url = format!("url={}", api.url);
    let token = format!("token={TOKEN}");
    // What it tells of by itself is of other tests.
    let arguments = [
        "channel",
        "add",
        "Phone",
        "--kind",
        "telegram",
        "--set",
        &token,
        "--set",
        "chat=1001",
        "--set",
        &url,
        "--tells",
        "weekly",
        "--json",
    ];
    data.json(&arguments)["id"].as_str().unwrap().to_owned()
}

impl Setting {
    fn new() -> Self {
        let server = Server::start_with(&ALLOW);
        let api = BotApi::start();
        let channel = add_channel(&server.data, &api);
        let token = server.data.create_token();
        Self {
            server,
            api,
            token,
            channel,
        }
    }

    /// One whose owner's chat is confirmed.
    fn confirmed() -> Self {
        let setting = Self::new();
        let answer = setting.api.answer(&setting.code());
        assert!(answer.contains("Your commands are taken"), "{answer}");
        setting
    }

    /// The message that confirms a chat.
    #[track_caller]
    fn code(&self) -> String {
        let path = format!("/channels/{}/commands", self.channel);
        let made = self.request("POST", &path, None).expect(201).json();
        made["send"].as_str().unwrap().to_owned()
    }

    fn request(&self, method: &str, path: &str, body: Option<Value>) -> crate::support::Answer {
        self.server.api(&self.token, method, path, body)
    }

    fn get(&self, path: &str) -> Value {
        self.request("GET", path, None).expect(200).json()
    }

    fn shown(&self) -> Value {
        self.get(&format!("/channels/{}", self.channel))
    }

    fn state(&self, webhook: &Webhook) -> String {
        let shown = self.get(&format!("/webhooks/{}", webhook.id));
        shown["state"].as_str().unwrap().to_owned()
    }

    /// The entries of the audit log by their action, oldest first: actor and subject.
    fn audited(&self, action: &str) -> Vec<(String, String)> {
        let log = self.get("/audit?limit=200");
        let entries = log["items"].as_array().unwrap().iter().rev();
        let such = entries.filter(|entry| entry["action"] == action);
        such.map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (text("actor"), text("subject"))
        })
        .collect()
    }

    /// Delivers an alert; true where it made an order.
    fn makes_order(&self, webhook: &Webhook) -> bool {
        let before = self.server.data.orders().len();
        self.server
            .deliver(webhook, &webhook.alert(&json!({})))
            .expect(200);
        self.server.data.orders().len() > before
    }
}

/// The code that an answer asks for.
#[track_caller]
fn code_in(answer: &str) -> String {
    let line = answer.lines().find(|line| line.starts_with("/yes "));
    line.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[test]
fn a_chat_is_confirmed_by_its_code_and_asks_what_it_likes() {
    let setting = Setting::new();
    assert_eq!(setting.shown()["commands"], json!(null));
    let code = setting.code();
    assert_eq!(setting.shown()["commands"]["user"], json!(null));
    let webhook = setting.server.create_webhook("BTC <Strategy>");
    setting.api.owner("/start AAAAAAAA");
    let refused = &setting.api.wait(1)[0];
    assert_eq!(refused["text"], "I take no commands from this chat.");
    let typed = code.to_lowercase().replace("/start ", "/start  ");
    let answer = setting.api.answer(&typed);
    assert!(answer.contains("Your commands are taken"), "{answer}");
    assert_eq!(setting.shown()["commands"]["user"], "@user7");
    let sent_to = &setting.api.said()[1];
    assert_eq!(sent_to["chat_id"], OWNER.0.to_string());

    setting
        .server
        .deliver(
            &webhook,
            &webhook.alert(&json!({"qty": 3, "marketPrice": 100})),
        )
        .expect(200);
    let status = setting.api.answer("/status");
    assert!(
        status.contains("1. BTC &lt;Strategy&gt;: active, last alert just now"),
        "{status}"
    );
    let positions = setting.api.answer("/positions@my_bot");
    assert!(positions.contains("long 3 NASDAQ:AAPL"), "{positions}");
    let exit = json!({"positionDirection": "exitLong", "qty": 3, "marketPrice": 110});
    setting
        .server
        .deliver(&webhook, &webhook.alert(&exit))
        .expect(200);
    setting
        .server
        .deliver(&webhook, &webhook.alert(&json!({"ticker": null})))
        .expect(422);
    let today = setting.api.answer("/today");
    assert!(today.contains("1 trade: +30.00 USD"), "{today}");
    assert!(today.contains("Alerts: 3, 1 of them failed"), "{today}");
    let report = setting.api.answer("/report btc");
    assert!(
        report.contains("Net profit: +30.00 USD\n1 trade, 1 won (100 %)"),
        "{report}"
    );
    let status = setting.api.answer("/status");
    // The server was asked whether it knows the webhook, without its key.
    assert!(status.contains("2 things need you"), "{status}");
    assert!(status.contains("! alerts could not be read"), "{status}");
    let help = setting.api.answer("what?");
    assert!(
        help.contains("/halt") && !help.contains("/approve"),
        "{help}"
    );

    let commands = setting.audited("chat.command");
    let first = (format!("chat {}", setting.channel), "/status".to_owned());
    assert_eq!(commands[0], first);
    assert_eq!(commands.len(), 6, "{commands:?}");
    assert_eq!(setting.audited("chat.confirm").len(), 1);
    // A code is good once.
    setting.api.send((2002, 8), &code, 0);
    let said = setting.api.wait(9);
    assert_eq!(said[8]["text"], "I take no commands from this chat.");
    assert_eq!(setting.shown()["commands"]["user"], "@user7");
}

#[test]
fn a_stranger_gets_nothing_but_a_refusal_which_is_noted() {
    let setting = Setting::confirmed();
    let webhook = setting.server.create_webhook("Strategy");
    let before = setting.api.said().len();
    for text in [
        "/status",
        "/halt",
        "/pause Strategy",
        "/start ABCDEFGH",
        "/yes 123456",
    ] {
        setting.api.send((666, 13), text, 0);
    }
    // Another one in the owner's chat, and one who writes in the name of a group.
    setting.api.send((OWNER.0, 13), "/halt", 0);
    let date = jiff::Timestamp::now().as_second();
    setting.api.update(&json!({
        "date": date, "chat": {"id": OWNER.0}, "sender_chat": {"id": OWNER.0},
        "from": {"id": OWNER.1, "is_bot": false, "first_name": "Group"}, "text": "/halt",
    }));
    setting
        .api
        .update(&json!({"date": date, "chat": {"id": 777}, "photo": []}));
    setting.api.update(&json!({"what": "nobody understands"}));
    setting.api.owner("/status");
    wait_until("each chat was refused, and the owner answered", || {
        setting.api.said().len() >= before + 4
    });
    let said = setting.api.said();
    let refused: Vec<i64> = said[before..]
        .iter()
        .filter(|said| said["text"] == "I take no commands from this chat.")
        .map(|said| said["chat_id"].as_i64().unwrap())
        .collect();
    assert_eq!(said.len(), before + 4, "{said:?}");
    for chat in [666, 777, OWNER.0] {
        assert_eq!(
            refused.iter().filter(|of| **of == chat).count(),
            1,
            "{refused:?}"
        );
    }
    assert_eq!(setting.state(&webhook), "active");
    let noted = setting.audited("chat.refused");
    assert_eq!(noted.len(), 3, "{noted:?}");
    assert_eq!(
        noted[0],
        ("stranger".to_owned(), "chat 666 @user13".to_owned())
    );
    let log = setting.server.log();
    assert!(log.contains("a stranger wrote to the bot"), "{log}");
    assert!(!log.contains("t0k3n-of-the-bot"), "{log}");
}

#[test]
fn a_webhook_is_paused_and_everything_is_halted_in_under_a_second() {
    let setting = Setting::confirmed();
    let (one, other) = (
        setting.server.create_webhook("BTC long"),
        setting.server.create_webhook("BTC short"),
    );
    let receiver = Receiver::start();
    setting
        .server
        .data
        .text(&["forward", "add", &other.id, &receiver.url("/")]);
    assert!(setting.makes_order(&one) && setting.makes_order(&other));
    receiver.wait(1);
    let which = setting.api.answer("/pause btc");
    assert!(
        which.contains("which webhook?</b>\n1. BTC long\n2. BTC short"),
        "{which}"
    );
    let begun = Instant::now();
    setting.api.owner("/pause btc l");
    wait_until("it is paused", || setting.state(&one) == "paused");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(!setting.makes_order(&one) && setting.makes_order(&other));
    receiver.wait(2);

    let begun = Instant::now();
    setting.api.owner("/halt");
    wait_until("it is halted", || setting.state(&other) == "paused");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(!setting.makes_order(&other));
    let forwards = setting.get("/forwards");
    assert_eq!(forwards["items"][0]["state"], "paused");
    assert_eq!(receiver.came().len(), 2);
    wait_until("the bot says so", || {
        let said = setting.api.said();
        let last = said.last().unwrap()["text"].as_str().unwrap();
        last.contains("Halted: 1 webhook and 1 forward") && last.contains("BTC short")
    });
    let again = setting.api.answer("/halt");
    assert!(again.contains("halted already"), "{again}");
    let (actor, _) = &setting.audited("webhook.change")[0];
    assert_eq!(*actor, format!("chat {}", setting.channel));
}

#[test]
fn resuming_needs_a_code_and_brings_back_only_what_was_halted() {
    let setting = Setting::confirmed();
    let (kept, halted) = (
        setting.server.create_webhook("Kept"),
        setting.server.create_webhook("Halted"),
    );
    let pause = json!({"state": "paused"});
    setting
        .request("PATCH", &format!("/webhooks/{}", kept.id), Some(pause))
        .expect(200);
    let receiver = Receiver::start();
    setting
        .server
        .data
        .text(&["forward", "add", &halted.id, &receiver.url("/")]);
    setting.api.answer("/halt");
    let nothing = setting.api.answer("/yes 123456");
    assert!(nothing.contains("Nothing waits for a code"), "{nothing}");
    let asked = setting.api.answer("/resume");
    assert!(asked.contains("webhooks: Halted; forwards: 1"), "{asked}");
    let code = code_in(&asked);
    let wrong = if code == "/yes 000000" {
        "/yes 000001"
    } else {
        "/yes 000000"
    };
    for said in ["again", "again", "begin again"] {
        let refused = setting.api.answer(wrong);
        assert!(refused.contains(said), "{refused}");
    }
    let late = setting.api.answer(&code);
    assert!(late.contains("Nothing waits for a code"), "{late}");
    assert_eq!(setting.state(&halted), "paused");
    let code = code_in(&setting.api.answer("/resume"));
    let resumed = setting.api.answer(&code);
    assert!(
        resumed.contains("Resumed") && resumed.contains("fwd_1"),
        "{resumed}"
    );
    assert_eq!(setting.state(&halted), "active");
    assert_eq!(setting.state(&kept), "paused", "its owner paused it");
    assert!(setting.makes_order(&halted));
    receiver.wait(1);
    // One by its name, and a code only once.
    let code = code_in(&setting.api.answer("/resume kept"));
    let resumed = setting.api.answer(&code);
    assert!(resumed.contains("Kept"), "{resumed}");
    assert_eq!(setting.state(&kept), "active");
    setting.api.answer("/pause kept");
    let again = setting.api.answer(&code);
    assert!(again.contains("Nothing waits for a code"), "{again}");
    let noted = setting.audited("chat.command");
    assert!(
        noted
            .iter()
            .all(|(_, subject)| !subject.contains(&code[5..])),
        "{noted:?}"
    );
}

#[test]
fn an_update_acts_once_also_over_a_restart_and_an_old_command_not_at_all() {
    let setting = Setting::confirmed();
    let webhook = setting.server.create_webhook("Strategy");
    let update = setting.api.owner("/halt");
    wait_until("it is halted", || setting.state(&webhook) == "paused");
    let path = format!("/webhooks/{}", webhook.id);
    let resume = || Some(json!({"state": "active"}));
    setting.request("PATCH", &path, resume()).expect(200);
    setting.api.again(update, "/halt");
    let answer = setting.api.answer("/status");
    assert!(
        answer.contains("<b>1 thing needs you</b>") && answer.contains("Strategy: active"),
        "{answer}"
    );

    let Setting {
        server,
        api,
        token,
        channel,
    } = setting;
    let data = server.stop();
    let asked = api.offsets().len();
    // What came while the server was away is told to be too old.
    api.send(OWNER, "/halt", 300);
    let setting = Setting {
        server: Server::with(data, &ALLOW),
        api,
        token,
        channel,
    };
    wait_until("updates are asked for", || {
        setting.api.offsets().len() > asked
    });
    assert_eq!(setting.api.offsets()[asked], Some(update + 2));
    wait_until("the old one is answered", || {
        let said = setting.api.said();
        let last = said.last().unwrap()["text"].as_str().unwrap();
        last.contains("Nothing was done") && last.contains("5 minutes ago")
    });
    setting.api.again(update, "/halt");
    let answer = setting.api.answer("/status");
    assert!(answer.contains("Strategy: active"), "{answer}");
    assert_eq!(setting.audited("chat.too-old").len(), 1);
}

#[test]
fn nothing_of_a_chat_holds_up_a_stop_or_an_alert() {
    let setting = Setting::confirmed();
    let webhook = setting.server.create_webhook("Strategy");
    setting.api.fall_mute();
    setting.api.owner("/status");
    setting.api.owner("/pause");
    wait_until("it is paused though no answer is taken", || {
        setting.state(&webhook) == "paused"
    });
    let begun = Instant::now();
    setting
        .server
        .deliver(&webhook, &webhook.alert(&json!({})))
        .expect(200);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    let begun = Instant::now();
    let data = setting.server.stop();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(12), "{took:?}");
    // With nothing but a request that is held back, it stops at once.
    let server = Server::with(data, &ALLOW);
    let asked = setting.api.offsets().len();
    wait_until("updates are asked for", || {
        setting.api.offsets().len() > asked
    });
    let begun = Instant::now();
    server.stop();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn what_the_service_refuses_is_shown_and_another_bot_is_confirmed_anew() {
    let setting = Setting::confirmed();
    let conflict = json!({"ok": false, "error_code": 409, "description": "Conflict: terminated by other getUpdates"});
    setting.api.refuse(Some((409, conflict)));
    wait_until("the problem is shown", || {
        let problem = setting.shown()["commands"]["problem"].clone();
        problem
            .as_str()
            .is_some_and(|problem| problem.contains("a bot of its own"))
    });
    setting.api.refuse(None);
    wait_until("it is over", || {
        setting.shown()["commands"]["problem"] == json!(null)
    });
    let path = format!("/channels/{}", setting.channel);
    let change = |settings: Value| {
        setting
            .request("PATCH", &path, Some(json!({"settings": settings})))
            .expect(200);
    };
    change(json!({"chat": "1002"}));
    assert_eq!(setting.shown()["commands"]["user"], "@user7");
    change(json!({"token": "43:another"}));
    assert_eq!(setting.shown()["commands"], json!(null));
    change(json!({"token": TOKEN}));
    let data = &setting.server.data;
    let code = data.json(&["channel", "commands", &setting.channel, "--json"]);
    let answer = setting.api.answer(code["send"].as_str().unwrap());
    assert!(answer.contains("Your commands are taken"), "{answer}");
    let request = setting.api.held();
    data.text(&["channel", "commands", &setting.channel, "--off"]);
    assert_eq!(setting.shown()["commands"], json!(null));
    // Nobody listens any more.
    let before = setting.api.said().len();
    wait_until("the bot is left alone", || setting.api.is_given_up(request));
    setting.api.owner("/halt");
    let other = data.json(&[
        "channel", "add", "N", "--kind", "ntfy", "--set", "topic=a", "--json",
    ]);
    let other = other["id"].as_str().unwrap();
    let refused = data.error(&["channel", "commands", other]);
    assert!(refused.contains("of the kind telegram"), "{refused}");
    assert_eq!(setting.api.offsets().len(), request + 1);
    assert_eq!(setting.api.said().len(), before);
}
