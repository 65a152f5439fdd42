# What everybody who works on algohook needs; see CONTRIBUTING.md.

.PHONY: run test lint bench fuzz ui screenshots icons lighthouse page-figures attack stream faults slow-disk setup dist test-package

# Where scripts/setup.sh puts a newer Node, if the machine's is too old.
export PATH := $(CURDIR)/target/node/node_modules/.bin:$(PATH)

run:
	cargo run --release -- serve

# All there is to check, from nothing but rustup.
test: lint
	cargo test --locked --no-fail-fast
	scripts/check-cases.sh
	scripts/check-api.sh
	scripts/check-releases.sh
	scripts/check-package.sh
	scripts/check-ui.sh
	scripts/check-clock.sh

lint: setup
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	scripts/check-dependencies.sh
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

bench:
	cargo bench --locked

# Looks for messages that break the parser; needs `cargo install cargo-fuzz`.
fuzz:
	cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz run payload -- -max_total_time=60 -max_len=4096

# Builds the web page into assets/ui, which is committed: cargo needs no Node.
ui:
	cargo run --locked --example openapi > ui/src/api/openapi.json
	cd ui && npm ci --no-audit --no-fund && npm run types && npm run build

# The pictures in docs/screenshots, of the demo.
screenshots: setup
	cargo build --release --locked
	cd ui && npm ci --no-audit --no-fund && ALGOHOOK_BINARY=../target/release/algohook \
		npx --no-install playwright test --config measure.config.ts screenshots

# The icons of the installed page, of ui/public/icon.svg.
icons: setup
	cd ui && npm ci --no-audit --no-fund && npx --no-install playwright test --config measure.config.ts icons

# The figures of docs/page.md.
lighthouse: setup
	cargo build --release --locked
	cd ui && npm ci --no-audit --no-fund && npm install --no-save --no-audit --no-fund lighthouse@13.5.0
	cd ui && ALGOHOOK_BINARY=../target/release/algohook \
		npx --no-install playwright test --config measure.config.ts lighthouse

# What the page weighs, and how soon it can be used: large accounts, a comparison of 2,000 trades.
page-figures: setup
	cargo build --release --locked
	cd ui && npm ci --no-audit --no-fund && ALGOHOOK_BINARY=../target/release/algohook \
		npx --no-install playwright test --config measure.config.ts weight large compare

# Honest alerts under attack, for docs/security.md; needs python3 and openssl.
attack:
	cargo build --release --locked
	benches/attack.py

# Every call on the disk fails in turn, with a crash after each: half an hour; needs cc.
faults:
	ALGOHOOK_FAULTS=all cargo test --locked --test it faults:: -- --nocapture

# How soon an alert is on the stream of events, for docs/performance.md; needs python3.
stream:
	cargo build --release --locked
	benches/stream.py

# What alerts wait for on a slow disk, for docs/performance.md; needs python3 and cc.
slow-disk:
	cargo build --release --locked
	benches/slow_disk.py

# The static binary for x86-64 (`packaging/dist.sh aarch64` for Arm too), package, checksums.
dist:
	packaging/dist.sh

# Installs, upgrades, removes and purges the Debian package ON THIS MACHINE; needs root and cargo-deb.
test-package: dist
	cargo deb --locked --no-build --profile dist --target x86_64-unknown-linux-gnu \
		--deb-version 0.0.1 --output target/algohook-older.deb
	packaging/test-deb.sh target/algohook-older.deb dist/algohook_amd64.deb

setup:
	@scripts/setup.sh
