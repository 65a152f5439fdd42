#!/bin/sh
# Holds the dependencies to deny.toml: licences, one version of each, no foreign source. With
# cargo-deny it also looks for known vulnerabilities, where their list can be had.
set -eu
cd "$(dirname "$0")/.."

if cargo deny --version >/dev/null 2>&1; then
    cargo deny --locked check bans licenses sources
    if cargo deny fetch db >/dev/null 2>&1; then
        cargo deny --locked check advisories
    else
        echo "skipped: advisories: their list cannot be had here"
    fi
    exit 0
fi

# A static build has all that any build has.
RUSTFLAGS="-C target-feature=+crt-static" \
    cargo metadata --locked --format-version 1 --filter-platform x86_64-unknown-linux-gnu |
    python3 scripts/check_dependencies.py deny.toml
echo "skipped: advisories: cargo-deny is missing (cargo install cargo-deny)"
