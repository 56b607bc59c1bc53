"""The simulated servers against the real ones: the same history ends in the same rows, record by record."""

import json
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from infra.local.fixtures import write_broker
from jobs.registry import loops
from schemas.bigquery import columns
from schemas.run_record import RunRecord
from schemas.table import ArchivedRow
from shared.survey import Options
from tests.emulator.builders import KEYS, Fields, put, write_market
from tests.emulator.promises import read_table
from tests.simulation.scripts import SCRIPTS, TABLES, Told
from tests.simulation.world import Errand, World
from tests.stack import LocalStack

OF_THE_RUN = {
    "run_id",
    "revised_by",
    "revised_at",
    "archived_at",
    "git_hash",
    "source_rev",
    "valid_from",
    "fee_reconciled_at",
}
"""Columns that tell which run it was and when; a configuration's partition is the day it was written."""


class RealStage:
    """Google's emulator, bqemulator and the stand-in broker, over the wire."""

    def __init__(self, stack: LocalStack, directory: Path) -> None:
        self._stack = stack
        self._directories = (directory / str(number) for number in count(1))
        stack.seed(write_market(next(self._directories)))
        self.told: Told = []

    def put(self, collection: str, fields: Fields) -> None:
        put(self._stack, collection, fields)

    def delete(self, collection: str, name: str) -> None:
        self._stack.firestore.collection(collection).document(name).delete()

    def trade(self, listed: list[Fields], activities: list[Fields]) -> None:
        directory = next(self._directories)
        directory.mkdir(parents=True)
        write_broker(directory, {"orders": listed, "activities": activities})
        self._stack.seed(directory)

    def run(self, job: str, as_of: str) -> None:
        self.told.append(_told(self._stack.run(job, as_of)))

    def rows(self, job: str) -> list[dict[str, Any]]:
        return read_table(self._stack, job)


class SimulatedStage:
    """The same in this process."""

    def __init__(self) -> None:
        self.world = World(0)
        self.told: Told = []

    def put(self, collection: str, fields: Fields) -> None:
        self.world.put(collection, fields[KEYS[collection]], fields)

    def delete(self, collection: str, name: str) -> None:
        self.world.delete(collection, name)

    def trade(self, listed: list[Fields], activities: list[Fields]) -> None:
        self.world.venue.record(listed, activities)

    def run(self, job: str, as_of: str) -> None:
        # Time goes on, so that no two revisions and no two readings are of one moment.
        self.world.time.sleep(1)
        options = Options(as_of=datetime.fromisoformat(as_of), delete=True)
        (ended,) = self.world.run(Errand(job, options))
        assert ended.record is not None
        self.told.append(_told(ended.record))

    def rows(self, job: str) -> list[dict[str, Any]]:
        return self.world.dataset.rows(loops()[job].row.TABLE.name)


def _told(record: RunRecord) -> tuple[str, str, dict[str, Any], dict[str, int]]:
    return record.job, record.status.value, record.counts.model_dump(), dict(record.rejects_by_reason)


def _comparable(job: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    row: type[ArchivedRow] = loops()[job].row
    texts = {column.name for column in columns(row) if column.type == "JSON"}
    dropped = OF_THE_RUN | ({"ds"} if job == "strategies" else set())
    found = [
        {
            name: json.loads(value) if name in texts and value is not None else value
            for name, value in one.items()
            if name not in dropped
        }
        for one in rows
    ]
    return sorted(found, key=lambda one: str(sorted(one.items(), key=str)))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_history_ends_alike_in_the_simulation_and_on_real_servers(
    name: str, stack: LocalStack, tmp_path: Path
) -> None:
    real, simulated = RealStage(stack, tmp_path), SimulatedStage()

    SCRIPTS[name](real)
    SCRIPTS[name](simulated)

    assert simulated.told == real.told
    for job in TABLES[name]:
        assert _comparable(job, simulated.rows(job)) == _comparable(job, real.rows(job))
