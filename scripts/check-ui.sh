#!/bin/sh
# Checks the web page: its types are those of the API, its built files are the
# ones that ui/ builds, and its tests pass, in a real browser too.
set -eu

cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

cargo run --quiet --locked --example openapi >"$fresh/openapi.json"
if ! cmp -s "$fresh/openapi.json" ui/src/api/openapi.json; then
    echo "ui/src/api/openapi.json is not the API's document: run make ui and commit what it changes" >&2
    exit 1
fi

cd ui
npm ci --no-audit --no-fund
npx --no-install openapi-typescript src/api/openapi.json -o "$fresh/schema.d.ts" >/dev/null
cmp "$fresh/schema.d.ts" src/api/schema.d.ts
npm run check
npx --no-install vite build --outDir "$fresh/ui" --emptyOutDir
# Compressed files may differ between versions of the compressor; what is in them may not.
find "$fresh/ui" -name '*.br' -delete
find "$fresh/ui" -name '*.gz' -delete
if ! diff -r -x '*.br' -x '*.gz' "$fresh/ui" ../assets/ui; then
    echo "assets/ui is not what ui/ builds: run make ui and commit what it changes" >&2
    exit 1
fi
for file in $(find ../assets/ui -name '*.gz'); do
    gzip -dc "$file" | cmp - "${file%.gz}"
done

npm test
cargo build --locked --manifest-path ../Cargo.toml
npm run browser
