#!/bin/sh
# Brings what a bare Debian lacks for building and checking: a C compiler for
# the bundled SQLite, a certificate authority, Node and a browser for the tests, and
# rustup's formatter and linter.
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

# Node builds the web page and runs its tests, in Debian's Chromium. Node 20.19 is the
# oldest that Vite takes; older than Debian 13 have to get it from https://nodejs.org.
wanted=
command -v npm >/dev/null || wanted="nodejs npm"
command -v chromium >/dev/null || wanted="$wanted chromium"
if [ -n "$wanted" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        # shellcheck disable=SC2086 # a list of packages
        apt-get update -q && apt-get install -y -q --no-install-recommends $wanted
    else
        echo "missing for the tests of the web page: $wanted (apt-get install $wanted)" >&2
        exit 1
    fi
fi
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
    echo "node $(node --version) is too old for the web page's tools: install 20.19 or newer from https://nodejs.org" >&2
    exit 1
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
