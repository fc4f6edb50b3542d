# Two commands do everything: `make demo` and `make test`. Arguments are passed on with ARGS, as in make demo ARGS=--once

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
MINUTES ?= 5
PROVIDER := tests/access/provider

# Compiled modules are kept, whatever the shell says: tests start hundreds of processes, which would all compile them anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test looks access provider matrix fuzz lint bench torture clean

# Each stamp is the lock file as it was installed, so that a changed lock installs again and an unchanged one costs nothing.
$(VENV)/requirements.txt: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	cp requirements.txt $@

$(VENV)/requirements-dev.txt: requirements-dev.txt $(VENV)/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	cp requirements-dev.txt $@

# The OpenID provider of the tests of signing in. They make this themselves where Node and npm are, and else say so.
$(PROVIDER)/node_modules/package-lock.json: $(PROVIDER)/package-lock.json
	cd $(PROVIDER) && npm ci --ignore-scripts --no-audit --no-fund
	cp $(PROVIDER)/package-lock.json $@

provider: $(PROVIDER)/node_modules/package-lock.json

demo: $(VENV)/requirements.txt
	@$(BIN)/python manage.py demo $(ARGS)

# Two processes more than there are likely to be processors: many tests wait, for a browser, for processes, for time-outs.
test: $(VENV)/requirements-dev.txt
	$(BIN)/python -m pytest --numprocesses 4 --dist worksteal $(ARGS)

looks: $(VENV)/requirements-dev.txt
	LOOKS=every $(BIN)/python -m pytest --numprocesses 2 --dist worksteal tests/browser -k accessible $(ARGS)

access: $(VENV)/requirements-dev.txt
	$(BIN)/python -m pytest -m access --numprocesses 2 --dist worksteal tests/security tests/api/test_foreign_ids.py $(ARGS)

matrix: $(VENV)/requirements-dev.txt
	$(BIN)/python -m pytest -m matrix tests/executions/test_fault_matrix.py $(ARGS)

fuzz: $(VENV)/requirements-dev.txt
	$(BIN)/python -m pytest -m fuzz -rP --show-capture=stdout tests/api/test_fuzz.py $(ARGS)

lint: $(VENV)/requirements-dev.txt
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/requirements-dev.txt
	$(BIN)/python -m tests.benchmarks $(ARGS)

torture: $(VENV)/requirements-dev.txt
	$(BIN)/python -m tests.torture --minutes $(MINUTES) $(ARGS)

clean:
	rm -rf $(VENV) $(PROVIDER)/node_modules var .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .coverage htmlcov
