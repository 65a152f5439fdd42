//! The install script and the systemd unit.

use crate::support;
use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

fn packaging(name: &str) -> String {
    format!("{}/packaging/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn install(binary: &str, sums: &Path, directory: &Path) -> Output {
    let mut script = Command::new("sh");
    script.arg(packaging("install.sh")).arg(binary);
    script.arg(sums).arg(directory).output().unwrap()
}

#[test]
fn a_binary_is_installed_only_if_its_checksum_is_right() {
    let work = TempDir::new().unwrap();
    let (sums, directory) = (work.path().join("SHA256SUMS"), work.path().join("bin"));
    let binary = env!("CARGO_BIN_EXE_algohook");
    let digest = Sha256::digest(std::fs::read(binary).unwrap());
    let digest = digest
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));

    for wrong in [
        format!("{}  algohook\n", "0".repeat(64)),
        format!("{digest}  another\n"),
        String::new(),
    ] {
        std::fs::write(&sums, wrong).unwrap();
        let output = install(binary, &sums, &directory);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(!directory.join("algohook").exists());
    }
    let plain = install("http://hooks.example.test/algohook", &sums, &directory);
    assert!(
        String::from_utf8_lossy(&plain.stderr).contains("only https://"),
        "{plain:?}"
    );

    std::fs::write(&sums, format!("{digest}  algohook\n")).unwrap();
    let output = install(binary, &sums, &directory);
    assert!(output.status.success(), "{output:?}");
    let installed = Command::new(directory.join("algohook"))
        .arg("--version")
        .output();
    assert!(installed.unwrap().status.success());
}

#[test]
fn the_systemd_unit_is_hardened() {
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(["security", "--offline=true", "--threshold=15"]);
    let Ok(output) = analyze.arg(packaging("systemd/algohook.service")).output() else {
        let reason = "systemd-analyze is not installed (apt-get install systemd)";
        support::skipped("the_systemd_unit_is_hardened", reason);
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "more than 1.5: {shown}");
}
