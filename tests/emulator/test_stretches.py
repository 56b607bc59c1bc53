"""A run reads the names of what the table holds already, and whole documents only of the rest."""

from collections.abc import Iterable

import pytest
from google.api_core.exceptions import InvalidArgument
from google.cloud.firestore_v1.types import RunQueryRequest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.registry import loops
from schemas.run_record import Counts, RunRecord, Status
from shared import documents, stretches
from shared.preview import preview
from shared.run import run
from shared.shards import shards
from shared.survey import Options
from tests.emulator.builders import START, position, put
from tests.emulator.promises import Promises
from tests.emulator.wire import Call, Wire
from tests.stack import LocalStack

EVERYTHING = Options(limit=1000)
"""More than there are; a run with a limit reads all documents whole."""


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "PAGE", 4)
    monkeypatch.setattr(stretches, "PAGE", 4)
    monkeypatch.setattr(stretches, "_NAMES", 4)
    monkeypatch.setattr(stretches, "_TRIED", 2)


def reads_whole(call: Call) -> bool:
    if call.name != "RunQuery" or not call.mentions("live_positions"):
        return False
    return not RunQueryRequest.deserialize(call.request).structured_query.select.fields


def trades(stack: LocalStack, numbers: Iterable[int], **changes: object) -> None:
    put(stack, "live_positions", *(position(number, trade_type="THEORETICAL", **changes) for number in numbers))


def narrowed(stack: LocalStack, options: Options) -> RunRecord:
    return run(loops()["trades"], options, stack.parts())


def foreseen(stack: LocalStack, options: Options) -> Counts:
    return preview(loops()["trades"], options, stack.parts()).record.counts


def test_a_run_with_nothing_new_reads_no_document_whole(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    trades(stack, range(1, 11))
    stack.run("trades")
    wire.set()
    counts = wired.run("trades").counts
    assert (counts.read, counts.already, counts.archived) == (10, 10, 0)
    assert not any(map(reads_whole, wire.calls))
    assert not any(call.name == "BatchGetDocuments" and call.mentions("position-0001") for call in wire.calls)


def test_of_an_archived_collection_only_what_is_new_or_changed_is_read_whole(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    trades(stack, range(1, 11))
    stack.run("trades")
    trades(stack, [3], exit_reason="STOP")
    trades(stack, [11])
    trades(stack, [12], status="OPEN")
    wire.set()
    counts = wired.run("trades").counts
    assert (counts.read, counts.already, counts.archived, counts.revised, counts.not_due) == (11, 9, 1, 1, 1)
    named = [call for call in wire.calls if call.name == "BatchGetDocuments" and call.mentions("live_positions/")]
    assert {n for n in range(1, 13) for call in named if call.mentions(f"position-{n:04}")} == {3}
    # The last two are all of their stretch, so it is read as a stretch.
    assert sum(map(reads_whole, wire.calls)) == 1
    Promises(stack).assert_kept()


def test_names_are_tried_ever_less_often_in_a_collection_that_is_new(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    trades(stack, range(1, 40))
    wire.set()
    assert wired.run("trades").counts.archived == 39
    queries = [reads_whole(call) for call in wire.calls if call.name == "RunQuery" and call.mentions("live_positions")]
    # Two names in vain and a page of four with these two; then two pages, then four, then what is left.
    assert queries == [False, True, False, True, True, False, *[True] * 4, False, *[True] * 3]


def test_days_that_are_not_wanted_are_counted_as_not_due_by_what_the_table_says(stack: LocalStack) -> None:
    trades(stack, [1, 2, 30, 31, 32])
    stack.run("trades")
    counts = narrowed(stack, Options(since=START.date().replace(day=2))).counts
    assert (counts.read, counts.already, counts.not_due) == (3, 3, 2)


@pytest.mark.parametrize("count", [1, 2], ids=["whole", "in shards"])
def test_documents_that_datastore_numbered_are_archived_and_revised_like_others(stack: LocalStack, count: int) -> None:
    names = [f"__id{number}__" for number in (7, 10)]
    try:
        put(stack, "live_positions", *(position(1, position_id=name, trade_type="THEORETICAL") for name in names))
    except InvalidArgument:
        pytest.skip("the stand-in makes no such documents, and neither does Firestore")
    trades(stack, range(1, 7))
    stack.parts().leases.split("fact_trades", count)

    def archive() -> tuple[int, int, int]:
        ran = [narrowed(stack, Options(shard=shard)) for shard in shards(count)]
        assert {(one.status, one.blind_spot) for one in ran} == {(Status.SUCCEEDED, 0)}
        return (
            sum(one.counts.archived for one in ran),
            sum(one.counts.revised for one in ran),
            sum(one.counts.already for one in ran),
        )

    assert archive() == (8, 0, 0)
    changed = position(1, position_id=names[0], trade_type="THEORETICAL", exit_reason="STOP")
    put(stack, "live_positions", changed)
    assert archive() == (0, 1, 7)
    Promises(stack).assert_kept()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(st.integers(1, 20)),
    st.lists(st.tuples(st.integers(1, 20), st.sampled_from(["edit", "break", "reopen", "delete"])), max_size=8),
)
def test_whatever_happened_names_first_finds_what_reading_everything_finds(
    servers: LocalStack, archived: set[int], events: list[tuple[int, str]]
) -> None:
    stack = servers.fresh()
    trades(stack, archived)
    stack.run("trades")
    for number, what in events:
        if what == "delete":
            stack.firestore.document(f"live_positions/position-{number:04}").delete()
        else:
            changed = {"edit": {"exit_reason": "STOP"}, "break": {"qty": "NaN"}, "reopen": {"status": "OPEN"}}[what]
            trades(stack, [number], **changed)
    assert foreseen(stack, Options()) == (expected := foreseen(stack, EVERYTHING))
    record = stack.run("trades")
    assert (record.counts, record.blind_spot) == (expected, 0)
    Promises(stack).assert_once()
