# Two commands matter to a newcomer: `make demo` and `make test`. Both set up first, without root.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
WORKERS ?= 4  # of the tests: two more than two cores, because stories sleep
# Debian's own tools that the tests use; each test says which, and skips where it is missing.
SERVICES := dbus-daemon mosquitto mosquitto-clients strace faketime systemd

# Where this is set, each of the many programs that the tests start would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test setup services check format bench peers soak lock clean

demo: setup
	@$(BIN)/innkeeper-sim demo $(ARGS)

test: setup
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV), about a minute the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

services:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SERVICES)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	$(BIN)/python -m tests.bench $(ARGS)

# What the benchmark of whole gateways stands beside, in an environment of its own; docs/decisions/007 says why it.
peers:
	$(PYTHON) -m venv .venv-theengs
	.venv-theengs/bin/pip install --quiet --disable-pip-version-check TheengsGateway==1.8.0

soak: setup
	$(BIN)/pytest -m soak $(ARGS)

# The locked requirements: hashes, no addresses. Run after a change of pyproject.toml's dependencies.
lock:
	@$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv
	@for extra in gateway hub; do \
	  .venv-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header --extra $$extra pyproject.toml -o requirements/$$extra.txt; done
	@.venv-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header --all-extras pyproject.toml -o requirements/dev.txt
	@rm -rf .venv-lock

clean:
	rm -rf $(VENV) .venv-theengs .mypy_cache .ruff_cache .pytest_cache .hypothesis
