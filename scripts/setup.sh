#!/bin/sh
# Brings what a bare Debian lacks for building and checking: a C compiler for
# the bundled SQLite, a certificate authority, Node and a browser for the tests, and
# rustup's formatter and linter.
set -eu
cd "$(dirname "$0")/.."

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

# Let's Encrypt's test authority, a clock to be set, and systemd's judge of its units. The tests that want
# them say so where they have to do without.
command -v pebble >/dev/null && command -v pebble-challtestsrv >/dev/null || install pebble || true
command -v faketime >/dev/null || install faketime || true
python3 -c 'import ensurepip, venv' 2>/dev/null || install python3 python3-venv
command -v systemd-analyze >/dev/null || install systemd || true

# Node builds the web page and runs its tests, in Debian's Chromium. Node 20.19 is the
# oldest that Vite takes. Debian 12 has an older one, which gets a newer one from the
# registry of packages, for this project only: the Makefile looks there first.
is_node_new() {
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}
command -v npm >/dev/null || install nodejs npm
command -v chromium >/dev/null || install chromium
if ! is_node_new; then
    echo "node $(node --version) is too old for the web page's tools: a newer one goes into target/node"
    npm install --no-audit --no-fund --prefix target/node node@22
    hash -r
    is_node_new || { echo "install Node 20.19 or newer from https://nodejs.org" >&2; exit 1; }
fi

cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
