#!/usr/bin/env bash
# Has others judge what algohook sends: forwards, signatures, notifications.
#
#   tests/oracle/outbound.sh [BINARY] [FOLDER]
#
# BINARY is target/debug/algohook where it is left out. FOLDER keeps the environment for the next
# time; without it a temporary one is made and removed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
binary=${1:-$here/../../target/debug/algohook}
folder=${2:-}
if [ -z "$folder" ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
if [ ! -x "$folder/bin/python" ]; then
    "${PYTHON:-python3}" -m venv "$folder"
fi
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements-outbound.txt"
if command -v npm >/dev/null; then
    npm install --silent --no-audit --no-fund --prefix "$folder/node" standardwebhooks@1.1.1
    export STANDARDWEBHOOKS_NODE="$folder/node"
fi
export PYTHONDONTWRITEBYTECODE=1
"$folder/bin/python" "$here/outbound_forwards.py" "$binary"
"$folder/bin/python" "$here/outbound_channels.py" "$binary"
"$folder/bin/python" "$here/outbound_chat.py" "$binary"
