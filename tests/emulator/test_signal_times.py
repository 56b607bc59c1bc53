"""When signals were created: the same answers whether they are looked up or read all at once."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from shared.documents import Documents
from shared.signal_times import AS_MANY, FEW, SignalTimes
from tests.emulator.builders import HOUR, START, live_signal, put
from tests.emulator.wire import Wire
from tests.stack import LocalStack

HELD = 3


@pytest.fixture
def signals(stack: LocalStack) -> LocalStack:
    put(stack, "live_signals", *(live_signal(number) for number in range(HELD)))
    put(stack, "live_signals", live_signal(HELD, created_at="yesterday"))
    return stack


def names(count: int) -> list[str]:
    """So many names, first those of the signals there are."""
    return [f"signal-{number:04}" for number in range(count)]


def times(stack: LocalStack, *pages: Sequence[str]) -> list[dict[str, datetime]]:
    documents = Documents(stack.settings())
    read_time, known = documents.server_time(), SignalTimes(documents)
    return [dict(known.of(page, read_time)) for page in pages]


def test_many_names_and_few_get_the_same_times(signals: LocalStack) -> None:
    expected = {f"signal-{number:04}": START + number * HOUR for number in range(HELD)}
    many, few, none = times(signals, names(FEW + 1), names(2), [])
    assert many == times(signals, names(FEW))[0] == expected
    assert few == {name: expected[name] for name in names(2)}
    assert none == {}


def methods(wire: Wire) -> list[str]:
    """The methods that were called once the server had said what time it is."""
    return [call.name.rpartition("/")[2] for call in wire.calls[1:]]


def test_signals_are_read_once_a_run_and_not_once_a_page(signals: LocalStack, wire: Wire) -> None:
    found = times(signals.changed(**wire.environment), names(FEW + 1), names(FEW + 2), names(FEW + 3))
    assert found[0] == found[1] == found[2]
    assert methods(wire) == ["RunAggregationQuery", "RunQuery"]


def test_a_run_that_wants_few_of_many_signals_looks_them_up(
    signals: LocalStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.signal_times.FEW", 0)
    page = names(HELD // AS_MANY)
    found = times(signals.changed(**wire.environment), page, page)
    assert [one.keys() for one in found] == [set(page), set(page)]
    assert methods(wire) == ["RunAggregationQuery", "BatchGetDocuments", "BatchGetDocuments"]
