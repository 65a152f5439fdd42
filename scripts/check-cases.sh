#!/bin/sh
# Tries small faults that algohook once had against the real binary; tests/cases has each with
# its right value.
set -eu
cd "$(dirname "$0")/.."
cargo build --locked
PYTHONDONTWRITEBYTECODE=1 python3 tests/cases/run.py
