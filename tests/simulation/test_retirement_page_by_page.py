"""A retirement of several pages, with a limit or within days, and what the engine does to the documents meanwhile."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from schemas.run_record import RunRecord, Status
from shared import retirement
from shared.lease import Lease
from shared.retirement import RECEIPTS, receipts
from shared.survey import Options
from tests.emulator.builders import PAPER, START, position
from tests.simulation.listening import Listening
from tests.simulation.world import Errand

DAYS = timedelta(days=2)
"""Longer than a table must have held what is retired."""


@pytest.fixture(autouse=True)
def _two_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retirement, "MAX_BATCH", 2)


@pytest.fixture
def world() -> Listening:
    """Five trades that were archived long ago, of two days."""
    world = Listening.of_three_trades(page_size=2)
    for number in (4, 5):
        exits = START + timedelta(days=1, hours=number)
        world.put("live_positions", f"position-{number:04}", position(number, **PAPER, exit_time=exits))
    archive(world)
    world.time.sleep(DAYS.total_seconds())
    return world


def archive(world: Listening) -> None:
    world.one(Errand("trades", Options(as_of=START + timedelta(days=20))))


def retire(world: Listening, **options: Any) -> RunRecord:
    record = world.one(Errand("retire", Options(delete=True, **options))).record
    assert record is not None
    return record


def meanwhile(monkeypatch: pytest.MonkeyPatch, world: Listening, happening: Callable[[], None]) -> None:
    """Let something happen when the first page is found and not yet deleted."""
    require_held, left = Lease.require_held, [happening]

    def required(self: Lease) -> None:
        if left:
            with world.network.of(None):
                left.pop()()
        require_held(self)

    monkeypatch.setattr(Lease, "require_held", required)


def left_in(world: Listening) -> list[int]:
    return sorted(int(name.removeprefix("position-")) for name in world.documents("live_positions"))


def noted(world: Listening) -> list[int]:
    receipts = (fields["path"] for _, fields in world.documents(RECEIPTS).values())
    return sorted(int(path.removeprefix("live_positions/position-")) for path in receipts)


def test_every_page_is_deleted_and_counted(world: Listening) -> None:
    record = retire(world)

    assert (record.status, record.counts.read, record.counts.revised) == (Status.SUCCEEDED, 5, 5)
    assert record.outcomes == {"deleted live_positions": 5}
    assert (left_in(world), noted(world)) == ([], [1, 2, 3, 4, 5])
    assert [page["deleted"] for _, page in world.told("page retired")] == [2, 2, 1]


def test_what_is_open_or_was_archived_just_now_is_not_due(world: Listening) -> None:
    for number in (6, 7):
        world.put("live_positions", f"position-{number:04}", position(number, status="OPEN"))
        world.put("live_positions", f"position-{number - 3:04}", position(number - 3, **PAPER, exit_reason="edited"))
    archive(world)

    record = retire(world)

    assert (record.counts.read, record.counts.not_due) == (3, 4)
    assert (left_in(world), noted(world)) == ([3, 4, 6, 7], [1, 2, 5])


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_no_more_go_than_are_asked_for(world: Listening, limit: int) -> None:
    record = retire(world, limit=limit)

    assert (record.counts.read, record.counts.revised) == (limit, limit)
    assert (left_in(world), noted(world)) == (list(range(limit + 1, 6)), list(range(1, limit + 1)))


@pytest.mark.parametrize(
    ("days", "gone"),
    [
        ({"since": date(2021, 9, 2)}, [4, 5]),
        ({"until": date(2021, 9, 1)}, [1, 2, 3]),
        ({"since": date(2021, 9, 3)}, []),
    ],
)
def test_only_what_belongs_to_the_days_asked_for_goes(world: Listening, days: dict[str, date], gone: list[int]) -> None:
    record = retire(world, **days)

    assert (record.counts.revised, record.counts.not_due) == (len(gone), 5 - len(gone))
    assert noted(world) == gone


def test_what_is_edited_on_the_way_stays_and_is_told(world: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    def edit() -> None:
        for number in (2, 3):
            world.put("live_positions", f"position-{number:04}", position(number, note="edited"))

    meanwhile(monkeypatch, world, edit)
    record = retire(world)

    assert (record.status, record.counts.revised, record.counts.pending) == (Status.PARTIAL, 3, 2)
    assert record.outcomes == {"deleted live_positions": 3, "edited meanwhile live_positions": 2}
    assert (left_in(world), noted(world)) == ([2, 3], [1, 4, 5])
    assert [(page["deleted"], page["edited"]) for _, page in world.told("page retired")] == [(1, 1), (1, 1), (1, 0)]
    assert all(fields["note"] == "edited" for _, fields in world.documents("live_positions").values())


def test_what_the_engine_deletes_on_the_way_is_gone_and_leaves_no_receipt_of_ours(
    world: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, world, lambda: world.delete("live_positions", "position-0002"))
    record = retire(world)

    assert (record.status, record.counts.revised, record.counts.pending) == (Status.SUCCEEDED, 5, 0)
    assert (left_in(world), noted(world)) == ([], [1, 3, 4, 5])


def test_receipts_are_read_as_of_a_moment(world: Listening) -> None:
    before = world.time.now()
    retire(world)
    with world.governed():
        documents, now = world.parts().documents, world.time.now()
        then, later = (len(list(receipts(documents, "fact_trades", moment))) for moment in (before, now))
    assert (then, later) == (0, 5)
