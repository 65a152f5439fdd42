//! Every command of the README, run as it stands there. What needs another machine is run
//! by the script or the workflow that is named here.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::support;

/// Commands that run elsewhere: their beginning, the file that runs them, and the words there.
const ELSEWHERE: [(&str, &str, &str); 3] = [
    (
        "sudo dpkg -i algohook_amd64.deb",
        "packaging/test-deb.sh",
        "dpkg -i",
    ),
    (
        "docker compose up -d",
        ".github/workflows/release.yml",
        "docker compose up -d",
    ),
    (
        "docker compose logs",
        ".github/workflows/release.yml",
        "docker compose logs",
    ),
];

/// Commands within sentences: their beginning, the file that runs them, and the words there.
const INLINE: [(&str, &str, &str); 7] = [
    ("algohook serve --demo", "tests/it/demo.rs", "\"--demo\""),
    (
        "shasum -a 256 --ignore-missing -c SHA256SUMS",
        ".github/workflows/release.yml",
        "shasum -a 256 --ignore-missing -c SHA256SUMS",
    ),
    (
        "xattr -d com.apple.quarantine FILE",
        ".github/workflows/release.yml",
        "xattr -d com.apple.quarantine algohook",
    ),
    (
        ".\\algohook-x86_64-windows.exe serve",
        ".github/workflows/release.yml",
        "/algohook-x86_64-windows.exe serve",
    ),
    ("apt-get install gcc", "scripts/setup.sh", "install gcc"),
    (
        "cargo build --profile dist",
        "packaging/dist.sh",
        "cargo build --profile dist",
    ),
    (
        "cargo install --path .",
        ".github/workflows/release.yml",
        "cargo install --path .",
    ),
];

/// A folder of commands that stand before the machine's own, and a data directory.
struct Newcomer {
    folder: TempDir,
}

impl Newcomer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let newcomer = Self { folder };
        let commands = newcomer.path("bin");
        fs::create_dir(&commands).unwrap();
        let binary = env!("CARGO_BIN_EXE_algohook");
        symlink(binary, commands.join("algohook")).unwrap();
        let stub = |name: &str, script: &str| {
            let path = commands.join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        // Nobody asks for a password here, and cargo has built already.
        stub("sudo", "exec \"$@\"");
        stub("cargo", "shift 3; exec algohook \"$@\"");
        newcomer
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        let path = std::env::var("PATH").unwrap();
        command
            .args(["-c", &format!("exec {line}")])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("ALGOHOOK_DATA_DIR", self.path("data"))
            .env("ALGOHOOK_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    fn succeed(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a server; it is stopped when dropped.
    fn serve(&self, line: &str) -> Running {
        let mut command = self.command(line);
        // Its log would hide what the tests say.
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let first = BufReader::new(child.stdout.take().unwrap()).lines().next();
        let first = first.map(Result::unwrap).unwrap_or_default();
        assert!(
            first.contains("listens on http://127.0.0.1:"),
            "{line}: {first}"
        );
        Running(child)
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines of the README's blocks of code.
fn commands() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(readme).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(|line| line.trim().to_owned()).collect()
}

/// The commands in the README's sentences.
fn inline_commands(readme: &str) -> Vec<&str> {
    const FIRST_WORDS: [&str; 9] = [
        "algohook", "apt-get", "cargo", "curl", "docker", "shasum", "ssh", "sudo", "xattr",
    ];
    let sentences = readme.lines().filter(|line| !line.starts_with("    "));
    let quoted = sentences.flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_command = |text: &&str| {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        !rest.is_empty() && (FIRST_WORDS.contains(&first) || first.starts_with('.'))
    };
    quoted.filter(is_command).collect()
}

#[test]
fn every_command_in_a_sentence_of_the_readme_is_run_somewhere() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(project.join(file)).unwrap();
    let readme = read("README.md");
    let found = inline_commands(&readme);
    for (command, file, words) in INLINE {
        assert!(found.contains(&command), "the README has no {command}");
        assert!(read(file).contains(words), "{file} does not run: {command}");
    }
    for command in found {
        let is_known = INLINE.iter().any(|(known, ..)| *known == command);
        assert!(is_known, "nothing runs the README's {command}");
    }
}

/// A downloaded release: the binary under its name, and the list of checksums.
fn download(newcomer: &Newcomer) {
    let name = "algohook-x86_64-linux";
    fs::copy(env!("CARGO_BIN_EXE_algohook"), newcomer.path(name)).unwrap();
    let sums = newcomer.succeed(&format!("sha256sum {name}"));
    let other = format!("{}  algohook_amd64.deb\n", "0".repeat(64));
    fs::write(newcomer.path("SHA256SUMS"), sums + &other).unwrap();
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let newcomer = Newcomer::new();
    download(&newcomer);
    let mut server = None;
    for line in commands() {
        if let Some((_, file, words)) = ELSEWHERE.iter().find(|(begin, ..)| *begin == line) {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let text = fs::read_to_string(path).unwrap();
            assert!(text.contains(words), "{file} does not run: {line}");
            continue;
        }
        match line.as_str() {
            "sudo install algohook-x86_64-linux /usr/local/bin/algohook" => {
                let to = newcomer.path("installed");
                newcomer.succeed(&line.replace("/usr/local/bin/algohook", to.to_str().unwrap()));
                assert!(
                    newcomer
                        .succeed("./installed --version")
                        .contains("algohook")
                );
            }
            "algohook serve" | "cargo run --release -- serve" => {
                // One after the other: a data directory has one server.
                drop(server.take());
                server = Some(newcomer.serve(&line));
            }
            "algohook serve --domain hooks.example.com --email me@example.com" => {
                let rest = "--public-listen 127.0.0.1:0 --http-listen 127.0.0.1:0 \
                            --acme-directory https://127.0.0.1:9/ --data-dir other";
                drop(newcomer.serve(&format!("{line} {rest}")));
            }
            "sudo algohook setup-link" => {
                let shown = newcomer.succeed(&line);
                assert!(shown.contains("/setup#"), "{shown}");
            }
            "algohook events" => {
                let shown = newcomer.succeed(&line);
                assert!(shown.contains("BTC Strategy"), "{shown}");
            }
            "algohook doctor" => {
                let output = newcomer.run(&line);
                let shown = String::from_utf8(output.stdout).unwrap();
                // Nothing can arrive yet, and it says so.
                assert!(shown.contains("WRONG  way in"), "{shown}");
                assert_eq!(output.status.code(), Some(1));
            }
            _ if line.starts_with("ssh -L ") => {
                let checked = newcomer.run(&line.replacen("ssh ", "ssh -G -F none ", 1));
                // 127 where there is no ssh.
                let code = checked.status.code();
                assert!(matches!(code, Some(0 | 127)), "{checked:?}");
            }
            "sha256sum --ignore-missing -c SHA256SUMS" => {
                assert!(
                    newcomer
                        .succeed(&line)
                        .contains("algohook-x86_64-linux: OK")
                );
            }
            "algohook webhook create \"BTC Strategy\"" => {
                assert!(newcomer.succeed(&line).contains("/hooks/wh_"));
            }
            "algohook send \"BTC Strategy\"" => {
                // The server takes a webhook up within a second.
                support::wait_until("the test alert is answered", || {
                    newcomer.run(&line).status.success()
                });
            }
            _ => panic!("the README has a command that nothing runs: {line}"),
        }
    }
}
