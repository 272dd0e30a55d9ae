# The README's commands. Each installs first what it needs and the machine lacks: packages/*.txt.
PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=

.PHONY: run build test test-long demo fuzz fresh bench-counts bench-idle bench-million install clean format check-format build-packages test-packages

# The server, on its defaults or with ARGS="example.org --data /tmp/data".
run: build
	build/bin/tchind $(ARGS)

# Optimised and with debug symbols, into build/bin and build/lib.
build: build-packages
	@scripts/build release -DCMAKE_INSTALL_PREFIX=$(PREFIX)

# What fits in 12 minutes on 2 cores; closes with "N passed, N failed, N skipped".
test: test-packages
	@scripts/run-tests

# The rest, an hour or so; leaves its result in docs/testing.md.
test-long: test-packages
	@scripts/run-tests --long

# tchind beside Kamailio and the kernel's floor, half an hour; as root. Writes docs/performance.md and
# docs/scaling.md, unless it is only tried: make bench ROUNDS=1 SECONDS=1
bench: build
	@scripts/install-packages bench
	@bench/run

# A minute of each fuzz target alone, or of FUZZ=uri.
fuzz: test-packages
	@scripts/run-tests --only fuzz --fuzz-seconds 60 --targets "$(FUZZ)"

# Instructions for each unit of work, against bench/counts/expected.txt; with UPDATE=1 into it.
bench-counts: test-packages
	@scripts/bench-counts $(if $(UPDATE),--update)

# Memory and CPU of 10,000 silent connections by TLS. Minutes; fails over budget.
bench-idle: build
	@bench/idle

# A million phones with digest, kill -9, and are they all there again? Some minutes; fails over budget.
bench-million: build
	@bench/million

# Two phones call each other through a server, and hear each other.
demo: build
	@scripts/install-packages demo
	@scripts/demo

# The README on a machine that has nothing: a minimal Debian 12 in a folder. Root only.
fresh:
	@scripts/fresh

install: build
	DESTDIR=$(DESTDIR) cmake --install build/release

format: test-packages
	@scripts/check-format --fix

check-format: test-packages
	@scripts/check-format

clean:
	rm -rf build

build-packages:
	@scripts/install-packages build run

test-packages: build-packages
	@scripts/install-packages test demo
