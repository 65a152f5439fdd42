#!/bin/sh
# Builds what is given out: one static binary for each kind of machine, the
# Debian package where cargo-deb is there, and their checksums, in dist/.
#
#   packaging/dist.sh            for x86-64
#   packaging/dist.sh aarch64    for 64-bit Arm too; see below for what that needs
#
# With rustup, `rustup target add aarch64-unknown-linux-gnu` and a cross linker
# (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross) are enough. On Debian without
# rustup: dpkg --add-architecture arm64, then rustc-web, libstd-rust-web-dev:arm64 and
# the same linker; RUSTC=/usr/bin/rustc names that compiler.
set -eu
cd "$(dirname "$0")/.."

static="-C target-feature=+crt-static"
mkdir -p dist
rm -f dist/algohook* dist/SHA256SUMS

build() {
    RUSTFLAGS="$static" cargo build --release --locked --target "$1-unknown-linux-gnu"
    cp "target/$1-unknown-linux-gnu/release/algohook" "dist/algohook-$1-linux"
}

build x86_64
case $(ldd dist/algohook-x86_64-linux 2>&1) in
    *"statically linked"* | *"not a dynamic executable"*) ;;
    *) echo "dist/algohook-x86_64-linux is not static" >&2; exit 1 ;;
esac

if [ "${1:-}" = aarch64 ]; then
    export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
    export AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    build aarch64
fi

if cargo deb --version >/dev/null 2>&1; then
    RUSTFLAGS="$static" cargo deb --locked --no-build --target x86_64-unknown-linux-gnu \
        --output dist/algohook_amd64.deb
else
    echo "cargo-deb is not installed (cargo install cargo-deb): no Debian package was made" >&2
fi

cp packaging/install.sh dist/
(cd dist && sha256sum algohook* >SHA256SUMS)
ls -l dist
