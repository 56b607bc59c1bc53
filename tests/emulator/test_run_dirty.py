"""Dirty collections: every bad document ends in quarantine for its reason, every good one in the table."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import GeoPoint

from infra.local.fixtures import Reference, write_collection
from jobs.registry import loops
from schemas.run_record import Status
from tests.emulator import moments
from tests.emulator.builders import DOCUMENTS, KEYS, START, Fields, position, put, write_market
from tests.emulator.garbage import GARBAGE
from tests.emulator.promises import Promises, read_table
from tests.emulator.wire import Wire, cut
from tests.stack import LocalStack

CHART = "#" * 900_000
EVERYTHING: Fields = {
    "deep": {"a": [{"b": {"c": [{"d": "e"}]}}]},
    "bytes": b"\x00\xff",
    "place": GeoPoint(47.1, 8.5),
    "other": Reference("live_positions/other"),
    "when": START,
    "not a number": math.nan,
    "nothing": None,
    "DROP TABLE `fact_trades`; --": "a name",
}


def seed(stack: LocalStack, directory: Path, collection: str, documents: dict[str, Fields]) -> None:
    """Put documents in by way of a fixture directory, together with the market."""
    write_market(directory, range(1, 6))
    write_collection(directory, collection, documents.items())
    stack.seed(directory)


@pytest.mark.parametrize("job", DOCUMENTS)
def test_every_wrong_value_of_every_field_is_quarantined_for_its_reason(
    job: str, stack: LocalStack, tmp_path: Path
) -> None:
    loop, garbage = loops()[job], GARBAGE[loops()[job].source]
    assert garbage.kinds.keys() == loop.document.model_fields.keys() - {"document_id"}
    key = KEYS[loop.source]
    good = {str(one[key]): one for one in map(DOCUMENTS[job], range(1, 6))}
    bad = garbage.spoil(DOCUMENTS[job](1), key)
    oversize = {**DOCUMENTS[job](1), key: "oversize", "chart": CHART}
    reasons = {f"{loop.source}/{name}": reason.value for name, _, reason in bad}
    reasons[f"{loop.source}/oversize"] = "TOO_LARGE"
    seed(stack, tmp_path, loop.source, {**good, "oversize": oversize, **{name: fields for name, fields, _ in bad}})

    record = stack.run(job)

    assert (record.status, record.error) == (Status.PARTIAL, None)
    assert (record.counts.archived, record.counts.quarantined) == (5, len(reasons))
    assert record.rejects_by_reason == {code: [*reasons.values()].count(code) for code in set(reasons.values())}
    promises = Promises(stack, job)
    promises.assert_kept(reasons)
    for one in promises.quarantine:
        assert {"field", "code", "message"} == set().union(*one["errors"])
        assert not one["payload_truncated"]
        assert "about a quarter" not in json.dumps(one["errors"])


def test_a_quarantine_record_holds_the_whole_document(stack: LocalStack) -> None:
    fields = position(
        1, qty="NaN", note="exact", **{name: value for name, value in EVERYTHING.items() if name != "other"}
    )
    put(stack, "live_positions", fields, position(2, chart=CHART))
    stack.run("trades")
    kept = {one["path"]: one for one in Promises(stack).quarantine}
    payload = json.loads(kept["live_positions/position-0001"]["payload"])
    assert payload.pop("entry_time") == {"$timestamp": "2021-09-01T01:00:00Z"}
    assert payload.pop("bytes") == {"$bytes": "AP8="}
    assert payload.pop("place") == {"$geo": [47.1, 8.5]}
    assert payload.pop("not a number") == {"$double": "NaN"}
    assert payload.pop("when") == {"$timestamp": "2021-09-01T00:00:00Z"}
    assert payload == {name: fields[name] for name in payload}
    assert len(payload) + 5 == len(fields)
    assert json.loads(kept["live_positions/position-0002"]["payload"])["chart"] == CHART


def test_a_document_that_barely_fits_into_firestore_is_quarantined_with_what_fits(stack: LocalStack) -> None:
    put(stack, "live_positions", position(1, chart="#" * 1_040_000))
    record = stack.run("trades")
    assert (record.status, record.counts.quarantined) == (Status.PARTIAL, 1)
    (one,) = Promises(stack).quarantine
    assert (one["reason"], one["payload_truncated"], len(one["payload"])) == ("TOO_LARGE", True, 1_000_000)


def test_unknown_fields_of_any_type_are_kept_beside_the_row(stack: LocalStack, tmp_path: Path) -> None:
    seed(stack, tmp_path, "live_positions", {"position-0001": position(1, **EVERYTHING)})
    record = stack.run("trades")
    assert (record.status, record.drift) == (Status.SUCCEEDED, dict.fromkeys(EVERYTHING, 1))
    (row,) = read_table(stack)
    extra: dict[str, Any] = json.loads(row["source_extra"])
    assert extra.keys() == EVERYTHING.keys()
    assert extra["deep"] == EVERYTHING["deep"]
    assert extra["other"]["$ref"].endswith("/documents/live_positions/other")
    Promises(stack).assert_kept()


def test_names_of_any_kind_are_data_and_nothing_else(stack: LocalStack, tmp_path: Path) -> None:
    names = [
        "x'); DROP TABLE fact_trades; --",
        '"`\\',
        "@identities",
        "?",
        "日本",
        "e\u0301",
        "\u00e9",
        "\u202e",
        " ",
        "\x00",
        "\n",
    ]
    odd = [*names, "", ".", "..", "a/b", "__id__", "x" * 2000]
    documents = {
        f"{n}": position(1, position_id=f"{n}", signal_id=name, strategy_id=name) for n, name in enumerate(odd) if name
    }
    documents |= {name: position(1, position_id=name) for name in names}
    seed(stack, tmp_path, "live_positions", documents)
    assert stack.run("trades").counts.archived == len(documents)
    Promises(stack).assert_kept()
    put(stack, "live_positions", *(fields | {"exit_reason": name} for name, fields in documents.items()))
    assert stack.run("trades").counts.revised == len(documents)
    assert {row["trade_id"]: row["exit_reason"] for row in read_table(stack)} == {name: name for name in documents}
    Promises(stack).assert_kept()


def test_numbers_and_times_in_any_legal_form_make_the_same_row(stack: LocalStack, tmp_path: Path) -> None:
    forms = (
        (1, 100.0, START, "2021-09-01T03:00:00Z"),
        ("1.0", "1e2", "2021-09-01t02:00:00+02:00", "2021-09-01 03:00:00.000z"),
        (1.0, 100, "2021-08-31T20:00:00-04:00", "2021-09-01T03:00:00.000000000Z"),
    )
    names = ("qty", "entry_fill_price", "entry_time", "exit_time")
    documents = {
        f"p{number}": position(1, position_id=f"p{number}", **dict(zip(names, values, strict=True)))
        for number, values in enumerate(forms)
    }
    seed(stack, tmp_path, "live_positions", documents)
    assert stack.run("trades").counts.archived == 3
    own = {"trade_id", "source_path", "source_rev", "archived_at"}
    rows = [{name: value for name, value in row.items() if name not in own} for row in read_table(stack)]
    assert rows[0] == rows[1] == rows[2]


def test_a_cured_document_is_archived_by_the_next_run_and_its_record_resolved(
    stack: LocalStack, tmp_path: Path
) -> None:
    bad = {f"position-{number:04}": position(number, qty="NaN") for number in range(1, 5)}
    seed(stack, tmp_path, "live_positions", bad)
    stack.run("trades")
    first = {one["path"]: one for one in Promises(stack).quarantine}
    put(stack, "live_positions", position(1), position(2))

    record = stack.run("trades")

    assert (record.counts.archived, record.counts.quarantined) == (2, 2)
    promises = Promises(stack)
    promises.assert_kept({f"live_positions/position-{number:04}": "NOT_FINITE" for number in (3, 4)})
    assert len(promises.quarantine) == 4
    for one in promises.quarantine:
        before = first[one["path"]]
        if one["path"].endswith(("0001", "0002")):
            assert (one["resolved_by"], one["attempts"]) == (record.run_id, 1)
            assert one["resolved_at"] is not None
        else:
            assert (one["attempts"], one["run_id"]) == (2, record.run_id)
            assert one["last_seen"] > before["last_seen"]
        assert one["first_seen"] == before["first_seen"]


def test_an_archived_document_that_is_spoilt_later_keeps_its_row_until_it_is_cured(
    stack: LocalStack, tmp_path: Path
) -> None:
    seed(stack, tmp_path, "live_positions", {"position-0001": position(1)})
    stack.run("trades")
    before = read_table(stack)
    for attempts in (1, 2):
        put(stack, "live_positions", position(1, qty=-1))
        assert stack.run("trades").rejects_by_reason == {"NOT_POSITIVE": 1}
        assert read_table(stack) == before
        put(stack, "live_positions", position(1))
        assert stack.run("trades").counts.revised == 1
        promises = Promises(stack)
        promises.assert_kept()
        assert [one["attempts"] for one in promises.quarantine] == [attempts]
        before = read_table(stack)


def test_documents_stay_pending_while_the_quarantine_cannot_be_written(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    documents = {"position-0001": position(1)} | {f"bad-{n}": position(n, position_id="else") for n in range(3)}
    seed(stack, tmp_path, "live_positions", documents)
    wire.set(before=cut(moments.quarantines))
    record = wired.run("trades", RETRY_SECONDS="0.3")
    assert (record.status, record.counts.archived, record.counts.pending) == (Status.PARTIAL, 1, 3)
    assert (record.counts.quarantined, record.rejects_by_reason) == (0, {})
    promises = Promises(stack)
    assert (len(promises.rows), promises.quarantine) == (1, [])
    assert stack.run("trades").counts.quarantined == 3
    Promises(stack).assert_kept({f"live_positions/bad-{n}": "KEY_MISMATCH" for n in range(3)})
