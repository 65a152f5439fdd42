//! The command line: one file a command.
//!
//! Every command but `send` works on the data directory, whether a server runs
//! on it or not; a running server takes up a change within a second. Data goes
//! to standard output, everything else to standard error. The exit status is 0,
//! 1 for a failure, 2 for wrong use.

mod announce;
mod backup;
mod channel;
mod compact;
mod compare;
mod completions;
mod doctor;
mod events;
mod expectation;
mod explain;
mod forward;
mod hints;
mod http;
mod import;
mod open;
mod orders;
mod outbox;
mod output;
mod rebuild;
mod report;
mod send;
mod senders;
mod serve;
mod setup_link;
mod token;
mod user;
mod webhook;
mod welcome;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Config, GlobalOptions, ServeOptions, data_dir};
use crate::logging::{self, LogLevel};

/// Self-hosted home for TradingView alerts: receives webhooks, keeps every one,
/// and shows what your strategies really do.
#[derive(Parser)]
#[command(name = "algohook", version, after_help = EXAMPLE)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLE: &str = "\
Example, from nothing to the first alert:
  algohook serve
  algohook webhook create \"BTC Strategy\"      (in another terminal)
  algohook events --follow";

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    Send(send::Send),
    Events(events::Events),
    Explain(explain::Explain),
    Orders(orders::Orders),
    Report(report::Report),
    Compare(compare::Compare),
    #[command(subcommand)]
    Import(import::Import),
    #[command(subcommand)]
    Senders(senders::SendersCommand),
    #[command(subcommand)]
    Channel(channel::Channel),
    #[command(subcommand)]
    Forward(forward::Forward),
    Outbox(outbox::Outbox),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    User(user::User),
    SetupLink(setup_link::SetupLink),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Rebuild(rebuild::Rebuild),
    Compact(compact::Compact),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    match execute(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has seen enough, as `head` has.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            if let Some(hint) = hints::of(&error) {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The whole command line, for completions and their tests.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

fn execute(cli: Cli) -> anyhow::Result<()> {
    if let Some(Command::Serve(serve)) = &cli.command
        && serve.options.demo
        && cli.global.data_dir.is_some()
    {
        wrong_use(
            "--demo makes a directory of its own and cannot be used with --data-dir or ALGOHOOK_DATA_DIR",
        );
    }
    let serve_options = match &cli.command {
        Some(Command::Serve(serve)) => serve.options.clone(),
        _ => ServeOptions::default(),
    };
    let global = with_data_dir(cli.global, cli.command.as_ref())?;
    let config = Config::resolve(&global, &serve_options)?;
    let usual_level = match cli.command {
        // The lines that a terminal shows are those of `announce`.
        Some(Command::Serve(_)) if !io::stderr().is_terminal() => LogLevel::Info,
        _ => LogLevel::Warn,
    };
    logging::start(config.log_format, config.log_level.unwrap_or(usual_level));
    let out = &mut io::stdout().lock();
    let Some(command) = cli.command else {
        return Ok(welcome::print(&config.data_dir, out)?);
    };
    match command {
        Command::Serve(serve) => serve.run(config, out),
        Command::Webhook(webhook) => webhook.run(&config, out),
        Command::Send(send) => send.run(&config, out),
        Command::Events(events) => events.run(&config, out),
        Command::Explain(explain) => explain.run(&config, out),
        Command::Orders(orders) => orders.run(&config, out),
        Command::Report(report) => report.run(&config, out),
        Command::Compare(compare) => compare.run(&config, out),
        Command::Import(import) => import.run(&config, out),
        Command::Senders(senders) => senders.run(&config, out),
        Command::Channel(channel) => channel.run(&config, out),
        Command::Forward(forward) => forward.run(&config, out),
        Command::Outbox(outbox) => outbox.run(&config, out),
        Command::Token(token) => token.run(&config, out),
        Command::User(user) => user.run(&config, out),
        Command::SetupLink(_) => setup_link::SetupLink::run(&config, out),
        Command::Backup(backup) => backup.run(&config, out),
        Command::Restore(restore) => restore.run(&config, out),
        Command::Doctor(doctor) => doctor.run(&config, out),
        Command::Rebuild(_) => rebuild::Rebuild::run(&config, out),
        Command::Compact(_) => compact::Compact::run(&config, out),
        Command::Completions(completions) => completions.run(out),
    }
}

/// The general options with the directory that a command works on where none is named.
/// Servers and restored backups begin a directory of their own.
fn with_data_dir(
    mut global: GlobalOptions,
    command: Option<&Command>,
) -> anyhow::Result<GlobalOptions> {
    let begins_one = matches!(
        command,
        Some(Command::Serve(_) | Command::Restore(_) | Command::Completions(_))
    );
    if global.data_dir.is_none() && !begins_one {
        let data_dir = data_dir::in_use()?;
        if data_dir == Path::new(data_dir::SERVICE_DATA_DIR) {
            eprintln!(
                "note: this is the service's data, in {}",
                data_dir.display()
            );
        }
        global.data_dir = Some(data_dir);
    }
    Ok(global)
}

/// Ends the process as for wrong use, where clap cannot see that it is.
fn wrong_use(message: &str) -> ! {
    let kind = ErrorKind::ArgumentConflict;
    Cli::command().error(kind, message).exit()
}

/// An error with its causes, each said once: some errors say their cause themselves.
fn in_words(error: &anyhow::Error) -> String {
    let mut causes = error.chain().map(ToString::to_string);
    let first = causes.next().unwrap_or_default();
    causes.fold(first, |said, cause| {
        if said.ends_with(&cause) {
            said
        } else {
            format!("{said}: {cause}")
        }
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        super::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command) {
            if command.get_subcommands().next().is_none() {
                let help = command.get_after_help().map(ToString::to_string);
                let is_there = help.is_some_and(|help| help.contains("Example"));
                assert!(is_there, "{} has no example", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&super::command());
    }
}
