# `make` alone lists the targets. Each one makes .venv and installs what it needs, once.
# Another Python: make test PYTHON=python3.12

PYTHON ?= python3
VENV   ?= .venv
LOWEST ?= .venv-lowest
BIN    := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

# What meets most of NumPy and JAX: both packages of cells, the oracles, the proofs, the debugger.
WITH_LOWEST := tests/manual_lstm tests/reference/test_checker.py tests/reference/test_exact_numpy.py \
    tests/reference/test_exact_cells.py tests/reference/test_jax_adapter.py \
    tests/reference/test_strategies.py tests/reference/debugger/test_verdict.py \
    tests/test_user_script.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:    # two pip runs in one environment would get in each other's way
.PHONY: help verify test thorough lint peers lowest wheel docs clean

help:            ## list the targets
	@awk -F ':[^#]*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

verify: $(VENV)/.has-reference  ## check the backward passes against JAX, then train on real text
	$(BIN)/manual-lstm check
	$(BIN)/manual-lstm train --iterations 200

test: $(VENV)/.has-test  ## run the test suite
	$(PYTEST)

thorough: $(VENV)/.has-test  ## run the property tests on a million cases (an hour or so)
	MANUAL_LSTM_PROFILE=thorough $(PYTEST)

lint: $(VENV)/.has-dev  ## check style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python

peers: $(VENV)/.has-peers  ## compare with torch, flax, Keras and ONNX
	$(PYTEST) -m peers

lowest: $(LOWEST)/.has-test  ## run tests with the oldest NumPy and JAX that are allowed
	$(LOWEST)/bin/python -m pytest -p no:cacheprovider $(WITH_LOWEST)

wheel: $(VENV)/.has-dev  ## build the wheel and try it in an empty environment
	$(BIN)/python tests/check_wheel.py

docs: $(VENV)/.has-dev  ## build the documentation into site/
	$(BIN)/mkdocs build --strict --quiet

clean:           ## remove .venv and everything that was built
	rm -rf $(VENV) $(LOWEST) build dist site .hypothesis .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. A stamp file says that an extra is installed, so that it is done once; a change
# of the project's requirements does it again.
$(VENV)/.has-%: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    found=$$($(PYTHON) --version 2>/dev/null || echo 'which does not run'); \
	    echo "PYTHON has the value '$(PYTHON)' ($$found), but must be Python 3.11 or newer," \
	         "because manual-lstm is written in it." >&2; \
	    echo "HINT: make $(MAKECMDGOALS) PYTHON=python3.13, or wherever yours is" >&2; \
	    exit 1; }
	$(PYTHON) -m venv $(VENV)

$(LOWEST)/.has-test: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check \
	    -c constraints-lowest.txt -e '.[test]'
	@touch $@
