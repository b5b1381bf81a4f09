# make report | test | lab | workshop | docs | bench | bench-scale | bench-reading | bench-words | bench-text | bench-journeys | fuzz | nightly | mutants | calibrate   (each sets up .venv by itself; the second run installs nothing)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MARKS ?=
PYTEST_ARGS ?=

.PHONY: report test lab workshop docs bench bench-scale bench-reading bench-words bench-text bench-journeys fuzz nightly mutants calibrate lint audit clean

report: $(VENV)/.core
	$(BIN)/cxlab report scorecard airline-survey abc brand-tracker

test: $(VENV)/.test lint
	$(BIN)/python -m pytest $(if $(MARKS),-m "$(MARKS)") $(PYTEST_ARGS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

environment.yml: pyproject.toml
	$(BIN)/python tests/test_house.py

workshop: $(VENV)/.core
	$(BIN)/cxlab workshop serve --seats $(or $(SEATS),20) --room $(or $(ROOM),class)

docs: $(VENV)/.docs
	$(BIN)/python docs/build.py

lab: $(VENV)/.core
	$(BIN)/cxlab lab

bench: $(VENV)/.test
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -m benchmarks

bench-scale: $(VENV)/.test
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.engines
	$(BIN)/python -m benchmarks waits

bench-reading: $(VENV)/.test
	$(BIN)/python -m benchmarks.strangers

bench-words: $(VENV)/.test
	$(BIN)/python -m benchmarks.words $(or $(SCALE),1)

bench-text: $(VENV)/.test
	$(BIN)/python -m benchmarks.text_truth

bench-journeys: $(VENV)/.test
	$(BIN)/python -m benchmarks.journey_truth $(or $(SCALE),1)

nightly: fuzz
	CXLAB_NIGHTLY=1 $(BIN)/python -m pytest tests/test_any_study.py tests/test_any_weight.py

fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz $(or $(MINUTES),10) $(or $(SEED),0)

mutants: $(VENV)/.test
	$(BIN)/python -m benchmarks.mutants $(MUTANTS)

calibrate: $(VENV)/.test
	$(BIN)/cxlab calibrate --ship --reps 800
	$(BIN)/python -m benchmarks.words $(or $(SCALE),1)

$(VENV)/.core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.docs: $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	touch $@

$(VENV)/.test: $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

# licences of everything installed, then known advisories as the package registry publishes them (asks the network;
# exit code 3 where it serves none)
audit: $(VENV)/.test
	$(BIN)/python -m benchmarks.audit

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .import_linter_cache
