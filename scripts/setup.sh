#!/bin/sh
# Brings what a bare Debian lacks for building and checking: a C compiler for
# the bundled SQLite, a certificate authority for the tests, and rustup's formatter
# and linter.
set -eu

if ! command -v cargo >/dev/null; then
    echo "cargo is missing: install Rust from https://rustup.rs, then try again" >&2
    exit 1
fi

if ! command -v cc >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -q && apt-get install -y -q --no-install-recommends gcc libc6-dev
    else
        echo "a C compiler is missing: apt-get install gcc libc6-dev (or your system's)" >&2
        exit 1
    fi
fi

# Let's Encrypt's test authority, for tests/acme.rs, which says so where it has to do without.
if ! command -v pebble >/dev/null || ! command -v pebble-challtestsrv >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -q && apt-get install -y -q --no-install-recommends pebble; } ||
            echo "pebble cannot be installed: the tests with a certificate authority are skipped" >&2
    else
        echo "pebble is missing (apt-get install pebble): the tests with a certificate authority are skipped" >&2
    fi
fi

for component in rustfmt clippy; do
    case $component in
        rustfmt) tool=cargo-fmt ;;
        clippy) tool=cargo-clippy ;;
    esac
    if ! $tool --version >/dev/null 2>&1; then
        rustup component add $component
    fi
done
