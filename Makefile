# Two commands do everything on a machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check bench image compose cassettes plugins pages changelog lock clean

demo: $(READY)  ## the whole walk on the built-in sandbox, no credentials
	$(BIN)/tiersync demo

test: $(READY)  ## every test this machine can run; groups that need Node or shared data say when they are skipped
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: $(READY)  ## what CI checks besides the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## speed and memory promises, as ratios against a plain baseline in the same run
	$(BIN)/python -m bench

image: $(READY)  ## build deploy/Dockerfile and try it in a real container, as root; deploy/engine.sh says what it needs
	PYTHON=$(BIN)/python deploy/try_image.sh

compose: $(READY)  ## start deploy/compose.yaml, worker and PostgreSQL, and try it; needs what image does, and a compose
	PYTHON=$(BIN)/python deploy/try_compose.sh

cassettes: $(READY)  ## record cassettes/ again: against the sandboxes, or a CRM itself when HUBSPOT_TOKEN or SF_SESSION is set
	$(BIN)/python -m tests.cassette.record
	$(BIN)/python -m tests.cassette.salesforce.record

plugins: $(READY)  ## what a Salesforce admin deploys by hand, from the shipped rules
	$(BIN)/python -m connector.wiring.plugins plugins/salesforce

pages: $(READY)  ## the pages of docs/reference that are made of what the product knows
	$(BIN)/python -m tests.support.pages

changelog: $(READY)  ## gather changes/ into CHANGELOG.md, for a release
	$(BIN)/towncrier build --yes

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate

lock:  ## pin what pyproject.toml asks for, with the hash of every file: for development, for the image, and to build it
	$(COMPILE) --extra dev pyproject.toml -o requirements.lock
	$(COMPILE) --extra postgres --constraint requirements.lock pyproject.toml -o deploy/requirements.lock
	echo hatchling | $(COMPILE) --constraint requirements.lock - -o deploy/build.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("this is Python %d.%d, and tiersync needs 3.11 or newer: try make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "installing what requirements.lock pins into $(VENV), once; this takes a minute or a few"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

clean:
	rm -rf $(VENV) var/demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
