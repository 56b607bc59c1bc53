"""What a run logs and stamps, word by word: whoever is on call reads nothing else."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable

from jobs import entry
from jobs.registry import all_jobs
from schemas.run_record import RunRecord, Status
from schemas.table import ArchivedRow
from shared.broker_retries import Failure
from shared.documents import Documents
from shared.fingerprint import Fingerprint
from shared.interrupt import InterruptedRunError
from shared.log import Log, Severity
from shared.runs import Runs
from shared.shards import Shard, shards
from shared.warehouse import Warehouse
from tests.emulator.builders import orders, position
from tests.simulation.listening import TRADES, Listening
from tests.simulation.network import Fault
from tests.simulation.world import Errand


@pytest.fixture
def world() -> Listening:
    return Listening.of_three_trades()


def test_a_page_says_how_far_the_run_is(world: Listening) -> None:
    world.put("live_positions", "position-0004", position(4, qty=0))
    world.put("live_positions", "position-0005", position(5, status="OPEN"))
    world.one()
    ((severity, page),) = world.told("page done")
    assert page.pop("per_second") > 0
    assert (severity, page) == (
        Severity.INFO,
        {"documents": 5, "appended": 3, "already": 0, "revised": 0, "quarantined": 1},
    )


def after(happening: Callable[[], object]) -> Callable[..., Fingerprint]:
    """Ask the table for its fingerprint once something has happened to it, the first time."""
    asked, left = Warehouse.fingerprint, [happening]

    def fingerprint(self: Warehouse, row: type[ArchivedRow], run_id: str) -> Fingerprint:
        if left:
            left.pop()()
        return asked(self, row, run_id)

    return fingerprint


def test_rows_that_are_gone_before_they_are_verified_are_pending_and_named(
    world: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Warehouse, "fingerprint", after(lambda: world.dataset.rows("fact_trades").pop(1)))

    record = world.one().record

    assert record is not None
    assert (record.status, record.counts.archived, record.counts.pending) == (Status.PARTIAL, 2, 1)
    assert world.told("rows are not in the table yet") == [
        (Severity.ERROR, {"rows": 1, "keys": ["('position-0002',)"]})
    ]


def test_no_more_is_lost_than_the_table_lacks(world: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that was refused may be new when it is read again, and was never streamed."""

    def lose_one_and_learn_of_another() -> None:
        world.dataset.rows("fact_trades").pop(0)
        world.venue.record(orders(4), [])

    world.put("live_positions", "position-0004", position(4, exit_fill_price=None))
    monkeypatch.setattr(Warehouse, "fingerprint", after(lose_one_and_learn_of_another))

    record = world.one().record

    assert record is not None
    counts = record.counts
    assert (counts.read, counts.archived, counts.pending, counts.quarantined) == (4, 2, 1, 1)


def test_rows_that_a_newer_run_has_revised_meanwhile_are_no_loss(
    world: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    def revise() -> None:
        world.dataset.rows("fact_trades")[0]["source_rev"] += timedelta(days=1)

    monkeypatch.setattr(Warehouse, "fingerprint", after(revise))

    record = world.one().record

    assert record is not None
    assert (record.status, record.counts.archived, record.counts.pending) == (Status.SUCCEEDED, 3, 0)
    assert world.told("rows of this run hold newer revisions already") == [(Severity.WARNING, {})]


def calls_of_a_clean_run() -> int:
    world = Listening()
    world.put("live_positions", "position-0001", position(1, trade_type="THEORETICAL"))
    counted = list[int]()
    passed = world.network.call

    def call(*arguments: Any, **named: Any) -> Any:
        counted.append(1)
        return passed(*arguments, **named)

    world.network.call = call  # type: ignore[method-assign]  # counts and passes on
    world.one()
    return len(counted)


def test_whoever_finds_an_open_commit_says_whose_it_was_and_what_became_of_it() -> None:
    """Killed before each call in turn: where an intent was left, the next run names that run."""
    found = set()
    for place in range(calls_of_a_clean_run()):
        world = Listening()
        world.put("live_positions", "position-0001", position(1, trade_type="THEORETICAL"))
        world.one(replace(TRADES, faults={place: Fault.KILLED_BEFORE}))
        started = [fields for message, _, fields in world.heard.said if message == "run started"]
        assert len(started) == 1
        world.time.sleep(3600)
        world.one()
        for severity, fields in world.told("recovered an intent"):
            assert severity is Severity.WARNING
            found.add(fields["outcome"])
            assert fields["of"].startswith("trades-")
        world.one()
        assert [row["trade_id"] for row in world.rows] == ["position-0001"]
    assert "COMMITTED" in found


def test_a_revision_is_stamped_with_who_revised_it_and_when(world: Listening) -> None:
    first = world.one().record
    world.put("live_positions", "position-0002", position(2, exit_reason="edited"))
    before = world.time.now()
    second = world.one().record
    assert first is not None
    assert second is not None
    untouched, revised, _ = world.rows
    assert (untouched["revised_by"], untouched["revised_at"]) == (None, None)
    assert (revised["run_id"], revised["revised_by"]) == (first.run_id, second.run_id)
    assert before < revised["revised_at"] <= world.time.now()


def test_a_healed_document_s_record_says_who_closed_it_and_when(world: Listening) -> None:
    world.put("live_positions", "position-0002", position(2, qty=0))
    world.one()
    world.put("live_positions", "position-0002", position(2))
    before = world.time.now()
    healed = world.one().record
    assert healed is not None
    ((_, record),) = world.documents("quarantine").values()
    assert record["resolved_by"] == healed.run_id
    assert before < record["resolved_at"] <= world.time.now()


@pytest.mark.parametrize("attempts", [None, "twice", 2.5])
def test_a_record_of_the_quarantine_that_was_spoilt_by_hand_is_made_anew(world: Listening, attempts: object) -> None:
    world.put("live_positions", "position-0004", position(4, qty=0))
    world.one()
    ((name, (_, record)),) = world.documents("quarantine").items()
    world.put("quarantine", name, {**record, "attempts": attempts})

    again = world.one().record

    assert again is not None
    assert (again.status, again.counts.already, again.counts.quarantined) == (Status.PARTIAL, 3, 1)
    ((_, mended),) = world.documents("quarantine").values()
    assert (mended["attempts"], mended["first_seen"]) == (1, record["first_seen"])


@pytest.mark.parametrize("note", [{}, {"path": 7}, {"path": "live_positions/", "run_id": "mine"}])
def test_a_note_that_somebody_left_in_the_quarantine_is_no_refused_document(
    world: Listening, note: dict[str, Any]
) -> None:
    left = {"job": "trades", "resolved_at": None, **note}
    world.put("quarantine", "note", left)

    record = world.one().record

    assert record is not None
    assert (record.status, record.counts.archived) == (Status.SUCCEEDED, 3)
    assert [fields for _, fields in world.documents("quarantine").values()] == [left]


def test_an_abandoned_run_is_named_by_the_run_that_closed_it(world: Listening) -> None:
    world.one(replace(TRADES, faults={8: Fault.KILLED_BEFORE}))
    (left,) = world.documents("job_metadata")
    world.time.sleep(3600)
    world.one()
    assert world.told("closed an abandoned run") == [(Severity.WARNING, {"abandoned": left})]


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (3, 2), (2, 3)])
def test_a_run_that_died_before_its_table_was_divided_anew_is_closed_by_the_next_one(
    world: Listening, before: int, after: int
) -> None:
    def of(shard: Shard) -> Errand:
        return replace(TRADES, options=replace(TRADES.options, shard=shard))

    with world.governed():
        world.parts().leases.split("fact_trades", before)
    world.one(replace(of(shards(before)[-1]), faults={9: Fault.KILLED_BEFORE}))
    (left,) = world.documents("job_metadata")
    world.time.sleep(3600)
    with world.governed():
        world.parts().leases.split("fact_trades", after)
    for shard in shards(after):
        world.one(of(shard))
    assert world.told("closed an abandoned run") == [(Severity.WARNING, {"abandoned": left})]


def test_a_run_leaves_alone_who_is_under_way_with_another_shard_or_another_job(world: Listening) -> None:
    with world.governed():
        world.parts().leases.split("fact_trades", 2)
    for lease in ("fact_trades-1", "fee-patch", "fact_trades-extra-1", "fact"):
        world.put("job_metadata", lease, {"lease": lease, "status": "RUNNING"})
    world.put("job_metadata", "nameless", {"status": "RUNNING"})
    world.one(replace(TRADES, options=replace(TRADES.options, shard=Shard(0, 2))))
    assert world.told("closed an abandoned run") == []


def test_a_run_begins_and_ends_with_a_line(world: Listening) -> None:
    ended = world.one().record
    assert ended is not None
    ((severity, started),) = world.told("run started")
    assert (severity, started) == (Severity.INFO, {"as_of": TRADES.options.as_of, "git_hash": "simulated"})
    ((severity, closing),) = world.told("run succeeded")
    assert (severity, closing["run_id"], closing["counts"]["archived"]) == (Severity.INFO, ended.run_id, 3)
    assert "settings" not in closing


def test_a_run_that_leaves_something_behind_warns(world: Listening) -> None:
    world.put("live_positions", "position-0004", position(4, qty=0))
    world.one()
    assert [severity for severity, _ in world.told("run partial")] == [Severity.WARNING]


def test_a_refusal_that_no_record_can_hold_is_recorded_all_the_same(
    world: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON can spell half a character, so a broker can say it."""
    monkeypatch.setattr(world.venue, "answer", lambda *_: Failure(HTTPStatus.FORBIDDEN, "forbidden \ud83d"))

    record = world.one().record

    assert record is not None
    assert record.error is not None
    ((_, kept),) = world.documents("job_metadata").values()
    assert (kept["status"], kept["error"]["message"]) == ("FAILED", record.error.message)
    assert record.error.message.endswith("403 forbidden ?")


class BrokenPipe(io.StringIO):
    """A pipe whose other end was closed."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_run_that_nobody_hears_any_more_goes_on(world: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = replace(world.parts(), log=Log(BrokenPipe()))
    monkeypatch.setattr(world, "parts", lambda: parts)

    record = world.one().record

    assert record is not None
    ((_, kept),) = world.documents("job_metadata").values()
    assert (record.counts.archived, kept["status"]) == (3, "SUCCEEDED")


def test_a_run_that_is_told_to_stop_is_the_last_one_also_where_that_cannot_be_recorded(
    world: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: Documents) -> None:
        raise InterruptedRunError("stopped by SIGTERM")

    def put(self: Runs, record: RunRecord, seconds: float | None = None) -> None:
        if record.status is Status.INTERRUPTED:
            raise ServiceUnavailable("too late")
        written(self, record, seconds)

    written = Runs.put
    monkeypatch.setattr(Runs, "put", put)
    monkeypatch.setattr(Documents, "server_time", stop)
    monkeypatch.setattr(entry, "connect", lambda *_: world.parts())
    jobs = [all_jobs()[name] for name in ("trades", "rejected-signals")]
    with world.governed():
        (record,) = entry.records_of(list(entry.execute(jobs, TRADES.options, world.parts().settings, world.heard)))
    assert (record.job, record.status, entry.exit_code([record])) == ("trades", Status.INTERRUPTED, entry.FAILED)
    ((_, lease),) = world.documents("job_leases").values()
    assert lease["owner"] is None


def test_a_document_that_is_full_keeps_no_other_from_its_price(world: Listening) -> None:
    full = position(1, exit_fill_price=None, chart="#" * 1_048_080)
    world.put("live_positions", "position-0001", full)
    world.put("live_positions", "position-0002", position(2, exit_fill_price=None))

    record = world.one(Errand("price-patch")).record

    assert record is not None
    assert (record.status, record.counts.revised, record.counts.pending) == (Status.PARTIAL, 1, 1)
    assert record.outcomes == {"patched": 1, "refused": 1}
    ((severity, told),) = world.told("a document takes no patch")
    assert (severity, told["document"]) == (Severity.ERROR, "live_positions/position-0001")
    documents = world.documents("live_positions")
    assert [documents[f"position-000{n}"][1]["exit_fill_price"] for n in (1, 2)] == [None, 110.0]


def test_a_retirement_says_what_went_and_what_was_edited(world: Listening) -> None:
    world.one()
    world.time.sleep(timedelta(days=2).total_seconds())
    world.one(Errand("retire"))
    assert world.told("page retired") == [(Severity.INFO, {"deleted": 3, "edited": 0})]
    ((_, missing),) = world.told("tables that do not exist hold nothing")
    assert missing == {"tables": ["fact_rejected_signals", "fact_signals_expired"]}
