# Tern: the two commands are `make run` and `make test`; `make help` has the others.

SHELL := /bin/bash
CONFIG ?= config/tern.yaml
ARGS ?=
# Anything: HTTPS and SIP over TLS, with a certificate that is made for it.
TLS ?=

# What the gateway is built against and runs with.
RUN_PACKAGES := libsofia-sip-ua-dev libwebsockets-dev libwebsockets-evlib-uv libjansson-dev libuv1-dev libsqlite3-dev libpq-dev libhiredis-dev libc-ares-dev libssl-dev pkg-config \
	openssl janus janus-dev libglib2.0-dev libsrtp2-dev ffmpeg
# What the tests use on top of it: a phone, a browser, a network namespace, tools to look at media.
TEST_PACKAGES := sip-tester chromium chromium-headless-shell chromium-driver firefox-esr pulseaudio iproute2 util-linux dnsmasq-base baresip-core linphone-cli kamailio postgresql redis-server \
	python3-aiortc python3-websockets nftables prometheus tshark faketime

# One release build for running, measuring and packing: with Swift's runtime in it.
RELEASE := swift build -c release --static-swift-stdlib

.DEFAULT_GOAL := help
.PHONY: help run test torture sanitized soak overload benchmark deb test-package check clean packages test-packages swift

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  make run ARGS="--log-level debug"     passes arguments to tern serve'
	@echo '  make run CONFIG=my.yaml               runs another configuration'
	@echo '  make run TLS=1                        with HTTPS and SIP over TLS, and a certificate made for it'
	@echo '  make test ARGS="--filter SDPTests"    runs some of the tests'
	@echo '  make benchmark ARGS="part=memory"     measures a part alone: docs/performance.md has their names and options'

run: swift packages ## Install what is missing, build, and run the gateway
	@echo '==> Building tern and its plugin for Janus (a few minutes the first time)'
	$(RELEASE) --product tern
	$(RELEASE) --product janus_tern
	@echo '==> Starting tern; Ctrl-C ends it'
	@tern="$$($(RELEASE) --product tern --show-bin-path)/tern"; \
	if [ -n '$(TLS)' ]; then exec config/run-with-tls "$$tern" $(CONFIG) $(ARGS); fi; \
	exec "$$tern" serve --config $(CONFIG) $(ARGS)

test: swift packages test-packages ## Install what is missing, build, and run all tests
	@echo '==> Building the tests (a few minutes the first time)'
	Tests/build
	@echo '==> Running the tests in network namespaces of their own (some 10 minutes on two processors)'
	Tests/run $(ARGS)

torture: swift packages test-packages ## Send 100,000 changed messages and all generated INVITEs to a gateway, change a million inputs for the parsers, and write what came of it to docs/reliability.md
	Tests/build
	Tests/torture $(ARGS)

deb: swift packages ## Make the Debian packages tern and janus-plugin-tern, in .build/deb
	@$(call install,debhelper dpkg-dev)
	config/debian/build-packages .build/deb

test-package: deb ## Install, call from a phone to a browser, upgrade, remove these packages on a clean Debian 12 (some minutes; as root)
	@$(call install,debootstrap lintian sip-tester iproute2 util-linux python3 baresip-core chromium-headless-shell chromium-driver)
	config/debian/test-packages .build/deb

overload: swift packages ## Measure what a gateway does with more calls than it can serve, in a release build: a table, and the plot of docs/reliability.md (as root)
	@$(call install,iproute2 util-linux sip-tester)
	$(RELEASE) --product tern
	$(RELEASE) --product janus_tern
	Tests/in-namespace Tests/overload-curve "$$($(RELEASE) --product tern --show-bin-path)/tern" plot=docs/pictures/overload.svg $(ARGS)

soak: swift packages test-packages ## Make twice 10,000 calls of all kinds, a third of them broken off, then half the load for two hours; ARGS="CALLS SECONDS" makes it shorter
	Tests/build
	Tests/soak $(ARGS)

sanitized: swift packages test-packages ## Build the tests with the address and the thread sanitizer, and run those of all parts (an hour or more)
	Tests/sanitized-parts $(ARGS)

benchmark: swift packages ## Measure what calls, browsers and registrations cost in a release build, and fill the tables of docs/performance.md (some half an hour; as root)
	@$(call install,iproute2 util-linux sip-tester kamailio rtpengine-daemon)
	$(RELEASE) --product tern-benchmarks
	$(RELEASE) --product tern
	$(RELEASE) --product janus_tern
	Tests/Benchmark/run "$$($(RELEASE) --product tern --show-bin-path)" $(ARGS)

check: swift packages ## Say what is wrong with the configuration, or what it does
	$(RELEASE) --product tern
	$(RELEASE) --product janus_tern
	@"$$($(RELEASE) --product tern --show-bin-path)/tern" check --config $(CONFIG) $(ARGS)

clean: ## Remove what was built
	rm -rf .build

packages:
	@$(call install,$(RUN_PACKAGES))

test-packages:
	@$(call install,$(TEST_PACKAGES))

swift:
	@command -v swift >/dev/null || { \
		echo 'Tern is built with Swift 6.3 or later, and there is no program "swift" in the PATH.'; \
		echo 'Debian has no package of it: see https://www.swift.org/install/linux/, then run this again.'; \
		exit 1; } >&2

# Installs those of the packages $(1) that are missing, and does nothing when none is.
define install
	set -e; \
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then \
		echo 'This is no Debian: it is taken for granted that there is what these packages have:'; \
		echo '  $(1)'; \
		exit 0; \
	fi; \
	missing=; \
	for package in $(1); do \
		dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null | grep -qx installed \
			|| missing="$$missing $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	root=; \
	if [ "$$(id -u)" -ne 0 ]; then \
		command -v sudo >/dev/null || { \
			echo "Missing:$$missing. Install them as root, or install sudo: apt-get install$$missing"; exit 1; } >&2; \
		root='sudo'; \
	fi; \
	echo "==> Installing Debian packages:$$missing"; \
	janus_before=$$(dpkg-query -W -f '$${db:Status-Status}' janus 2>/dev/null || true); \
	$$root apt-get update -q; \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	case "$$missing" in *' janus'*) \
		if [ "$$janus_before" != installed ] && command -v systemctl >/dev/null \
			&& systemctl is-active --quiet janus 2>/dev/null; then \
			echo '==> The package janus started a system service of its own. Tern does not use it; it runs a private one.'; \
			echo '    It holds ports 8088 and 8188: to be rid of it, systemctl disable --now janus'; \
		fi;; esac; \
	case "$$missing" in *' kamailio'*) \
		if command -v systemctl >/dev/null && systemctl is-active --quiet kamailio 2>/dev/null; then \
			echo '==> The package kamailio started a system service of its own, which the tests do not use.'; \
			echo '    It holds port 5060: to be rid of it, systemctl disable --now kamailio'; \
		fi;; esac; \
	case "$$missing" in *' rtpengine-daemon'*) \
		if command -v systemctl >/dev/null && systemctl is-active --quiet rtpengine-daemon 2>/dev/null; then \
			echo '==> The package rtpengine-daemon started a system service of its own, which the benchmark does not use.'; \
			echo '    To be rid of it, systemctl disable --now rtpengine-daemon'; \
		fi;; esac
endef
