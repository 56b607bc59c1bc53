"""What a document costs does not grow with how many there are, by processes that take turns."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import pytest

from infra.bench.documents import write_market
from infra.bench.measured import measure
from tests.bench.grown import holding
from tests.stack import LocalStack

TURNS = 3
CONTENDERS = ("ours", "again")

Sources = Mapping[int, LocalStack]
"""Documents → the stack that holds so many."""


@contextmanager
def sources(stack: LocalStack, directory: Path, *counts: int) -> Iterator[Sources]:
    stack.seed(write_market(directory))
    with ExitStack() as servers:
        yield {count: servers.enter_context(holding(stack, directory, count)) for count in counts}


def cpu_s(found: Sources, count: int, turn: int) -> dict[str, float]:
    """Processor time of a first run over so many documents, and of one more, seconds."""
    fresh = {**found[count].environment, "BIGQUERY_DATASET": f"growth_{count}_{turn}"}
    return {contender: measure(contender, fresh).cpu_s for contender in CONTENDERS}


@pytest.mark.nightly
@pytest.mark.parametrize(("few", "many", "bound"), [(1_000, 10_000, 1.5), (10_000, 100_000, 1.3)])
def test_ten_times_the_documents_take_ten_times_the_processor(
    few: int, many: int, bound: float, stack: LocalStack, tmp_path: Path
) -> None:
    with sources(stack, tmp_path, 1, few, many) as found:
        run = cpu_s(found, 1, 0)
        turns = [(cpu_s(found, few, turn), cpu_s(found, many, turn)) for turn in range(TURNS)]
    grown = {one: median(growth(less[one] - run[one], more[one] - run[one]) for less, more in turns) for one in run}
    print(f"CPU of {many} documents to ten times that of {few}: {grown}")  # noqa: T201 - the figure
    assert max(grown.values()) <= bound, turns


def growth(few_s: float, many_s: float) -> float:
    """How many times as much each of ten times the documents takes, what a run takes by itself left out."""
    return many_s / few_s / 10
