import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli.audit import audited, shown
from jobs.registry import all_jobs, loops
from schemas.run_record import Status
from shared.audit_contents import weight
from shared.audit_digest import Digest
from shared.audit_findings import Kind
from shared.audit_join import by_bytes, side_by_side
from shared.audit_leases import wrong
from shared.audit_report import EXAMPLES, PARTS, Report
from shared.audit_runs import Recorded, miscounted
from shared.audit_table import Held
from shared.documents import OutOfOrderError, require_after
from shared.lease import Intent, State
from shared.values import RawDocument

NOW = datetime(2026, 3, 2, tzinfo=UTC)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=3)
entries = st.tuples(names, st.datetimes(timezones=st.just(UTC)))


def report(*, remade: bool = True) -> Report:
    return Report("trades", "fact_trades", NOW, NOW, remade)


@given(st.lists(st.tuples(names, st.integers())), st.dictionaries(names, st.integers()))
def test_side_by_side_streams_meet_where_their_names_do(left: list[tuple[str, int]], right: dict[str, int]) -> None:
    met = list(side_by_side(sorted(left), sorted(right.items())))

    assert [name for name, _, _ in met] == sorted({*dict(left), *right})
    for name, mine, other in met:
        assert sorted(mine) == sorted(value for one, value in left if one == name)
        assert other == right.get(name)


def test_side_by_side_streams_are_read_no_further_than_needed() -> None:
    read: list[str] = []

    def noted(stream: str) -> Iterator[tuple[str, None]]:
        for name in "abcdefgh":
            read.append(stream + name)
            yield name, None

    met = side_by_side(noted("left "), noted("right "))
    assert next(met)[0] == "a"
    assert len(read) <= 4


@given(st.lists(names, min_size=2, max_size=6, unique=True), st.randoms())
def test_a_stream_out_of_order_is_refused_not_misread(some: list[str], random: Any) -> None:
    random.shuffle(some)
    if some == sorted(some):
        some.reverse()

    with pytest.raises(OutOfOrderError):
        list(side_by_side((), ((name, None) for name in some)))


def test_a_name_may_occur_twice_on_the_left_only() -> None:
    assert list(side_by_side([("a", 1), ("a", 2)], [("a", 3)])) == [("a", [1, 2], 3)]
    with pytest.raises(OutOfOrderError):
        list(side_by_side((), [("a", 1), ("a", 2)]))


def documents(*ids: str) -> Iterator[RawDocument]:
    """A scan: Firestore names ids that are numbers first, and by their number."""
    for last, name in pairwise(ids):
        require_after(f"c/{name}", f"c/{last}")
    return (RawDocument(f"c/{name}", name, NOW, {}, 0) for name in ids)


@given(st.sets(st.integers(-99, 99)), st.sets(names | st.sampled_from(["__id", "__id1", "__id10", "__id5x", "__j"])))
def test_documents_whose_ids_are_numbers_meet_their_rows_too(numbers: set[int], others: set[str]) -> None:
    ids = [*(f"__id{number}__" for number in sorted(numbers)), *sorted(others)]

    met = list(side_by_side(((name, 1) for name in sorted(ids)), ((one.id, one) for one in by_bytes(documents(*ids)))))

    assert [(name, mine, one.id if one else None) for name, mine, one in met] == [(n, [1], n) for n in sorted(ids)]


def test_a_scan_is_held_no_longer_than_its_numbered_ids_last() -> None:
    read: list[str] = []

    def noted() -> Iterator[RawDocument]:
        for document in documents("__id9__", "__id10__", "!", "a", "b", "c"):
            read.append(document.id)
            yield document

    assert next(by_bytes(noted())).id == "!"
    assert read == ["__id9__", "__id10__", "!"]


def test_what_is_held_of_a_name_weighs_what_its_document_and_the_texts_of_its_rows_do() -> None:
    source = RawDocument("c/a", "a", NOW, {}, 1_000_000)
    row: Held[Any] = Held(("a",), {"trade_id": "a", "source_extra": "x" * 999, "qty": 7, "note": None}, None)

    assert weight(("a", [], source)) == 1_000_000
    assert weight(("a", [row, row], None)) == 2_000
    assert weight(("a", [row], source)) == 1_001_000


@given(st.lists(entries), st.randoms())
def test_a_digest_does_not_depend_on_the_order(some: list[tuple[Any, ...]], random: Any) -> None:
    shuffled = some.copy()
    random.shuffle(shuffled)

    assert Digest.of(shuffled) == Digest.of(some)


@given(st.lists(entries), st.lists(entries))
def test_digests_of_parts_add_up_to_that_of_the_whole(one: list[Any], other: list[Any]) -> None:
    assert Digest.of(one) + Digest.of(other) == Digest.of(one + other)


@given(st.lists(entries, unique=True), entries)
def test_a_swap_is_seen_however_equal_the_numbers_are(some: list[Any], stranger: Any) -> None:
    if some and stranger not in some:
        assert Digest.of([stranger, *some[1:]]) != Digest.of(some)
    assert Digest.of([stranger, stranger]) != Digest()


def test_a_digest_is_the_documented_one() -> None:
    text = json.dumps(["p-1", "2026-03-02T00:00:00Z"], separators=(",", ":"))
    assert str(Digest.of([("p-1", NOW)])) == hashlib.sha256(text.encode()).hexdigest()[:32]


def test_equal_counts_do_not_hide_a_swap() -> None:
    found = report()
    found.due = found.archived = 1
    found.source_digest, found.archived_digest = Digest.of([("a", NOW)]), Digest.of([("b", NOW)])

    assert found.unbalanced
    assert not found.passed


def test_equal_digests_do_not_hide_a_wrong_count() -> None:
    found = report()
    found.due = 1

    assert found.unbalanced


@pytest.mark.parametrize("remade", [True, False])
@pytest.mark.parametrize("kind", Kind)
def test_every_finding_is_shown_with_examples_and_advice_and_decides_the_verdict(kind: Kind, *, remade: bool) -> None:
    found = report(remade=remade)
    for number in range(EXAMPLES + 5):
        found.add(kind, f"example {number}")
    if kind is Kind.PENDING:
        found.due = EXAMPLES + 5
    text, told = shown(found), found.as_dict()

    assert found.passed is not kind.is_off
    assert f"{'OFF' if kind.is_off else 'said'}: {kind} 25: example 0; " in text
    assert text.count("; …") == 1
    assert found.advice(kind) in text
    assert told[kind]["count"] == 25
    assert told[kind]["examples"] == [f"example {number}" for number in range(EXAMPLES)]
    assert told[kind]["advice"] == found.advice(kind)
    assert "{" not in found.advice(kind)


@pytest.mark.parametrize(
    "kind", [Kind.WRONG_SUMS, Kind.MISPLACED, Kind.ALTERED, Kind.AHEAD, Kind.UNEXPLAINED, Kind.MISCOUNTED]
)
def test_no_run_is_advised_where_no_run_makes_a_row_anew(kind: Kind) -> None:
    assert "golden-thread run trades" in report().advice(kind)
    assert "golden-thread run" not in report(remade=False).advice(kind)


def test_names_cannot_steer_the_terminal_or_make_up_a_line() -> None:
    found = report()
    found.add(Kind.ORPHANED, "c/\x1b[2J\nOFF: lost 7")

    assert "said: orphaned 1: c/\\x1b[2J\\x0aOFF: lost 7\n" in shown(found)
    assert found.as_dict()[Kind.ORPHANED]["examples"] == ["c/\x1b[2J\nOFF: lost 7"]


def test_the_report_states_the_digests_of_all_parts() -> None:
    found = report()
    found.source_digest = found.pending_digest = Digest.of([("a", NOW)])
    assert found.as_dict()["digests"] == {
        part: str(Digest.of([("a", NOW)]) if part in {"source", "pending"} else Digest()) for part in PARTS
    }


def test_what_is_audited_is_chosen_by_job_or_table_and_is_everything_by_default() -> None:
    assert [job.name for job in audited(())] == list(all_jobs())
    assert [job.name for job in audited(("all",))] == list(all_jobs())
    assert [job.name for job in audited(("trades", "fact_trades", "retire"))] == ["trades", "retire"]
    assert {job.name for job in audited([loop.table for loop in loops().values()])} == set(loops())


def test_an_unknown_name_is_wrong_usage_and_the_known_ones_are_listed() -> None:
    with pytest.raises(click.UsageError, match=r"no job nonsense; .*trades.*retire.*or a table: .*fact_trades"):
        audited(("trades", "nonsense"))


def state(**changes: Any) -> State:
    free: Mapping[str, Any] = {"fence": 3, "owner": None, "expires_at": None, "intent": None, "read_at": NOW}
    return State(**{**free, **changes})


def intent(age: timedelta) -> Intent:
    return Intent("s", "r", 7, NOW - age)


SOON, JUST_NOW = NOW + timedelta(seconds=20), NOW - timedelta(seconds=20)
LIFE, TICK = timedelta(seconds=60), timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("lease", "running", "expected"),
    [
        (state(), [], []),
        (state(owner="r", expires_at=SOON), ["r"], []),
        (state(owner="r", expires_at=JUST_NOW), [], []),
        (state(), ["r"], [(Kind.LEADERLESS, "r")]),
        (state(owner="r", expires_at=JUST_NOW), ["r"], [(Kind.LEADERLESS, "r")]),
        (state(owner="r", expires_at=NOW), ["r"], [(Kind.LEADERLESS, "r")]),
        (state(owner="r", expires_at=SOON), ["q", "r"], [(Kind.LEADERLESS, "q")]),
        (state(owner="r", expires_at=SOON), [], [(Kind.LINGERING, "r")]),
        (state(owner="r", expires_at=NOW + LIFE), [], [(Kind.LINGERING, "r")]),
        (state(owner="r", expires_at=NOW + LIFE + TICK), [], [(Kind.STRAY_LEASE, "r")]),
        (state(owner="r", expires_at=NOW + LIFE + TICK), ["r"], []),
        (state(intent=intent(timedelta(days=1))), [], []),
        (
            state(intent=intent(timedelta(days=1, microseconds=1))),
            [],
            [(Kind.STALE_INTENT, "7 rows of run r, stream s")],
        ),
    ],
)
def test_whoever_holds_a_lease_is_under_way_and_the_other_way_round(
    lease: State, running: list[str], expected: list[tuple[Kind, str]]
) -> None:
    assert list(wrong(lease, running, LIFE)) == expected


@pytest.mark.parametrize(
    ("status", "counted", "held", "is_wrong"),
    [
        (Status.SUCCEEDED, 3, 3, False),
        (Status.SUCCEEDED, 3, 2, True),
        (Status.PARTIAL, 3, 4, True),
        (Status.PARTIAL, 3, 0, True),
        (Status.FAILED, 0, 3, False),
        (Status.ABANDONED, 0, 3, False),
        (Status.INTERRUPTED, 3, 2, True),
        (Status.RUNNING, 0, 0, False),
    ],
)
def test_a_run_that_ended_well_counted_its_rows_and_no_other_counted_more(
    status: Status, counted: int, held: int, *, is_wrong: bool
) -> None:
    told = list(miscounted({"r": Recorded(status, counted, None)}, {"r": held} if held else {}))

    assert told == ([f"r: counted {counted}, the table holds {held}"] if is_wrong else [])
