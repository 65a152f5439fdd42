#!/bin/sh
# Puts an algohook binary in its place, given that its checksum is right.
#
#   sh install.sh BINARY-OR-URL SHA256SUMS-FILE-OR-URL [DIRECTORY]
#
# The directory is /usr/local/bin where nothing is said. Nothing is installed
# whose SHA-256 is not in the list.
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

fetch() {
    case $1 in
        https://*) curl --proto '=https' --tlsv1.2 -fsSL -o "$2" "$1" || fail "cannot fetch $1" ;;
        http://*) fail "$1: only https:// is fetched" ;;
        *) cp "$1" "$2" || fail "cannot read $1" ;;
    esac
}

[ $# -ge 2 ] || fail "usage: install.sh BINARY-OR-URL SHA256SUMS-FILE-OR-URL [DIRECTORY]"
name=$(basename "$1")
directory=${3:-/usr/local/bin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch "$1" "$work/$name"
fetch "$2" "$work/SHA256SUMS"
wanted=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "SHA256SUMS does not name $name"
found=$(sha256sum "$work/$name" | cut -d ' ' -f 1)
[ "$wanted" = "$found" ] || fail "$name is not what SHA256SUMS says: nothing was installed"

mkdir -p "$directory"
install -m 0755 "$work/$name" "$directory/algohook.new"
mv "$directory/algohook.new" "$directory/algohook"
echo "Installed $("$directory/algohook" --version) in $directory."
