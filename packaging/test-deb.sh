#!/bin/sh
# Installs the Debian package on this machine, upgrades, removes and purges it, and
# looks at what is left each time. Refuses where algohook is installed already.
#
#   packaging/test-deb.sh OLDER.deb NEWER.deb
set -eu

fail() {
    echo "test-deb: $*" >&2
    exit 1
}

[ $# = 2 ] || fail "usage: test-deb.sh OLDER.deb NEWER.deb"
[ "$(id -u)" = 0 ] || fail "dpkg wants root"
if dpkg-query -W -f '${db:Status-Abbrev}' algohook 2>/dev/null | grep -q .; then
    fail "algohook is installed here; this would remove it"
fi
[ ! -e /var/lib/algohook ] || fail "/var/lib/algohook exists; this would remove it"

server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    dpkg --purge algohook >/dev/null 2>&1 || true
}
trap clean_up EXIT

# Whether the service would start with the machine.
link=/etc/systemd/system/multi-user.target.wants/algohook.service
is_enabled() {
    [ -L "$link" ]
}

# There may be no systemd here, so the service is started by hand, as its user.
start() {
    setpriv --reuid algohook --regid algohook --clear-groups \
        algohook serve --data-dir /var/lib/algohook --listen 127.0.0.1:18480 \
        >/dev/null 2>&1 &
    server=$!
    tries=0
    until as_user doctor --quick >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || fail "the server does not answer"
        sleep 0.1
    done
}

stop() {
    kill "$server"
    wait "$server" || fail "the server did not stop in good order"
    server=
}

as_user() {
    setpriv --reuid algohook --regid algohook --clear-groups \
        algohook "$@" --data-dir /var/lib/algohook
}

echo "install"
dpkg -i "$1"
[ "$(stat -c '%U %a' /var/lib/algohook)" = "algohook 700" ] || fail "the data directory is not private"
[ -f /usr/lib/systemd/system/algohook.service ] || [ -f /lib/systemd/system/algohook.service ] ||
    fail "there is no unit"
is_enabled || fail "the service is not enabled"
[ "$(stat -c '%U %a' /etc/algohook/environment)" = "root 600" ] || fail "others can read the settings"
start
webhook=$(as_user webhook create Kept --json | sed -n 's/.*"id": *"\(wh_[A-Za-z0-9]*\)".*/\1/p')
[ -n "$webhook" ] || fail "no webhook was made"
# Nobody types the directory: root finds it, and others are told whose it is.
HOME=/nonexistent algohook webhook show "$webhook" >/dev/null || fail "root does not find the service's data"
told=$(setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/nonexistent algohook events 2>&1) &&
    fail "a stranger reads the service's data"
case $told in
    *"sudo -u algohook"*) ;;
    *) fail "a stranger is not told whose the data is: $told" ;;
esac
stop

echo "upgrade"
echo "# the owner's own line" >>/etc/algohook/environment
dpkg --force-confold -i "$2"
grep -q "own line" /etc/algohook/environment || fail "the upgrade replaced the owner's settings"
start
as_user webhook show "$webhook" >/dev/null || fail "the upgrade lost the webhook"
stop

echo "remove"
dpkg -r algohook
[ ! -e /usr/bin/algohook ] || fail "the binary is still there"
[ -f /var/lib/algohook/algohook.db ] || fail "removing took the data"

echo "install again"
dpkg --force-confold -i "$2"
is_enabled || fail "the service is off after it was removed and installed again"
start
as_user webhook show "$webhook" >/dev/null || fail "installing again lost the webhook"
stop

echo "remove and install again what its owner disabled"
rm "$link"
dpkg --force-confold -i "$2"
! is_enabled || fail "an upgrade enabled what its owner had disabled"
dpkg -r algohook
dpkg --force-confold -i "$2"
! is_enabled || fail "installing again enabled what its owner had disabled"

echo "purge"
ln -s /lib/systemd/system/algohook.service "$link"
dpkg -P algohook
[ ! -e /var/lib/algohook ] && [ ! -e /etc/algohook ] || fail "purging left something"
! is_enabled || fail "purging left the service enabled"
left=$(find /var/lib/systemd/deb-systemd-helper-* -name 'algohook*' 2>/dev/null) || true
[ -z "$left" ] || fail "purging left $left"
! getent passwd algohook >/dev/null || fail "purging left the user"
echo "ok: installed, started, upgraded with its data, removed, installed again, purged"
