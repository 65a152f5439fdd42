//! The configuration: a flag wins over an `ALGOHOOK_*` variable, that over the
//! file, that over the default. All of them say the same things.

mod acme;
pub mod data_dir;
mod file;
mod public;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;
use jiff::Timestamp;
use nonzero_ext::nonzero;
use serde::{Deserialize, Deserializer, Serialize};

use crate::logging::{LogFormat, LogLevel};
use crate::outbound::{NotAProxy, Proxy, is_target};
use crate::store::BACKUP_FOLDER;

use file::ConfigFile;

pub use data_dir::{prepare_data_dir, warn_of_others};

pub use acme::{AcmeConfig, BindingKey, Domain, ExternalBinding};
pub use public::{CertificateSource, HttpListen, PublicConfig, PublicOptions};

/// Address of a server that is given none.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Pause between two looks for what other processes changed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalOptions {
    /// Directory of the database [default: the platform's data directory]
    #[arg(
        long,
        global = true,
        help_heading = "General options",
        env = "ALGOHOOK_DATA_DIR",
        value_name = "DIR"
    )]
    pub data_dir: Option<PathBuf>,
    /// Configuration file [default: config.toml in the data directory, where there is one]
    #[arg(
        long,
        global = true,
        help_heading = "General options",
        env = "ALGOHOOK_CONFIG",
        value_name = "FILE"
    )]
    pub config: Option<PathBuf>,
    /// Form of the log on standard error [default: text]
    #[arg(
        long,
        global = true,
        help_heading = "General options",
        env = "ALGOHOOK_LOG_FORMAT",
        value_enum
    )]
    pub log_format: Option<LogFormat>,
    /// Level of the log [default: info for a server without a terminal, else warn]
    #[arg(
        long,
        global = true,
        help_heading = "General options",
        env = "ALGOHOOK_LOG_LEVEL",
        value_enum
    )]
    pub log_level: Option<LogLevel>,
    /// Address that alerts are sent to from outside, such as `https://hooks.example.com`
    #[arg(
        long,
        global = true,
        help_heading = "General options",
        env = "ALGOHOOK_PUBLIC_URL",
        value_name = "URL"
    )]
    pub public_url: Option<String>,
}

/// Options of `algohook serve`; the file has the same names.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ServeOptions {
    /// Serve made-up webhooks and alerts from a throw-away directory, to look around
    #[arg(long)]
    #[serde(skip)]
    pub demo: bool,
    /// Moment at which the demo stands still: on any day it shows the same alerts
    #[arg(long, value_name = "TIME", requires = "demo")]
    #[serde(skip)]
    pub demo_now: Option<Timestamp>,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "ALGOHOOK_LISTEN", value_name = "ADDR", value_parser = address)]
    #[serde(deserialize_with = "address_in_file")]
    pub listen: Option<SocketAddr>,
    /// Alerts a minute for each webhook [default: 30]
    #[arg(long, env = "ALGOHOOK_RATE_LIMIT", value_name = "N")]
    pub rate_limit: Option<NonZeroU32>,
    /// Connections that are open at once on each listener; where strangers hold them, the oldest goes for
    /// the next [default: 1024]
    #[arg(long, env = "ALGOHOOK_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<NonZeroU32>,
    /// Seconds for the headers of a request, for an idle connection, and for an answer that is not read
    /// [default: 15]
    #[arg(long, env = "ALGOHOOK_HEADER_TIMEOUT", value_name = "SECONDS")]
    pub header_timeout: Option<NonZeroU32>,
    /// Seconds for the body of a request [default: 10]
    #[arg(long, env = "ALGOHOOK_BODY_TIMEOUT", value_name = "SECONDS")]
    pub body_timeout: Option<NonZeroU32>,
    /// Seconds that alerts which have arrived get to be recorded when the server stops [default: 10]
    #[arg(long, env = "ALGOHOOK_SHUTDOWN_GRACE", value_name = "SECONDS")]
    pub shutdown_grace: Option<NonZeroU32>,
    /// Proxy whose X-Forwarded-For is believed: an address, or a network as address/bits; may be
    /// given several times
    #[arg(
        long = "trusted-proxy",
        env = "ALGOHOOK_TRUSTED_PROXY",
        value_name = "ADDRESS",
        value_delimiter = ',',
        value_parser = network
    )]
    #[serde(deserialize_with = "networks_in_file")]
    pub trusted_proxy: Vec<IpNet>,
    /// Speak HTTP/2 without TLS too
    #[arg(long, env = "ALGOHOOK_HTTP2")]
    pub http2: bool,
    /// Largest size of the database in MiB; beyond it alerts are answered with 503 [default: the disk]
    #[arg(long, env = "ALGOHOOK_MAX_DATABASE_SIZE", value_name = "MIB")]
    pub max_database_size: Option<NonZeroU32>,
    /// Alerts that may wait for the disk; one more is answered with 503 [default: 1024]
    #[arg(long, env = "ALGOHOOK_QUEUE_CAPACITY", value_name = "N")]
    pub queue_capacity: Option<NonZeroU32>,
    /// Hours from one backup to the next [default: no backups]
    #[arg(long, env = "ALGOHOOK_BACKUP_EVERY", value_name = "HOURS")]
    pub backup_every: Option<NonZeroU32>,
    /// Backups that are kept [default: 7]
    #[arg(long, env = "ALGOHOOK_BACKUP_KEEP", value_name = "N")]
    pub backup_keep: Option<NonZeroU32>,
    /// Where backups are kept [default: backups in the data directory]
    #[arg(long, env = "ALGOHOOK_BACKUP_DIR", value_name = "DIR")]
    pub backup_dir: Option<PathBuf>,
    /// Days that events which made no order are kept, 2 at least [default: always]
    #[arg(long, env = "ALGOHOOK_KEEP_UNSETTLED", value_name = "DAYS")]
    pub keep_unsettled: Option<NonZeroU32>,
    /// Days that the messages of alerts are kept, 2 at least; orders, trades and figures stay
    /// [default: always]
    #[arg(long, env = "ALGOHOOK_KEEP_MESSAGES", value_name = "DAYS")]
    pub keep_messages: Option<NonZeroU32>,
    /// Days that the audit log is kept [default: its last ten thousand entries]
    #[arg(long, env = "ALGOHOOK_KEEP_AUDIT", value_name = "DAYS")]
    pub keep_audit: Option<NonZeroU32>,
    /// Days for which the log of forwards and notifications is kept [default: 30]
    #[arg(long, env = "ALGOHOOK_KEEP_OUTBOX", value_name = "DAYS")]
    pub keep_outbox: Option<NonZeroU32>,
    /// Private network that forwards and notifications may reach, as address/bits; may be given several
    /// times [default: the internet only]
    #[arg(
        long = "outbound-allow",
        env = "ALGOHOOK_OUTBOUND_ALLOW",
        value_name = "NETWORK",
        value_delimiter = ',',
        value_parser = network
    )]
    #[serde(deserialize_with = "allowed_in_file")]
    pub outbound_allow: Vec<IpNet>,
    /// Certificate authorities that forwards and notifications trust, a PEM file [default: Mozilla's]
    #[arg(long, env = "ALGOHOOK_OUTBOUND_ROOTS", value_name = "FILE")]
    pub outbound_roots: Option<PathBuf>,
    /// HTTP proxy that forwards and notifications go through, such as <http://proxy.lan:3128>
    #[arg(long, env = "ALGOHOOK_OUTBOUND_PROXY", value_name = "URL", value_parser = proxy)]
    #[serde(deserialize_with = "proxy_in_file")]
    pub outbound_proxy: Option<Proxy>,
    /// Another algohook whose alerts are recorded here, such as <https://vps.example.com>
    #[arg(
        long,
        env = "ALGOHOOK_UPSTREAM",
        value_name = "URL",
        requires = "upstream_token"
    )]
    pub upstream: Option<String>,
    /// Token of its API; scope read is enough
    #[arg(
        long,
        env = "ALGOHOOK_UPSTREAM_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub upstream_token: Option<String>,
    /// Milliseconds between two looks for what other processes changed, for tests
    #[arg(long, value_name = "MS", hide = true)]
    #[serde(skip)]
    pub look_every: Option<NonZeroU32>,
    /// The listeners that the internet reaches.
    #[command(flatten)]
    #[serde(skip)]
    pub public: PublicOptions,
}

/// The configuration as it counts.
#[derive(Debug, Clone)]
pub struct Config {
    /// Directory of the database.
    pub data_dir: PathBuf,
    /// True if made-up alerts are served.
    pub is_demo: bool,
    /// Address that alerts are sent to from outside.
    pub public_url: Option<String>,
    /// Form of the log.
    pub log_format: LogFormat,
    /// Level of the log, where it was said.
    pub log_level: Option<LogLevel>,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Alerts a minute for each webhook.
    pub rate_limit: NonZeroU32,
    /// Connections that are open at once.
    pub max_connections: usize,
    /// Time for the headers of a request.
    pub header_timeout: Duration,
    /// Time for the body of a request.
    pub body_timeout: Duration,
    /// Time that alerts which have arrived get to be recorded when the server stops.
    pub shutdown_grace: Duration,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// True if HTTP/2 without TLS is spoken.
    pub http2: bool,
    /// Largest size of the database in bytes.
    pub max_database_size: Option<u64>,
    /// Alerts that may wait for the disk.
    pub queue_capacity: usize,
    /// Folder of backups, and of the copy that is taken before a database is migrated.
    pub backup_folder: PathBuf,
    /// Backups by themselves, where they are wanted.
    pub backups: Option<BackupConfig>,
    /// Time limits for events and the audit log.
    pub retention: Retention,
    /// Time between two looks for what other processes changed.
    pub look_every: Duration,
    /// Reach of forwards and notifications.
    pub outbound: OutboundConfig,
    /// The other algohook whose alerts are recorded here: its address and a token.
    pub upstream: Option<(String, String)>,
    /// The listeners that the internet reaches.
    pub public: PublicConfig,
}

/// Reach of forwards and notifications, and how long they are remembered.
#[derive(Debug, Clone)]
pub struct OutboundConfig {
    /// Networks beside the internet.
    pub allowed: Vec<IpNet>,
    /// The file of the authorities that they trust, where it is not Mozilla's.
    pub roots: Option<PathBuf>,
    /// Proxy that they go through.
    pub proxy: Option<Proxy>,
    /// Days for which what became of them is kept.
    pub kept_days: u32,
}

/// Times for which some of what is stored is kept; for ever where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Days for events that made no order.
    pub unsettled_days: Option<u32>,
    /// Days for the messages of alerts.
    pub message_days: Option<u32>,
    /// Days for the audit log.
    pub audit_days: Option<u32>,
}

/// Backups that the server takes by itself.
#[derive(Debug, Clone)]
pub struct BackupConfig {
    /// The time from one to the next.
    pub every: Duration,
    /// Number of backups to keep.
    pub keep: usize,
    /// Folder of the backups.
    pub folder: PathBuf,
}

/// Fault of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The platform names no data directory.
    #[error("this system names no place for data; choose one with --data-dir DIR")]
    NoDataDir,
    /// The only data there is belongs to the service.
    #[error(
        "the service's data is in {0}, which only its user may read: put \"sudo -u algohook\" before the command, \
         or name another directory with --data-dir"
    )]
    ServiceData(String),
    /// The file or the directory cannot be used.
    #[error("cannot use {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The file says something that is not understood.
    #[error("{path}, line {line}: {message}")]
    Unreadable {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The fault.
        message: String,
    },
    /// An address that cannot be one.
    #[error(
        "public-url \"{0}\" must start with http:// or https://, such as https://hooks.example.com"
    )]
    PublicUrl(String),
    /// Settings that do not fit together.
    #[error("{0}")]
    Contradiction(&'static str),
}

impl Config {
    /// Puts flags, variables (both in the options already), file and defaults together.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], naming the file and what is wrong in it.
    pub fn resolve(global: &GlobalOptions, serve: &ServeOptions) -> Result<Self, ConfigError> {
        let data_dir = match &global.data_dir {
            Some(data_dir) => data_dir.clone(),
            None => data_dir::of_platform()?,
        };
        let file = match &global.config {
            // A demo has a directory of its own: the file in the owner's is not for it.
            None if serve.demo => ConfigFile::default(),
            named => ConfigFile::read(named.as_deref(), &data_dir)?,
        };
        let file_serve = &file.serve;
        let seconds = |flag: Option<NonZeroU32>, file: Option<NonZeroU32>, default: u64| {
            Duration::from_secs(
                flag.or(file)
                    .map_or(default, |seconds| u64::from(seconds.get())),
            )
        };
        let number = |flag: Option<NonZeroU32>, file: Option<NonZeroU32>, default: usize| {
            flag.or(file)
                .map_or(default, |number| number.get() as usize)
        };
        let megabytes = serve.max_database_size.or(file_serve.max_database_size);
        Ok(Self {
            is_demo: serve.demo,
            public_url: public_url(global.public_url.clone().or(file.global.public_url))?,
            log_format: global
                .log_format
                .or(file.global.log_format)
                .unwrap_or_default(),
            log_level: global.log_level.or(file.global.log_level),
            listen: serve.listen.or(file_serve.listen).unwrap_or(DEFAULT_LISTEN),
            rate_limit: serve
                .rate_limit
                .or(file_serve.rate_limit)
                .unwrap_or(nonzero!(30_u32)),
            max_connections: number(serve.max_connections, file_serve.max_connections, 1024),
            header_timeout: seconds(serve.header_timeout, file_serve.header_timeout, 15),
            body_timeout: seconds(serve.body_timeout, file_serve.body_timeout, 10),
            shutdown_grace: seconds(serve.shutdown_grace, file_serve.shutdown_grace, 10),
            trusted_proxies: if serve.trusted_proxy.is_empty() {
                file_serve.trusted_proxy.clone()
            } else {
                serve.trusted_proxy.clone()
            },
            http2: serve.http2 || file_serve.http2,
            max_database_size: megabytes.map(|megabytes| u64::from(megabytes.get()) * 1024 * 1024),
            queue_capacity: number(serve.queue_capacity, file_serve.queue_capacity, 1024),
            backups: backups(serve, file_serve, &data_dir),
            retention: retention(serve, file_serve)?,
            look_every: serve.look_every.map_or(LOOK_EVERY, |every| {
                Duration::from_millis(every.get().into())
            }),
            backup_folder: backup_folder(serve, file_serve, &data_dir),
            outbound: outbound(serve, file_serve),
            upstream: upstream(serve, file_serve)?,
            data_dir,
            public: PublicConfig::resolve(&serve.public, &file.public)?,
        })
    }
}

fn backups(flags: &ServeOptions, file: &ServeOptions, data_dir: &Path) -> Option<BackupConfig> {
    let hours = flags.backup_every.or(file.backup_every)?;
    let keep = flags.backup_keep.or(file.backup_keep);
    Some(BackupConfig {
        every: Duration::from_hours(u64::from(hours.get())),
        keep: keep.map_or(7, |keep| keep.get() as usize),
        folder: backup_folder(flags, file, data_dir),
    })
}

/// Days within which an alert can be recognised as sent before.
const LEAST_DAYS: u32 = 2;

fn retention(flags: &ServeOptions, file: &ServeOptions) -> Result<Retention, ConfigError> {
    let days =
        |flag: Option<NonZeroU32>, file: Option<NonZeroU32>| flag.or(file).map(NonZeroU32::get);
    let retention = Retention {
        unsettled_days: days(flags.keep_unsettled, file.keep_unsettled),
        message_days: days(flags.keep_messages, file.keep_messages),
        audit_days: days(flags.keep_audit, file.keep_audit),
    };
    let is_too_short = |days: Option<u32>| days.is_some_and(|days| days < LEAST_DAYS);
    if is_too_short(retention.unsettled_days) {
        return Err(ConfigError::Contradiction(
            "keep-unsettled must be 2 days or more: for 24 hours an alert is known to have come before",
        ));
    }
    if is_too_short(retention.message_days) {
        return Err(ConfigError::Contradiction(
            "keep-messages must be 2 days or more: an alert that failed is processed again from its message",
        ));
    }
    Ok(retention)
}

fn outbound(flags: &ServeOptions, file: &ServeOptions) -> OutboundConfig {
    let allowed = if flags.outbound_allow.is_empty() {
        &file.outbound_allow
    } else {
        &flags.outbound_allow
    };
    let days = flags.keep_outbox.or(file.keep_outbox);
    OutboundConfig {
        allowed: allowed.clone(),
        roots: flags
            .outbound_roots
            .clone()
            .or_else(|| file.outbound_roots.clone()),
        proxy: flags
            .outbound_proxy
            .clone()
            .or_else(|| file.outbound_proxy.clone()),
        kept_days: days.map_or(30, NonZeroU32::get),
    }
}

fn upstream(
    flags: &ServeOptions,
    file: &ServeOptions,
) -> Result<Option<(String, String)>, ConfigError> {
    let url = flags.upstream.clone().or_else(|| file.upstream.clone());
    let token = flags
        .upstream_token
        .clone()
        .or_else(|| file.upstream_token.clone());
    match (url, token) {
        (None, _) => Ok(None),
        (Some(url), _) if !url.parse().is_ok_and(|uri| is_target(&uri)) => {
            Err(ConfigError::Contradiction(
                "upstream must be an address such as https://vps.example.com",
            ))
        }
        (Some(url), Some(token)) => Ok(Some((url.trim_end_matches('/').to_owned(), token))),
        (Some(_), None) => Err(ConfigError::Contradiction(
            "upstream needs upstream-token: there, algohook token create home --scope read",
        )),
    }
}

fn backup_folder(flags: &ServeOptions, file: &ServeOptions, data_dir: &Path) -> PathBuf {
    let named = flags.backup_dir.clone().or_else(|| file.backup_dir.clone());
    named.unwrap_or_else(|| data_dir.join(BACKUP_FOLDER))
}

/// Reads an address to listen on.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "write ADDRESS:PORT, such as 127.0.0.1:9000")
}

/// The same in the file.
fn address_in_file<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let read = address(&text).map_err(|rule| {
        serde::de::Error::custom(format!("\"{text}\" is no address to listen on; {rule}"))
    });
    read.map(Some)
}

/// Reads a network, or the one address that is all of it.
fn network(text: &str) -> Result<IpNet, &'static str> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(|_| address())
        .map_err(|_| "write an address such as 127.0.0.1, or ADDRESS/BITS such as 10.0.0.0/8")
}

/// The same in the file.
fn networks_in_file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    networks(deserializer, "address of a proxy")
}

/// The same of networks that may be reached.
fn allowed_in_file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    networks(deserializer, "network")
}

fn networks<'de, D: Deserializer<'de>>(
    deserializer: D,
    what: &str,
) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read = texts.iter().map(|text| {
        network(text)
            .map_err(|rule| serde::de::Error::custom(format!("\"{text}\" is no {what}; {rule}")))
    });
    read.collect()
}

/// Reads a proxy for connections outward.
fn proxy(text: &str) -> Result<Proxy, NotAProxy> {
    text.parse()
}

/// The same in the file.
fn proxy_in_file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Proxy>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn public_url(url: Option<String>) -> Result<Option<String>, ConfigError> {
    match url {
        Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
            Err(ConfigError::PublicUrl(url))
        }
        url => Ok(url.map(|url| url.trim_end_matches('/').to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_with_file(text: &str, serve: &ServeOptions) -> Result<Config, ConfigError> {
        let data_dir = tempfile::tempdir().unwrap();
        std::fs::write(data_dir.path().join("config.toml"), text).unwrap();
        let global = GlobalOptions {
            data_dir: Some(data_dir.path().to_owned()),
            ..GlobalOptions::default()
        };
        Config::resolve(&global, serve)
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = "rate-limit = 60\nlisten = \"127.0.0.1:9000\"\npublic-url = \"https://hooks.example.com/\"";
        let flags = ServeOptions {
            rate_limit: NonZeroU32::new(90),
            ..ServeOptions::default()
        };
        let config = resolve_with_file(file, &flags).unwrap();
        assert_eq!(config.rate_limit.get(), 90);
        assert_eq!(config.listen.port(), 9000);
        assert_eq!(
            config.public_url.as_deref(),
            Some("https://hooks.example.com")
        );
        assert_eq!(config.max_connections, 1024);
    }

    #[test]
    fn what_is_wrong_in_the_file_is_said_with_its_line() {
        for (file, said) in [
            (
                "rate-limit = 60\ndomains = [\"a.example\"]",
                "line 2: there is no setting \"domains\"; did you mean \"domain\"?",
            ),
            (
                "rate-limt = 60",
                "line 1: there is no setting \"rate-limt\"; did you mean \"rate-limit\"?",
            ),
            (
                "public_url = \"x\"",
                "line 1: there is no setting \"public_url\"; did you mean \"public-url\"?",
            ),
            (
                "[server]\nlisten = 1",
                "line 1: there is no setting \"server\"",
            ),
            (
                "data-dir = \"/x\"",
                "line 1: data-dir cannot be set here; use --data-dir or ALGOHOOK_DATA_DIR",
            ),
            (
                "\nlisten = \"9000\"",
                "line 2: \"9000\" is no address to listen on; write ADDRESS:PORT, such as 127.0.0.1:9000",
            ),
        ] {
            let error = resolve_with_file(file, &ServeOptions::default()).unwrap_err();
            let error = error.to_string();
            assert!(error.ends_with(&format!("config.toml, {said}")), "{error}");
        }
        for (file, line, named) in [
            ("rate-limit = 0", 1, "zero"),
            ("\nhttp2 = 1", 2, "boolean"),
            ("domain = [\"x\"]", 1, "is no domain"),
            ("log-level = \"loud\"", 1, "loud"),
            ("listen = ", 1, "config.toml"),
        ] {
            let error = resolve_with_file(file, &ServeOptions::default()).unwrap_err();
            let error = error.to_string();
            assert!(error.contains(named), "{error}");
            assert!(
                error.contains(&format!("config.toml, line {line}: ")),
                "{error}"
            );
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_demo_does_not_read_the_owners_file() {
        let demo = ServeOptions {
            demo: true,
            ..ServeOptions::default()
        };
        let config = resolve_with_file("rate-limit = 60", &demo).unwrap();
        assert_eq!(config.rate_limit.get(), 30);
    }

    #[test]
    fn the_example_configuration_is_valid_and_has_every_setting() {
        let example = include_str!("../../packaging/config.example.toml");
        let uncommented = example
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| line.contains(" = "));
        // A domain and a certificate of one's own are two ways to the same.
        let (files, rest): (Vec<&str>, Vec<&str>) =
            uncommented.partition(|line| line.starts_with("tls-"));
        for lines in [&rest, &files] {
            resolve_with_file(&lines.join("\n"), &ServeOptions::default()).unwrap();
        }
        for name in file::settings() {
            let is_there = |line: &&str| line.starts_with(&format!("{name} = "));
            assert!(files.iter().chain(&rest).any(is_there), "{name}");
        }
        let config = resolve_with_file(&rest.join("\n"), &ServeOptions::default()).unwrap();
        assert_eq!(config.rate_limit.get(), 30);
        assert_eq!(config.trusted_proxies.len(), 1);
    }
}
