#!/bin/sh
# Checks that the program builds for Windows, where the standard library for it and a C
# compiler are there: rustup target add x86_64-pc-windows-gnu; apt-get install
# gcc-mingw-w64-x86-64.
set -eu
cd "$(dirname "$0")/.."

target=x86_64-pc-windows-gnu
if ! rustup target list --installed 2>/dev/null | grep -q "^$target$"; then
    echo "skipped: the check for Windows: rustup target add $target"
    exit 0
fi
if ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
    echo "skipped: the check for Windows: mingw is missing (as root: apt-get install gcc-mingw-w64-x86-64)"
    exit 0
fi
cargo check --locked --bin algohook --target $target
echo "ok: builds for $target"
