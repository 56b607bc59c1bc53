"""The stand-in answers as Alpaca's own OpenAPI documents say; where Alpaca itself does not, as listed."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.local import demo_data
from infra.local.broker.routes import ROUTES
from infra.local.fixtures import bar_files, read_broker
from tests.emulator.broker_server import running_broker
from tests.emulator.broker_standin.departures import KNOWN_DEPARTURES
from tests.emulator.broker_standin.openapi import Departure, departures, documented_path, documents, samples
from tests.emulator.broker_standin.questions import questions
from tests.emulator.broker_standin.whole_fixture import ACCOUNT, whole_fixture

SERVED = [route.rule for route in ROUTES if route.method == "GET" and not route.rule.startswith("/_admin/")]

Answers = Mapping[str, list[Any]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    yield from _answers(tmp_path_factory.mktemp("whole"), whole_fixture)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    yield from _answers(tmp_path_factory.mktemp("demo"), demo_data.generate)


def _answers(directory: Path, write: Callable[[Path], object]) -> Iterator[Answers]:
    """What a stand-in over the fixture says, by the route that says it."""
    write(directory)
    asked = questions(read_broker(directory), bar_files(directory))
    found: dict[str, list[Any]] = defaultdict(list)
    with running_broker(directory) as server:
        for question in asked:
            answer = server.get(question.path, question.parameters)
            assert answer.status_code == 200, f"{question}: {answer.text}"
            found[question.rule].append(answer.json())
    yield found


def test_the_documents_are_the_ones_that_were_read() -> None:
    assert [(document["openapi"], document["info"]["version"]) for document in documents()] == [
        ("3.1.1", "2.0.1"),
        ("3.1.1", "1.1"),
    ]


def test_every_path_that_is_served_is_documented() -> None:
    assert len({documented_path(rule) for rule in SERVED}) == len(SERVED)


def test_every_known_departure_is_of_a_path_that_is_served() -> None:
    assert {known.path for known in KNOWN_DEPARTURES} <= {documented_path(rule) for rule in SERVED}


@pytest.mark.parametrize("rule", SERVED)
def test_an_answer_departs_from_its_document_where_the_broker_does_and_nowhere_else(rule: str, whole: Answers) -> None:
    path = documented_path(rule)

    assert _all_departures(path, whole[rule]) == {known for known in KNOWN_DEPARTURES if known.path == path}


@pytest.mark.parametrize("rule", SERVED)
def test_the_demo_s_data_departs_no_further(rule: str, demo: Answers) -> None:
    assert _all_departures(documented_path(rule), demo[rule]) <= KNOWN_DEPARTURES


# Its samples of lists are of one row each, so they are no answers.
SAMPLED = {path for rule in SERVED if samples(path := documented_path(rule))} - {"/v2/orders"}


@pytest.mark.parametrize("path", sorted(SAMPLED))
def test_the_documents_own_samples_depart_no_further(path: str) -> None:
    assert _all_departures(path, samples(path)) <= KNOWN_DEPARTURES


def _all_departures(path: str, answers: list[Any]) -> set[Departure]:
    assert answers, f"nothing was asked of {path}"
    return {departure for answer in answers for departure in departures(path, answer)}


@pytest.mark.parametrize(
    ("mistake", "departure"),
    [
        ({"equity": 103820.56}, ("equity", "type")),
        ({"status": "SLEEPING"}, ("status", "enum")),
        ({"id": "PA3TEST00001"}, ("id", "format")),
        ({"created_at": "yesterday"}, ("created_at", "format")),
        ({"daytrade_count": 0}, ("daytrade_count", "undocumented")),
        ({"id": None}, ("id", "type")),
    ],
)
def test_a_planted_mistake_is_found(mistake: dict[str, Any], departure: tuple[str, str]) -> None:
    found = departures("/v2/account", ACCOUNT | mistake) - KNOWN_DEPARTURES

    assert found == {Departure("/v2/account", *departure)}
