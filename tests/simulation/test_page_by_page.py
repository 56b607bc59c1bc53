"""What a run of several pages counts, says and refuses: nothing of one page may stand for all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from pydantic import SecretStr

from jobs.registry import loops
from jobs.trades import LOOP
from schemas.run_record import RunRecord, Status
from schemas.trades import Trade
from shared import reviser
from shared.documents import Documents
from shared.log import Severity
from shared.loop import Loop
from shared.quarantine import Quarantine, Reject, record_id
from shared.run import run
from shared.shards import Shard, shards
from shared.stream import CommitAnswer, WriteStreams
from shared.values import RawDocument
from shared.warehouse import Warehouse
from tests.emulator.builders import PAPER, START, position
from tests.simulation.listening import TRADES, Listening
from tests.simulation.world import Errand

DAY = timedelta(days=1)


@pytest.fixture
def world() -> Listening:
    """Three trades to archive, one a page."""
    return Listening.of_three_trades(page_size=1)


def record_of(world: Listening, errand: Errand = TRADES) -> RunRecord:
    record = world.one(errand).record
    assert record is not None
    return record


def spoil(world: Listening, *numbers: int) -> None:
    for number in numbers:
        world.put("live_positions", f"position-{number:04}", position(number, qty=0))


def test_every_page_says_how_far_the_run_is(world: Listening) -> None:
    record = record_of(world)

    pages = [fields for _, fields in world.told("page done")]
    assert [(page["documents"], page["appended"]) for page in pages] == [(1, 1), (2, 2), (3, 3)]
    assert record.finished_at is not None
    whole_run = (record.finished_at - record.started_at).total_seconds()
    assert all(page["per_second"] >= round(page["documents"] / whole_run) for page in pages)


def test_a_page_of_which_nothing_is_new_has_appended_nothing(world: Listening) -> None:
    record_of(world)
    world.put("live_positions", "position-0002", position(2, exit_reason="edited"))
    world.heard.said.clear()

    record_of(world)

    assert [(page["appended"], page["already"]) for _, page in world.told("page done")] == [(0, 2), (0, 2)]


def test_a_record_spans_the_days_of_all_its_rows(world: Listening) -> None:
    for number, days in ((4, 1), (5, 0), (6, 2)):
        exits = START + days * DAY + timedelta(hours=12)
        world.put("live_positions", f"position-{number:04}", position(number, **PAPER, exit_time=exits))
    record = record_of(world, replace(TRADES, options=replace(TRADES.options, as_of=START + 5 * DAY)))
    assert (record.ds_min, record.ds_max) == (date(2021, 9, 1), date(2021, 9, 3))

    world.put("live_positions", "position-0004", position(4, **PAPER, exit_time=START + DAY))
    revised = record_of(world, replace(TRADES, options=replace(TRADES.options, as_of=START + 5 * DAY)))
    assert (revised.counts.revised, revised.ds_min, revised.ds_max) == (1, date(2021, 9, 2), date(2021, 9, 2))


def test_documents_refused_on_several_pages_are_counted_by_reason(world: Listening) -> None:
    spoil(world, 1, 3, 4)
    before = world.time.now()

    record = record_of(world)

    assert (record.counts.quarantined, record.rejects_by_reason) == (3, {"NOT_POSITIVE": 3})
    kept = [fields for _, fields in world.documents("quarantine").values()]
    assert {one["run_id"] for one in kept} == {record.run_id}
    assert all(before < one["first_seen"] <= world.time.now() for one in kept)


@pytest.mark.parametrize("limit", [None, 9], ids=["by name", "whole"])
def test_what_stricter_rules_refuse_is_done_as_long_as_the_table_holds_its_revision(limit: int | None) -> None:
    errand = replace(TRADES, options=replace(TRADES.options, limit=limit))
    world = Listening.of_three_trades(page_size=2)
    record_of(world)
    world.become(max_document_bytes=1)

    for _ in range(2):
        record = record_of(world, errand)
        assert (record.status, record.counts.already, record.rejects_by_reason) == (Status.SUCCEEDED, 3, {})

    for number in (2, 4):
        world.put("live_positions", f"position-{number:04}", position(number, exit_reason="edited"))
    record = record_of(world, errand)
    assert (record.counts.already, record.rejects_by_reason) == (2, {"TOO_LARGE": 2})


def test_a_record_of_what_is_archived_all_the_same_is_closed_by_the_next_run(world: Listening) -> None:
    spoil(world, 4)
    record_of(world)
    ((name, (_, open_one)),) = world.documents("quarantine").items()
    path = "live_positions/position-0001"
    world.put("quarantine", record_id(path), {**open_one, "path": path, "run_id": "before"})
    world.become(max_document_bytes=1)

    record_of(world)

    closed = {one: fields["resolved_at"] is not None for one, (_, fields) in world.documents("quarantine").items()}
    assert closed == {name: False, record_id(path): True}


def test_what_the_quarantine_does_not_take_is_pending_and_no_secret_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Listening.of_three_trades(page_size=1, alpaca_secret_key=SecretStr("the-secret-of-all"))

    def refuse(_self: Quarantine, _job: str, _run_id: str, _rejects: list[Reject], _now: object) -> None:
        raise ServiceUnavailable("no place for the-secret-of-all")

    spoil(world, 1, 3)
    monkeypatch.setattr(Quarantine, "put", refuse)
    fingerprint = Warehouse.fingerprint

    def emptied(self: Warehouse, row: type[Trade], run_id: str) -> object:
        world.dataset.rows("fact_trades").clear()
        return fingerprint(self, row, run_id)

    monkeypatch.setattr(Warehouse, "fingerprint", emptied)
    record = record_of(world)

    counts = record.counts
    assert (record.status, counts.read, counts.quarantined, counts.archived) == (Status.PARTIAL, 3, 0, 0)
    assert counts.pending == 3, "two that were refused and one that is lost"
    told = {"error": "503 no place for ***", "documents": 1}
    assert world.told("the quarantine refused") == [(Severity.ERROR, told)] * 2


def test_a_run_whose_documents_are_not_answered_although_they_were_named_fails(
    world: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_of(world)
    world.put("live_positions", "position-0001", position(1, exit_reason="edited"))
    world.put("live_positions", "position-0004", position(4, **PAPER))
    named, before = Documents.named, [dict(row) for row in world.rows]

    def forgetful(self: Documents, *asked: Any) -> Iterator[RawDocument]:
        return (one for one in named(self, *asked) if one.id != "position-0004")

    with monkeypatch.context() as patched:
        patched.setattr(Documents, "named", forgetful)
        record = record_of(world)

    assert record.error is not None
    assert (record.status, record.error.type) == (Status.FAILED, "IncompleteError")
    assert record.error.message == "1 of 2 documents of live_positions that a scan named were not found"
    assert world.rows == before
    healed = record_of(world).counts
    assert (healed.archived, healed.revised, healed.already) == (1, 1, 2)


def wrongly(loop: Loop[Any, Trade]) -> Loop[Any, Trade]:
    """A loop whose rows are keyed by something else than their document."""
    return replace(loop, build=lambda *one: loop.build(*one).model_copy(update={"trade_id": "another"}))


@pytest.mark.parametrize("edited", [False, True], ids=["new", "revised"])
def test_a_row_that_is_keyed_by_something_else_than_its_document_stops_the_run(
    world: Listening, *, edited: bool
) -> None:
    if edited:
        record_of(world)
        world.put("live_positions", "position-0002", position(2, exit_reason="edited"))
    before = [dict(row) for row in world.rows]

    with world.governed():
        record = run(wrongly(LOOP), TRADES.options, world.parts())

    assert record.error is not None
    assert (record.status, record.error.type) == (Status.FAILED, "BalanceError")
    message = "the key ('another',) does not begin with the id of its document, so it may come twice"
    assert record.error.message == message
    assert world.rows == before


def deaf(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the service know nothing of the first stream that a run wants to commit, ever."""
    asked, unknown = WriteStreams.commit, list[str]()

    def commit(self: WriteStreams, row: type[Trade], stream: str) -> CommitAnswer:
        if not unknown or stream in unknown:
            unknown[:] = [stream]
            return CommitAnswer(missing=True, detail="")
        return asked(self, row, stream)

    monkeypatch.setattr(WriteStreams, "commit", commit)
    return unknown


def test_a_stream_that_nobody_knows_is_gone_only_when_a_day_has_passed(
    world: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = deaf(monkeypatch)

    for later in (timedelta(0), timedelta(hours=23)):
        world.time.sleep(later.total_seconds())
        record = record_of(world)
        assert record.error is not None
        assert (record.status, record.error.type) == (Status.FAILED, "UndecidedError")
        undecided = f"the commit of stream {unknown[0]} is not decided; its intent stays and the next run settles it"
        assert record.error.message == undecided
        assert world.rows == []

    world.time.sleep(timedelta(hours=2).total_seconds())
    assert record_of(world).counts.archived == 3
    ((severity, fields),) = world.told("recovered an intent")
    assert (severity, fields["outcome"]) == (Severity.WARNING, "GONE")


def test_a_run_whose_own_stream_is_gone_leaves_its_intent_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Listening.of_three_trades(intent_gone_after_hours=0)
    unknown = deaf(monkeypatch)

    record = record_of(world)

    assert record.error is not None
    assert (record.error.type, record.counts.archived) == ("UndecidedError", 0)
    ((_, lease),) = world.documents("job_leases").values()
    assert lease["intent"]["stream"] == unknown[0]
    assert record_of(world).counts.archived == 3


def test_a_healed_document_is_closed_by_the_run_of_its_shard_and_by_no_other() -> None:
    world = Listening.of_three_trades()
    with world.governed():
        world.parts().tables.hold(loops()["trades"].row)
        world.parts().leases.split("fact_trades", 2)
    own = next(one for one in shards(2) if one.holds("position-0002"))

    def archive(shard: Shard) -> None:
        record_of(world, replace(TRADES, options=replace(TRADES.options, shard=shard)))

    spoil(world, 2)
    archive(own)
    world.put("live_positions", "position-0002", position(2))
    archive(Shard(1 - own.index, 2))
    ((_, waiting),) = world.documents("quarantine").values()
    assert waiting["resolved_at"] is None
    archive(own)
    ((_, closed),) = world.documents("quarantine").values()
    assert closed["resolved_at"] is not None


def revise_but(monkeypatch: pytest.MonkeyPatch, refused: str = "") -> list[int]:
    """Let the table take every revision but one, and note how many it is sent at once."""
    revise, sent = Warehouse.revise, list[int]()

    def revised(self: Warehouse, row: type[Trade], revisions: Iterable[tuple[Trade, Trade]]) -> None:
        pairs = list(revisions)
        sent.append(len(pairs))
        revise(self, row, [pair for pair in pairs if pair[1].trade_id != refused])

    monkeypatch.setattr(Warehouse, "revise", revised)
    return sent


@pytest.mark.parametrize(
    ("limit", "most", "sent"),
    [("MAX_WAITING", 2, [2, 1]), ("MAX_WAITING", 3, [3]), ("MAX_WAITING_BYTES", 1, [1, 1, 1])],
)
def test_revisions_are_sent_when_so_many_wait_and_at_the_end(
    world: Listening, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, sent: list[int]
) -> None:
    record_of(world)
    for number in (1, 2, 3):
        world.put("live_positions", f"position-{number:04}", position(number, exit_reason="edited"))
    monkeypatch.setattr(reviser, limit, most)
    told = revise_but(monkeypatch)

    record = record_of(world)

    assert told == sent
    assert (record.status, record.counts.revised) == (Status.SUCCEEDED, 3)
    assert {row["exit_reason"] for row in world.rows} == {"edited"}


def test_revisions_that_the_table_does_not_take_are_pending_and_named(
    world: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_of(world)
    for number in (1, 2, 3):
        world.put("live_positions", f"position-{number:04}", position(number, exit_reason="edited"))
    monkeypatch.setattr(reviser, "MAX_WAITING", 1)
    revise_but(monkeypatch, refused="position-0002")

    record = record_of(world)

    assert (record.status, record.counts.revised, record.counts.pending) == (Status.PARTIAL, 2, 1)
    told = {"rows": 1, "keys": ["('position-0002',)"]}
    assert world.told("rows could not be revised") == [(Severity.ERROR, told)]
