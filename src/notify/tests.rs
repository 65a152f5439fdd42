use proptest::prelude::*;
use serde_json::Value;

use super::message::Message;
use super::*;

fn message(title: &str, lines: &[&str]) -> Message {
    Message {
        title: title.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        severity: Severity::Fault,
        link: Some("https://algohook.example/".to_owned()),
    }
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The settings and secrets of a kind for tests.
fn of_kind(kind: ChannelKind) -> (Settings, Settings) {
    let secrets = settings(&[
        ("token", "t0k3n"),
        ("user", "us3r"),
        ("url", "https://hooks.example/x"),
    ]);
    let plain = match kind {
        ChannelKind::Gotify => settings(&[("url", "https://gotify.example/")]),
        ChannelKind::Ntfy => settings(&[("topic", "alerts")]),
        ChannelKind::Email => settings(&[
            ("from", "a@example.com"),
            ("to", "b@example.com, c@example.com"),
        ]),
        _ => settings(&[("chat", "42")]),
    };
    (plain, secrets)
}

fn made(kind: ChannelKind, message: &Message) -> Request<Bytes> {
    let (settings, secrets) = of_kind(kind);
    let to = Target {
        settings: &settings,
        secrets: &secrets,
    };
    let now = Timestamp::from_second(1_767_625_800).unwrap();
    request(kind, message, &to, "msg_1", now).unwrap()
}

fn json(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

#[test]
fn each_channel_gets_what_its_service_documents() {
    let text = message("A <b> & \"c\"", &["*x* @everyone", "y_z"]);
    let telegram = made(ChannelKind::Telegram, &text);
    assert_eq!(
        telegram.uri(),
        "https://api.telegram.org/bott0k3n/sendMessage"
    );
    assert_eq!(
        json(&telegram)["text"],
        "<b>A &lt;b&gt; &amp; \"c\"</b>\n*x* @everyone\ny_z\nhttps://algohook.example/"
    );
    let discord = json(&made(ChannelKind::Discord, &text));
    assert_eq!(discord["allowed_mentions"]["parse"], serde_json::json!([]));
    assert_eq!(
        discord["content"],
        "**A \\<b\\> & \"c\"**\n\\*x\\* \\@everyone\ny\\_z\nhttps://algohook.example/"
    );
    let slack = json(&made(ChannelKind::Slack, &text));
    assert_eq!(
        slack["text"],
        "A &lt;b&gt; &amp; \"c\"\n*x* @everyone\ny_z\nhttps://algohook.example/"
    );
    let ntfy = made(ChannelKind::Ntfy, &text);
    assert_eq!(ntfy.headers()["authorization"], "Bearer t0k3n");
    assert_eq!(
        (&json(&ntfy)["topic"], &json(&ntfy)["priority"]),
        (&"alerts".into(), &5.into())
    );
    assert_eq!(json(&ntfy)["click"], "https://algohook.example/");
    let gotify = made(ChannelKind::Gotify, &text);
    assert_eq!(gotify.uri(), "https://gotify.example/message");
    assert_eq!(
        (
            &gotify.headers()["x-gotify-key"],
            &json(&gotify)["priority"]
        ),
        (&"t0k3n".parse().unwrap(), &8.into())
    );
    let pushover = made(ChannelKind::Pushover, &text);
    let fields: Vec<(String, String)> = serde_html_form::from_bytes(pushover.body()).unwrap();
    assert!(
        fields.contains(&("title".to_owned(), "A <b> & \"c\"".to_owned())),
        "{fields:?}"
    );
    assert!(
        fields.contains(&("message".to_owned(), "*x* @everyone\ny_z".to_owned())),
        "{fields:?}"
    );
    let webhook = json(&made(ChannelKind::Webhook, &text));
    assert_eq!(
        (&webhook["data"]["title"], &webhook["data"]["severity"]),
        (&"A <b> & \"c\"".into(), &"fault".into())
    );
}

#[test]
fn a_mail_has_no_header_that_a_title_brings() {
    let (settings, secrets) = of_kind(ChannelKind::Email);
    let to = Target {
        settings: &settings,
        secrets: &secrets,
    };
    let text = message("Title\r\nBcc: stranger@example.com", &["line", ".", "über"]);
    let mail = email::mail(&text, &to, "msg_1").unwrap();
    let formatted = String::from_utf8(mail.formatted()).unwrap();
    let (headers, _) = formatted.split_once("\r\n\r\n").unwrap();
    assert!(!headers.to_lowercase().contains("\r\nbcc:"), "{headers}");
    assert!(
        formatted.contains("Message-ID: <msg_1@example.com>"),
        "{formatted}"
    );
    assert_eq!(mail.envelope().to().len(), 2);
}

#[test]
fn a_long_comment_takes_no_other_orders_place() {
    let comment = format!("  Comment: {}", "<c>".repeat(2000));
    let lines = [
        "• Bought 1 A at 10",
        "  One",
        &comment,
        "• Sold 2 B at 20",
        "  Two",
        "  Comment: short",
    ];
    let text = message("algohook: 2 messages", &lines);
    for (kind, field) in [
        (ChannelKind::Telegram, "text"),
        (ChannelKind::Discord, "content"),
        (ChannelKind::Slack, "text"),
        (ChannelKind::Ntfy, "message"),
    ] {
        let said = json(&made(kind, &text))[field].as_str().unwrap().to_owned();
        let plain = without_backslashes(&without_html(&said));
        for line in lines.iter().filter(|line| line.len() < 100) {
            assert!(plain.contains(line), "{kind}: {line} is not in {plain}");
        }
        assert!(
            plain.contains("<c><c>") && plain.contains('…'),
            "{kind}: {plain}"
        );
        // As much is kept of it as there is room for.
        assert!(said.len() > 1900, "{kind}: {}", said.len());
    }
}

#[test]
fn too_many_lines_are_cut_at_the_end() {
    let lines = vec!["x".repeat(100); 400];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let said = json(&made(ChannelKind::Ntfy, &message("t", &lines)));
    let said = said["message"].as_str().unwrap();
    assert!(said.len() <= 4000 && said.len() > 3900, "{}", said.len());
    assert!(said.starts_with(&"x".repeat(50)), "{said}");
}

/// A text without the escapes of a service.
fn without_html(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn without_backslashes(text: &str) -> String {
    let (mut plain, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        plain.extend(if letter == '\\' {
            letters.next()
        } else {
            Some(letter)
        });
    }
    plain
}

proptest! {
    /// Whatever an alert says is shown as it is, and no message is longer than its service takes.
    #[test]
    fn texts_stay_texts_and_within_limits(
        words in r"([<>&*_~`|@#\\\[\]()a-z\u{1f600}ü ]|@everyone|<b>|</b>|&lt;|<!channel>){0,60}",
        repeated in 1_usize..200,
    ) {
        let line = words.repeat(repeated);
        let text = message("Title <!here>", &[&line]);
        let telegram = json(&made(ChannelKind::Telegram, &text));
        let telegram = telegram["text"].as_str().unwrap();
        prop_assert!(telegram.encode_utf16().count() <= 4096);
        let inside = telegram.strip_prefix("<b>").unwrap().replacen("</b>", "", 1);
        prop_assert!(!inside.contains('<') && !inside.contains('>'));
        let discord = json(&made(ChannelKind::Discord, &text));
        let discord = discord["content"].as_str().unwrap();
        prop_assert!(discord.encode_utf16().count() <= 2000);
        let slack = json(&made(ChannelKind::Slack, &text));
        let slack = slack["text"].as_str().unwrap();
        prop_assert!(slack.encode_utf16().count() <= 3000);
        prop_assert!(!slack.contains('<') && !slack.contains('>'));
        let ntfy = json(&made(ChannelKind::Ntfy, &text));
        prop_assert!(ntfy["message"].as_str().unwrap().len() <= 4096);
        let shown = |text: &str| text.split_once('\n').unwrap().1.rsplit_once('\n').unwrap().0.to_owned();
        let telegram = without_html(&shown(telegram));
        let discord = without_backslashes(&shown(discord));
        for shown in [telegram, discord] {
            let kept = shown.strip_suffix('…').unwrap_or(&shown);
            prop_assert!(line.starts_with(kept), "{shown}");
        }
    }
}
