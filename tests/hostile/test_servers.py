"""Hostile documents through the real servers: each ends in the table or in quarantine, whole, and harms no other.

A failure ends with the command that replays its pages.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jobs.registry import loops
from schemas.reasons import Reason
from schemas.run_record import Status
from shared.values import decode_document
from tests.emulator.builders import DOCUMENTS, KEYS, write_market
from tests.emulator.promises import read_table
from tests.hostile import stored
from tests.hostile.documents import POSITIONS, page, raw
from tests.hostile.fuzz import PAGE
from tests.hostile.spelled import canonical, parsed, spelled
from tests.hostile.track import Track
from tests.hostile.values import Value
from tests.hostile.verdicts import copied, unknown
from tests.replay import replayed_by
from tests.stack import LocalStack

Histories = Callable[[int], int]
GOOD = range(1, 11)
REPLAY = "tests/hostile/test_servers.py"


def path_of(message: Any) -> str:
    return str(message.name.split("/documents/", 1)[1])


def replay(job: str, seeds: range) -> str:
    """The command that takes the same pages through the servers; alone they might not fail."""
    test = test_hostile_documents_end_in_the_table_or_in_quarantine.__name__
    return f"pytest '{REPLAY}::{test}[{job}]' --first-seed {seeds.start} --histories {len(seeds)}"


def assert_accounted_for(job: str, stack: LocalStack, directory: Path, seeds: range) -> None:
    """Run a job over the pages of some seeds and ten good documents, twice, and compare what the servers hold."""
    with replayed_by(replay(job, seeds)):
        _assert_accounted_for(job, stack, directory, seeds)


def _assert_accounted_for(job: str, stack: LocalStack, directory: Path, seeds: range) -> None:
    collection = loops()[job].source
    good = {f"good-{n}": raw(DOCUMENTS[job](n, **{KEYS[collection]: f"good-{n}"})) for n in GOOD}
    drawn = {name: fields for seed in seeds for name, fields in page(job, seed, PAGE).items()}
    stack.seed(write_market(directory, range(1, POSITIONS)))
    refused = stored.put(stack, collection, {**drawn, **good})
    assert len(refused) < len(drawn) / 10, refused
    messages = {path_of(one): one for one in stored.read(stack, collection)}
    assert messages.keys() == {f"{collection}/{name}" for name in {*drawn, *good} - {*refused}}

    record = stack.run(job)

    assert (record.error, record.status) == (None, Status.PARTIAL)
    rows = {row["source_path"]: row for row in read_table(stack, job)}
    rejects = {one["path"]: one for one in quarantine(stack)}
    assert rows.keys() >= {f"{collection}/{name}" for name in good}
    assert rows.keys() & rejects.keys() == set()
    track = Track(job)
    not_due = {path for path, one in messages.items() if track.judged(decode_document(one)) is None}
    assert {*rows, *rejects} == messages.keys() - not_due
    counts = record.counts
    assert (counts.archived, counts.quarantined, counts.not_due) == (len(rows), len(rejects), len(not_due))
    wrong = [f"{path!r}: {text}" for path, row in rows.items() for text in row_broken(messages[path], row, track)]
    wrong += [f"{path!r}: {text}" for path, one in rejects.items() for text in reject_broken(messages[path], one)]
    assert wrong == []
    again = stack.run(job)
    assert (again.error, again.counts.archived, again.counts.already) == (None, 0, len(rows))


def quarantine(stack: LocalStack) -> list[dict[str, Any]]:
    return [one.to_dict() or {} for one in stack.firestore.collection("quarantine").stream()]


def row_broken(message: Any, row: Mapping[str, Any], track: Track) -> list[str]:
    track.loop.row.model_validate(row)
    extra = parsed(row["source_extra"] or "{}")
    return [*copied(message, row), *unknown(message, extra, track.loop.document)]


def reject_broken(message: Any, record: Mapping[str, Any]) -> list[str]:
    whole = spelled(Value(map_value={"fields": message.fields}))
    kept = record["payload_truncated"] or canonical(parsed(record["payload"])) == canonical(whole)
    explained = record["reason"] in Reason.__members__ and record["errors"]
    return [
        text
        for text, holds in (("the payload is not the document", kept), ("no reason is given", explained))
        if not holds
    ]


@pytest.mark.parametrize("job", DOCUMENTS)
def test_hostile_documents_end_in_the_table_or_in_quarantine(
    job: str, stack: LocalStack, tmp_path: Path, seeds: Callable[[int], range]
) -> None:
    assert_accounted_for(job, stack, tmp_path, seeds(1))


def test_pages_that_are_not_accounted_for_come_with_the_command_that_replays_them(
    stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "put", lambda *_: ["every document"] * PAGE)

    with pytest.raises(AssertionError, match="every document") as broken:
        assert_accounted_for("trades", stack, tmp_path, range(1050, 1056))

    test = "test_hostile_documents_end_in_the_table_or_in_quarantine[trades]"
    assert broken.value.__notes__ == [f"replay: pytest '{REPLAY}::{test}' --first-seed 1050 --histories 6"]


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(1000, 1600, 50))
@pytest.mark.parametrize("job", DOCUMENTS)
def test_twenty_thousand_hostile_documents_end_in_the_table_or_in_quarantine(
    job: str, first: int, stack: LocalStack, tmp_path: Path, histories: Histories
) -> None:
    assert_accounted_for(job, stack, tmp_path, range(first, first + histories(6)))
