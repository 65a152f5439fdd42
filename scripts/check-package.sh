#!/bin/sh
# Packages the debug build and has packaging/test-deb.sh install it on this machine,
# upgrade, remove and purge it. `make test-package` does the same with what is given out.
set -eu
cd "$(dirname "$0")/.."

skip() {
    echo "skipped: installing the Debian package: $*"
    exit 0
}
command -v dpkg >/dev/null || skip "this is no Debian"
[ "$(id -u)" = 0 ] || skip "installing a package wants root"
! dpkg-query -W algohook >/dev/null 2>&1 || skip "algohook is installed here, and the test would remove it"
[ ! -e /var/lib/algohook ] || skip "/var/lib/algohook exists, and the test would remove it"

# Beside the build, so that nothing is added to the commands of whoever runs this.
target=${CARGO_TARGET_DIR:-$PWD/target}
tools=$target/tools
[ -x "$tools/bin/cargo-deb" ] || cargo install --quiet --locked --debug --root "$tools" cargo-deb@3.8.0
PATH="$tools/bin:$PATH"

# cargo-deb takes release builds only; the debug build is there already, so it stands in for one.
cargo build --locked
package=$target/package
mkdir -p "$package/release"
cp "$target/debug/algohook" "$package/release/"
for version in 0.0.1 0.0.2; do
    CARGO_TARGET_DIR="$package" cargo deb --locked --no-build --fast \
        --deb-version $version --output "$package/algohook-$version.deb"
done
packaging/test-deb.sh "$package/algohook-0.0.1.deb" "$package/algohook-0.0.2.deb"
