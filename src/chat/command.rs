//! A message to the bot, read as a command.

/// A command. What names a webhook is a name, the beginning of one, or its number in `/status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Says what there is.
    Help,
    /// Confirms the chat by the code of the page.
    Start(String),
    /// Says how the server and the webhooks are.
    Status,
    /// Says what happened today.
    Today,
    /// Lists the open positions.
    Positions,
    /// Adds up 30 days, of all webhooks or of one.
    Report(Option<String>),
    /// Pauses a webhook.
    Pause(Option<String>),
    /// Resumes a webhook, or what was halted.
    Resume(Option<String>),
    /// Pauses every webhook and every forward.
    Halt,
    /// The second step of a command, with its code.
    Confirm(String),
    /// Something else.
    Unknown,
}

impl Command {
    /// Reads a message. In a group a command can name its bot: `/status@my_bot`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let word = words.next().unwrap_or_default();
        let word = word.split('@').next().unwrap_or_default();
        let rest = words.collect::<Vec<_>>().join(" ");
        let rest = Some(rest).filter(|rest| !rest.is_empty());
        match (word.to_ascii_lowercase().as_str(), rest) {
            ("/start", Some(code)) => Self::Start(code),
            ("/start" | "/help", _) => Self::Help,
            ("/status", _) => Self::Status,
            ("/today", _) => Self::Today,
            ("/positions", _) => Self::Positions,
            ("/report", name) => Self::Report(name),
            ("/pause", name) => Self::Pause(name),
            ("/resume", name) => Self::Resume(name),
            ("/halt", _) => Self::Halt,
            ("/yes", code) => Self::Confirm(code.unwrap_or_default()),
            _ => Self::Unknown,
        }
    }

    /// The command as the audit log has it, without a code.
    #[must_use]
    pub fn noted(&self) -> String {
        let with = |word: &str, name: &Option<String>| match name {
            Some(name) => format!("{word} {}", name.chars().take(100).collect::<String>()),
            None => word.to_owned(),
        };
        match self {
            Self::Help => "/help".to_owned(),
            Self::Start(_) => "/start".to_owned(),
            Self::Status => "/status".to_owned(),
            Self::Today => "/today".to_owned(),
            Self::Positions => "/positions".to_owned(),
            Self::Report(name) => with("/report", name),
            Self::Pause(name) => with("/pause", name),
            Self::Resume(name) => with("/resume", name),
            Self::Halt => "/halt".to_owned(),
            Self::Confirm(_) => "/yes".to_owned(),
            Self::Unknown => "(no command)".to_owned(),
        }
    }
}

/// Something that a command named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named<'a, T> {
    /// One.
    One(&'a T),
    /// None, or several.
    NotOne,
}

/// The one that a text names: by its whole name, its number in the list, or how only its name
/// begins. Case does not count. Without a text it is the only one that there is.
pub fn named<'a, T>(among: &'a [T], text: Option<&str>, name: impl Fn(&T) -> &str) -> Named<'a, T> {
    let only = |found: Vec<&'a T>| match found[..] {
        [one] => Named::One(one),
        _ => Named::NotOne,
    };
    let Some(text) = text else {
        return only(among.iter().collect());
    };
    let wanted = text.to_lowercase();
    let such = |is_such: &dyn Fn(&str) -> bool| -> Vec<&'a T> {
        let such = among
            .iter()
            .filter(|one| is_such(&name(one).to_lowercase()));
        such.collect()
    };
    let whole = such(&|name| name == wanted);
    if !whole.is_empty() {
        return only(whole);
    }
    let numbered = text.parse::<usize>().ok().and_then(|number| {
        let index = number.checked_sub(1)?;
        among.get(index)
    });
    if let Some(one) = numbered {
        return Named::One(one);
    }
    only(such(&|name| name.starts_with(&wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_is_typed_on_a_phone() {
        let name = |name: &str| Some(name.to_owned());
        for (text, command) in [
            ("/status", Command::Status),
            (" /Status@my_bot ", Command::Status),
            (
                "/pause  BTC  Strategy",
                Command::Pause(name("BTC Strategy")),
            ),
            ("/pause", Command::Pause(None)),
            ("/resume 2", Command::Resume(name("2"))),
            ("/start", Command::Help),
            ("/start ABCD-EFGH", Command::Start("ABCD-EFGH".to_owned())),
            ("/yes 123456", Command::Confirm("123456".to_owned())),
            ("/halt now", Command::Halt),
            ("halt", Command::Unknown),
            ("/approve 1", Command::Unknown),
            ("", Command::Unknown),
        ] {
            assert_eq!(Command::of(text), command, "{text}");
        }
    }

    #[test]
    fn what_is_noted_has_no_code() {
        for text in ["/yes 123456", "/start ABCDEFGH"] {
            let noted = Command::of(text).noted();
            assert!(!noted.contains(' '), "{noted}");
        }
        let long = format!("/pause {}", "x".repeat(4000));
        assert!(Command::of(&long).noted().len() < 120);
    }

    #[test]
    fn a_webhook_is_named_wholly_by_its_number_or_by_how_only_it_begins() {
        let names = ["BTC long", "BTC short", "2", "Gold"];
        let find = |text| match named(&names, text, |name| name) {
            Named::One(name) => Some(*name),
            Named::NotOne => None,
        };
        assert_eq!(find(Some("btc SHORT")), Some("BTC short"));
        assert_eq!(find(Some("1")), Some("BTC long"));
        assert_eq!(find(Some("2")), Some("2"), "a name goes before a number");
        assert_eq!(find(Some("go")), Some("Gold"));
        for text in [Some("btc"), Some("silver"), Some("0"), Some("9"), None] {
            assert_eq!(find(text), None, "{text:?}");
        }
        assert!(matches!(
            named(&["One"], None, |name| name),
            Named::One(&"One")
        ));
    }
}
