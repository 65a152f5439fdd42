#!/bin/sh
# Runs the tests that read the time of day on days and in zones that are known for trouble:
# a Saturday, New Year, a leap day, both changes of New York's clocks, the last seconds of a
# day. `scripts/check-clock.sh all` runs every test of the server on every day in every zone,
# which takes an hour; without it, those named below, each day in one zone.
set -eu
cd "$(dirname "$0")/.."

library=/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketimeMT.so.1
if [ ! -e "$library" ]; then
    echo "skipped: the tests on other days: libfaketime is missing (as root: apt-get install faketime)"
    exit 0
fi

days='2026-11-28T12:00:00Z UTC
2027-01-01T00:00:30+05:30 Asia/Kolkata
2028-02-29T15:00:00Z America/New_York
2027-03-14T06:59:50Z America/New_York
2027-11-07T05:59:50Z America/New_York
2027-04-03T13:59:50Z Pacific/Chatham
2026-12-31T23:59:50Z UTC'
zones='UTC Asia/Kolkata America/New_York Pacific/Chatham'

# Which tests, and which of their cases; those of certificates have times of their own.
short='clock
resends
events
overview
doctor
login no_code
trades a_late_order
imports an_alert_that_arrived
deliveries two_equal_alerts
demo the_printed_password'

all=
[ "${1:-}" != all ] || all=yes
log=$(mktemp)
trap 'rm -f "$log" "$log.programs"' EXIT
# Built and found by the machine's own time: cargo compares the times of files.
cargo test --locked --no-run 2>&1 | sed -n 's/.*Executable tests\/\(.*\)\.rs (\(.*\))/\1 \2/p' >"$log.programs"

# Runs one program of tests on one day; children have the same day.
run() {
    day=$1 zone=$2 name=$3 program=$4
    shift 4
    ahead=$(($(date -d "$day" +%s) - $(date +%s)))
    if ! TZ=$zone LD_PRELOAD=$library FAKETIME="$(printf %+d $ahead)" FAKETIME_DONT_FAKE_MONOTONIC=1 \
        "$program" --quiet "$@" >"$log" 2>&1; then
        cat "$log"
        echo "failed at $day in $zone: cargo test --test $name $*" >&2
        exit 1
    fi
}

on_a_day() {
    while read -r name program; do
        if [ "$all" ]; then
            run "$1" "$2" "$name" "$PWD/${program#"$PWD"/}"
        elif cases=$(echo "$short" | grep -E "^$name( |$)"); then
            run "$1" "$2" "$name" "$PWD/${program#"$PWD"/}" ${cases#"$name"}
        fi
    done <"$log.programs"
    echo "passed at $1 in $2"
}

export CARGO_MANIFEST_DIR="$PWD"
echo "$days" | while read -r day zone; do
    [ -z "$all" ] || zone=$zones
    for zone in $zone; do
        on_a_day "$day" "$zone"
    done
done

# What the page makes of times, in each zone.
if [ -d ui/node_modules ]; then
    for zone in $zones; do
        (cd ui && TZ=$zone npm test >"$log" 2>&1) || { cat "$log"; echo "failed in $zone: npm test" >&2; exit 1; }
    done
    echo "passed: the page's tests in $zones"
fi
