# Two commands do all the set-up: `make demo` and `make test`. Both make their own virtual environment from the
# hash-pinned lock with plain pip. The lock is complete, so pip need not resolve anything (--no-deps): asked to, pip 23
# takes the newest google-auth for `google-auth[pyopenssl]` and then refuses it for lack of a hash.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed

.PHONY: demo test check lock slow nightly container advisories checkov provider-schema mutation clean

demo: $(INSTALLED)
	$(BIN)/golden-thread demo

# Two files at a time, each worker with servers of its own (1 GB): a test mostly waits for them.
test: $(INSTALLED) check
	$(BIN)/python -m pytest -n 2 --dist loadfile

slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

nightly: $(INSTALLED)
	$(BIN)/python -m pytest -m nightly

# The image, the compose file and every job in its container. Needs a Docker engine with Compose, and says so without.
container: $(INSTALLED)
	$(BIN)/python -m pytest -m container tests/containers

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/golden-thread schema docs --check

$(INSTALLED): requirements-dev.txt requirements-openapi.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		-r requirements-dev.txt -r requirements-openapi.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Known vulnerabilities of what the locks name, by a tool in an environment of its own. Needs the internet.
ADVISORIES = $(VENV)/advisories
advisories: $(ADVISORIES)/.installed
	$(ADVISORIES)/bin/python .ci/advisories

$(ADVISORIES)/.installed: requirements-advisories.txt $(INSTALLED)
	$(PYTHON) -m venv $(ADVISORIES)
	$(ADVISORIES)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	touch $@

# What a security scanner has to say about the Terraform files; each exception is reasoned in place. Calls nobody.
CHECKOV = $(VENV)/checkov
checkov: $(CHECKOV)/.installed
	$(CHECKOV)/bin/python -m checkov.main --directory infra/gcp --framework terraform --skip-download --quiet --compact

$(CHECKOV)/.installed: requirements-checkov.txt $(INSTALLED)
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	touch $@

# What dlt needs to be measured by `golden-thread bench`, and nothing of the project.
BENCH = $(VENV)/.bench
$(BENCH): $(BENCH)/.installed

$(BENCH)/.installed: requirements-bench.txt $(INSTALLED)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	touch $@

# The schema that the Terraform files are held to, for the resources they use; after the first use of another one.
provider-schema: $(INSTALLED)
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
		-r requirements-provider.txt -d $(VENV)/provider
	$(BIN)/python -m tests.infra.extract $(VENV)/provider/*.whl

# How many mutants the tests kill, and what the others changed: all groups of tests/mutation/groups.py, or GROUPS="fees".
GROUPS =
mutation: $(VENV)/.mutation
	$(BIN)/python -m tests.mutation $(GROUPS)

$(VENV)/.mutation: requirements-mutation.txt $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	touch $@

# Needs uv; writes the locks anew from pyproject.toml. No index host is written into them.
LOCKED = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet
LOCK = uv pip compile pyproject.toml $(LOCKED)
lock:
	$(LOCK) -o requirements.txt
	$(LOCK) --extra local -o requirements-local.txt
	$(LOCK) --extra dev -o requirements-dev.txt
	uv pip compile --group pyproject.toml:advisories $(LOCKED) -o requirements-advisories.txt
	uv pip compile --group pyproject.toml:checkov $(LOCKED) -o requirements-checkov.txt
	uv pip compile --group pyproject.toml:bench $(LOCKED) -c requirements-dev.txt -o requirements-bench.txt
	uv pip compile --group pyproject.toml:mutation $(LOCKED) -c requirements-dev.txt -o requirements-mutation.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
