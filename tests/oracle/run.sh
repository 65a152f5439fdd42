#!/usr/bin/env bash
# Makes the report's fixtures, or checks them, in a virtual environment with the pinned libraries.
#
#   tests/oracle/run.sh [--check | --bench] [FOLDER] [-- OPTIONS]
#
# FOLDER keeps the environment for the next time; without it a temporary one is made and removed.
# --bench times QuantStats instead; OPTIONS are those of bench_quantstats.py.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
usage() {
    sed -n '2,7s/^# \{0,1\}//p' "$0"
}

script=make_fixtures.py
options=()
folder=
while [ $# -gt 0 ]; do
    case $1 in
        --check) options+=(--check) ;;
        --bench) script=bench_quantstats.py ;;
        --help) usage; exit 0 ;;
        --) shift; options+=("$@"); break ;;
        -*) usage >&2; exit 2 ;;
        *) folder=$1 ;;
    esac
    shift
done

if [ -z "$folder" ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
if [ ! -x "$folder/bin/python" ]; then
    "${PYTHON:-python3}" -m venv "$folder"
fi
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"

# No compiled files beside the sources, no window system for the plots that nobody draws.
export PYTHONDONTWRITEBYTECODE=1 MPLBACKEND=Agg
"$folder/bin/python" "$here/$script" ${options[@]+"${options[@]}"}
