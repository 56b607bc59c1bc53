"""The local stack for tests: real servers on free ports, one set per session, wiped before each test.

GOLDEN_THREAD_TEST_FIRESTORE chooses the Firestore (sdk, docker, embedded); by default the first one found is used, and
the report's header says which.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from infra.local.emulators import firestore_kind
from tests.stack import LocalStack


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write rows.json of golden pairs from a run")
    parser.addoption("--histories", type=int, help="how many random histories a test tries, instead of its own number")
    parser.addoption("--seed", type=int, help="replay the one random history that a failure names")
    parser.addoption("--first-seed", type=int, default=0, help="where random histories begin, to share them out")
    parser.addoption("--fault", help="replay one fault, as a failure prints it")


def pytest_report_header() -> str:
    return f"firestore: {_kind()}"


def _kind() -> str:
    return firestore_kind(os.environ.get("GOLDEN_THREAD_TEST_FIRESTORE"))  # type: ignore[arg-type]  # checked by it


@pytest.fixture(scope="session")
def histories(pytestconfig: pytest.Config) -> Callable[[int], int]:
    """How many random histories to try: `--histories N`, else what the test asks for by default."""
    wanted: int | None = pytestconfig.getoption("--histories")
    return lambda default: default if wanted is None else wanted


@pytest.fixture(scope="session")
def seeds(pytestconfig: pytest.Config, histories: Callable[[int], int]) -> Callable[[int], range]:
    """The seeds to try: the one of `--seed`, or so many from the first on."""
    one: int | None = pytestconfig.getoption("--seed")
    first: int = pytestconfig.getoption("--first-seed")
    return lambda default: range(first, first + histories(default)) if one is None else range(one, one + 1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    stack = LocalStack.start(tmp_path_factory.mktemp("stack"), _kind())
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(servers: LocalStack) -> Iterator[LocalStack]:
    """Servers with an empty project, dataset and broker of this test's own; BigQuery's refusals fail the test."""
    with servers.watched() as corner:
        yield corner
