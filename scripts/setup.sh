#!/bin/sh
# Brings what a bare Debian lacks for building and checking: a C compiler for
# the bundled SQLite, a certificate authority, Node and a browser for the tests, and
# rustup's formatter and linter.
set -eu

# Installs packages; fails where it may not, and then says what is missing.
install() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -q && apt-get install -y -q --no-install-recommends "$@"
    else
        echo "missing: $* (as root: apt-get install $*)" >&2
        return 1
    fi
}

if ! command -v cargo >/dev/null; then
    echo "cargo is missing: install Rust from https://rustup.rs, then try again" >&2
    exit 1
fi
command -v cc >/dev/null || install gcc libc6-dev

# Let's Encrypt's test authority, and systemd's judge of its units. The tests that want
# them say so where they have to do without.
command -v pebble >/dev/null && command -v pebble-challtestsrv >/dev/null || install pebble || true
command -v systemd-analyze >/dev/null || install systemd || true

# Node builds the web page and runs its tests, in Debian's Chromium. Node 20.19 is the
# oldest that Vite takes; older than Debian 13 have to get it from https://nodejs.org.
command -v npm >/dev/null || install nodejs npm
command -v chromium >/dev/null || install chromium
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
    echo "node $(node --version) is too old for the web page's tools: install 20.19 or newer from https://nodejs.org" >&2
    exit 1
fi

cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
