#!/bin/sh
# Builds what is given out: one static binary for each kind of machine, the Debian package
# where cargo-deb is there, and their checksums, in dist/. .github/workflows/release.yml
# runs the same for a release.
#
#   packaging/dist.sh            for x86-64
#   packaging/dist.sh aarch64    for 64-bit Arm
#   packaging/dist.sh x86_64 aarch64 windows    for several
#
# Arm: with rustup, `rustup target add aarch64-unknown-linux-gnu` and a cross linker
# (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross) are enough. On Debian without rustup:
# dpkg --add-architecture arm64, then rustc-web, libstd-rust-web-dev:arm64 and the same
# linker; RUSTC=/usr/bin/rustc names that compiler.
# Windows: `rustup target add x86_64-pc-windows-gnu` and gcc-mingw-w64-x86-64.
# macOS needs Apple's own linker: there, cargo build --profile dist --locked.
set -eu
cd "$(dirname "$0")/.."

static="-C target-feature=+crt-static"
mkdir -p dist
rm -f dist/algohook* dist/install.sh dist/SHA256SUMS

build() {
    RUSTFLAGS="$static" cargo build --profile dist --locked --target "$1"
}

# The Debian package of a binary that is built already.
package() {
    if cargo deb --version >/dev/null 2>&1; then
        RUSTFLAGS="$static" cargo deb --locked --no-build --profile dist --target "$1" --output "dist/algohook_$2.deb"
    else
        echo "cargo-deb is not installed (cargo install cargo-deb): no Debian package was made" >&2
    fi
}

for machine in "${@:-x86_64}"; do
    case $machine in
        x86_64)
            build x86_64-unknown-linux-gnu
            cp target/x86_64-unknown-linux-gnu/dist/algohook dist/algohook-x86_64-linux
            case $(ldd dist/algohook-x86_64-linux 2>&1) in
                *"statically linked"* | *"not a dynamic executable"*) ;;
                *) echo "dist/algohook-x86_64-linux is not static" >&2; exit 1 ;;
            esac
            package x86_64-unknown-linux-gnu amd64
            ;;
        aarch64)
            if [ "$(uname -m)" != aarch64 ]; then
                export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
                export AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
                export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
            fi
            build aarch64-unknown-linux-gnu
            cp target/aarch64-unknown-linux-gnu/dist/algohook dist/algohook-aarch64-linux
            package aarch64-unknown-linux-gnu arm64
            ;;
        windows)
            build x86_64-pc-windows-gnu
            cp target/x86_64-pc-windows-gnu/dist/algohook.exe dist/algohook-x86_64-windows.exe
            ;;
        *)
            echo "dist.sh: $machine is none of x86_64, aarch64, windows" >&2
            exit 1
            ;;
    esac
done

cp packaging/install.sh dist/
(cd dist && sha256sum algohook* install.sh >SHA256SUMS)
ls -l dist
