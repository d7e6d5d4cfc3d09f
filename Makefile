# make demo   a town to try, on this machine (CITY=pleasanton|leesburg|minot, PORT=3000,
#             ACCOUNTS=400, SEED=1, FRESH=1 to begin again)
# make test   lint, types, import contracts and every test
# make bench  measurements, one JSON object a line
# make lint   ruff, mypy and the import contracts alone

CITY ?= pleasanton
PORT ?= 3000
BIN := .venv/bin

.PHONY: demo test bench lint pictures messages handlers environment environment-dev format migration

demo: environment
	@exec $(BIN)/python -m portal demo --city $(CITY) --port $(PORT) $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) $(if $(SEED),--seed $(SEED)) $(if $(FRESH),--fresh)

# Each check runs even where an earlier one failed, so that one run says everything. The tests get a
# temporary folder of this checkout's own: pytest shuts the shared one to other users whenever it
# starts, and the PostgreSQL of a second run by root works there as another user. The front ends are
# built beside lint and types, which leave a processor idle.
test: environment-dev
	@status=0; mkdir -p var/tests; \
	$(BIN)/python -m tests.browser.front >var/front.log 2>&1 & \
	echo "== lint"; $(MAKE) -s lint || status=1; \
	echo "== browser"; .ci/chromium || status=1; .ci/redis; \
	export PYTEST_DEBUG_TEMPROOT="$$PWD/var/tests"; \
	echo "== tests"; $(BIN)/python -m pytest -n auto --dist loadgroup -q --durations 15 || status=1; \
	exit $$status

lint: environment-dev
	@status=0; \
	$(BIN)/ruff check . || status=1; \
	$(BIN)/ruff format --check -q . || { echo "ruff format: run make format"; status=1; }; \
	$(BIN)/mypy || status=1; \
	$(BIN)/lint-imports --no-logo || status=1; \
	exit $$status

format: environment-dev
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: environment-dev
	@$(BIN)/python -m tests.bench $(ONLY)

# The README's pictures, of the demo that runs on PORT.
pictures: environment-dev
	@$(BIN)/python -m tests.browser.pictures http://localhost:$(PORT)

# Before the first release there is one migration; it is made again when the tables change.
migration: environment-dev
	@$(BIN)/python -m portal.commands.migration
	@$(BIN)/ruff check -q --fix alembic; $(BIN)/ruff format -q alembic

environment:
	@.ci/environment run

environment-dev:
	@.ci/environment dev

# What lacks Spanish, as the .po part to fill in.
messages: environment-dev
	@$(BIN)/python -m tests.architecture.messages

# The list of what a browser may call, written anew: read the difference before committing it.
handlers: environment-dev
	@$(BIN)/python -m tests.architecture.handlers
