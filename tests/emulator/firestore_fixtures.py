"""Fixtures of the Firestore conformance suite, and the list of what is known to differ.

Every test that takes an `either_…` fixture runs twice: against Google's emulator, the judge, and against the stand-in.
"""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from infra.local.emulators import sdk_jar
from tests.emulator.firestore_servers import connect, embedded_server, generated_client, google_emulator

GOOGLE_DIFFERS: Mapping[str, str] = {
    "test_a_read_time_older_than_an_hour_is_refused": (
        "Google's emulator answers with what it has, the service and the stand-in refuse"
    ),
    "test_ids_that_datastore_made_from_numbers_are_refused": (
        "Google's emulator takes __id7__, though ids of the form __.*__ are reserved"
    ),
    "test_a_commit_cannot_reach_into_another_project": (
        "Google's emulator writes there, the service and the stand-in refuse"
    ),
    "test_an_array_cannot_be_appended_to_an_array": (
        "Google's emulator checks arrays in documents, not in transforms; the stand-in checks both"
    ),
    "test_disjunctions_are_counted_before_they_are_simplified": (
        "Google's emulator simplifies a filter before it counts; the stand-in refuses a little more"
    ),
    "test_a_commit_without_writes_has_a_commit_time": (
        "Google's emulator leaves the commit time out; the API promises one"
    ),
}
"""Tests that describe the service where Google's emulator does something else. The stand-in follows the service."""

_PROJECTS = itertools.count(1)


@pytest.fixture(scope="session")
def google_address() -> Iterator[str]:
    if sdk_jar() is None:
        pytest.skip("no Java, or no Cloud SDK with its Firestore emulator, on this machine")
    with google_emulator() as address:
        yield address


@pytest.fixture(scope="session")
def embedded_address() -> Iterator[str]:
    with embedded_server() as address:
        yield address


@pytest.fixture(scope="session", params=["google", "embedded"])
def either_address(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"{request.param}_address")
    return address


@pytest.fixture
def _judged(request: pytest.FixtureRequest, either_address: str) -> str:
    """The address; a listed test may fail on Google's emulator, and must: should it pass, the list is out of date."""
    test: pytest.Function = request.node
    if test.callspec.params["either_address"] == "google" and test.originalname in GOOGLE_DIFFERS:
        request.applymarker(pytest.mark.xfail(reason=GOOGLE_DIFFERS[test.originalname]))
    return either_address


@pytest.fixture
def project() -> str:
    """A project that no other test writes to."""
    return f"project-{next(_PROJECTS)}"


@pytest.fixture
def database(project: str) -> str:
    """The full name of that project's default database, for requests of the generated client."""
    return f"projects/{project}/databases/(default)"


@pytest.fixture
def either_db(_judged: str, project: str) -> Iterator[firestore.Client]:
    with closing(connect(_judged, project)) as client:
        yield client


@pytest.fixture
def either_api(_judged: str) -> Iterator[FirestoreClient]:
    with generated_client(_judged) as client:
        yield client
