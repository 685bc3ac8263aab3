# Everything works on a fresh clone: the environment is made on the way. `make VENV=elsewhere ...` keeps it elsewhere.
# Without make (Windows): CONTRIBUTING.md lists the same commands.

VENV = .venv
PYTHON = python3
BIN = $(VENV)/bin
DEMO = build/demo

.POSIX:
.PHONY: help install demo test check format tables clean

help:
	@echo "make demo    train a reader on real handwritten digits, evaluate it, read pictures (two minutes)"
	@echo "make test    run the tests"
	@echo "make check   ruff, mypy, import-linter"
	@echo "make format  let ruff rewrite the files"
	@echo "make tables  write what README.md and ARCHITECTURE.md say from files"

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[train,crawl,dev]" --constraint constraints.txt
	touch $@

demo: install
	rm -rf $(DEMO)
	$(BIN)/python examples/digits_folder.py $(DEMO)/digits
	$(BIN)/glyphsmith train $(DEMO)/digits/train --out $(DEMO)/run --minutes 1
	$(BIN)/glyphsmith eval $(DEMO)/run $(DEMO)/digits/test --report $(DEMO)/report
	$(BIN)/glyphsmith read $(DEMO)/run examples/digits/*
	@echo "report: $(DEMO)/run/report.html"

test: install
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

tables: install
	$(BIN)/python docs/generate.py --write

clean:
	rm -rf build dist
