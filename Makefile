# What everybody who works on algohook needs; see README.md, "Working on it".

.PHONY: run test lint bench fuzz ui setup dist test-package

run:
	cargo run --release -- serve

# All there is to check, from nothing but rustup and a C compiler.
test: lint
	cargo test --locked

lint: setup
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

bench:
	cargo bench --locked

# Looks for messages that break the parser; needs `cargo install cargo-fuzz`.
fuzz:
	cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz run payload -- -max_total_time=60 -max_len=4096

ui:
	@echo "This version has no web page yet: there is nothing to build. The API is under /api/v1." >&2
	@exit 1

# The static binary for x86-64 (`packaging/dist.sh aarch64` for Arm too), package, checksums.
dist:
	packaging/dist.sh

# Installs, upgrades, removes and purges the Debian package ON THIS MACHINE; needs root and cargo-deb.
test-package: dist
	cargo deb --locked --no-build --target x86_64-unknown-linux-gnu \
		--deb-version 0.0.1 --output target/algohook-older.deb
	packaging/test-deb.sh target/algohook-older.deb dist/algohook_amd64.deb

setup:
	@scripts/setup.sh
