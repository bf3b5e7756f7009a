CARGO ?= cargo

.PHONY: try test check bench screenshots package

# A private daemon with two members who talk, and the full-screen client in their room.
try:
	@packaging/try.sh

# All tests; then the scenarios of the rules once more, with a daemon that is killed and started
# again after each command.
test:
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		$(CARGO) nextest run --locked --workspace && \
		PARLOR_RESTLESS=1 $(CARGO) nextest run --locked -p parlor --test it rules::; \
	else \
		$(CARGO) test --locked --workspace --lib --bins --tests && \
		PARLOR_RESTLESS=1 $(CARGO) test --locked -p parlor --test it rules::; \
	fi

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) deny --locked check licenses bans sources; \
	else \
		echo 'licences, bans and sources of the dependencies were NOT checked;' \
			'that takes `cargo install --locked cargo-deny`'; \
	fi

# What the release daemon does in a second, and what a delivery costs it. A scene has 10,000
# connections, and so has the daemon.
bench:
	ulimit -n 12000 2>/dev/null || ulimit -n $$(ulimit -H -n); \
	$(CARGO) bench --locked -p parlord --bench load
	$(CARGO) build --locked --release -p parlord
	$(CARGO) bench --locked -p parlor --bench screen

# The pictures of the README, of the real screens.
screenshots:
	mkdir -p packaging/screenshots
	$(CARGO) build --locked -p parlord
	PARLOR_SCREENSHOTS=$(CURDIR)/packaging/screenshots \
		$(CARGO) test --locked -p parlor --test it screenshots::

# What a release ships for this machine: a tarball, and a Debian package where there is cargo-deb.
package:
	@packaging/package.sh
