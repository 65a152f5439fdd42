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

# Which tests; those of certificates have times of their own.
short='clock:: resends:: events:: overview:: doctor:: login::no_code trades::a_late_order
imports::an_alert_that_arrived deliveries::two_equal_alerts demo::the_printed_password'

all=
[ "${1:-}" != all ] || all=yes short=
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Built and found by the machine's own time: cargo compares the times of files.
program=$(cargo test --locked --no-run --test it 2>&1 | sed -n 's/.*Executable .* (\(.*\))/\1/p')

# Runs the tests on one day in one zone; children have the same day.
on_a_day() {
    day=$1 zone=$2
    ahead=$(($(date -d "$day" +%s) - $(date +%s)))
    # shellcheck disable=SC2086 # one word is one test
    if ! TZ=$zone LD_PRELOAD=$library FAKETIME="$(printf %+d $ahead)" FAKETIME_DONT_FAKE_MONOTONIC=1 \
        "$PWD/${program#"$PWD"/}" --quiet $short >"$log" 2>&1; then
        cat "$log"
        echo "failed at $day in $zone: cargo test --test it -- $short" >&2
        exit 1
    fi
    grep -Eq '^test result: ok\. [1-9]' "$log" || { cat "$log"; echo "no test was run" >&2; exit 1; }
    echo "passed at $day in $zone"
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
