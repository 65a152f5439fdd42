#!/bin/sh
# Checks what releases are built of and an ordinary build is not: a static binary, whose
# look-up of names has a part of its own, and Windows. For the latter the standard library and
# a C compiler have to be there: rustup target add x86_64-pc-windows-gnu; apt-get install
# gcc-mingw-w64-x86-64.
set -eu
cd "$(dirname "$0")/.."

check() {
    RUSTFLAGS="-C target-feature=+crt-static" cargo check --locked --bin algohook --target "$1"
    echo "ok: builds for $1, static"
}

if [ "$(uname -s)" = Linux ]; then
    check "$(uname -m)-unknown-linux-gnu"
fi

windows=x86_64-pc-windows-gnu
if ! rustup target list --installed 2>/dev/null | grep -q "^$windows$"; then
    echo "skipped: the check for Windows: rustup target add $windows"
elif ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
    echo "skipped: the check for Windows: mingw is missing (as root: apt-get install gcc-mingw-w64-x86-64)"
else
    check $windows
fi
