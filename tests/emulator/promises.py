"""The four promises, read off the stores: Valid, Once, Whole, Explained.

It asks Firestore and BigQuery itself; of the code under test it uses row models and names only.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from jobs.registry import loops
from schemas.bigquery import columns
from schemas.run_record import Counts
from schemas.table import ArchivedRow
from shared.loop import Origin
from tests.stack import LocalStack

ENDED_WELL = {"SUCCEEDED", "PARTIAL"}


class Promises:
    """What the stores of one test hold for one job."""

    def __init__(self, stack: LocalStack, job: str = "trades") -> None:
        """Read everything."""
        client = stack.firestore
        self._loop = loops()[job]
        self.rows = read_table(stack, job)
        found = client.collection(self._loop.source).stream() if self._loop.origin is Origin.FIRESTORE else ()
        self.documents = {one.reference.path: one for one in found}
        self.quarantine = [one.to_dict() or {} for one in client.collection("quarantine").stream()]
        self.runs = [one.to_dict() or {} for one in client.collection("job_metadata").stream()]
        self.lease = client.document(f"job_leases/{self._loop.row.TABLE.name}").get().to_dict() or {}

    def assert_kept(self, refused: Mapping[str, str] | None = None, orphans: Collection[str] = ()) -> None:
        """Hold all of them, and that nothing is under way.

        Args:
            refused: Path and reason of each document that must be in quarantine.
            orphans: Paths whose row must have outlived the closed position that it came from.
        """
        self.assert_valid()
        self.assert_once()
        self.assert_whole(refused or {}, orphans)
        self.assert_explained()
        self.assert_at_rest()

    def assert_valid(self) -> None:
        """Every row passes its schema."""
        for row in self.rows:
            self._loop.row.model_validate(row)

    def assert_once(self) -> None:
        """No key twice, no document refused twice."""
        keys = Counter(tuple(row[name] for name in self._loop.row.TABLE.key) for row in self.rows)
        assert [key for key, times in keys.items() if times > 1] == []
        assert len({one["path"] for one in self.quarantine}) == len(self.quarantine)

    def assert_whole(self, refused: Mapping[str, str], orphans: Collection[str]) -> None:
        """Every document is in the table at its newest revision, or in quarantine; nothing else is."""
        unresolved = {one["path"]: one["reason"] for one in self.quarantine if one["resolved_at"] is None}
        assert unresolved == refused
        wanted = {
            path: one.update_time
            for path, one in self.documents.items()
            if path not in refused and not self._loop.ignores(one.to_dict() or {})
        }
        held = {row["source_path"]: row["source_rev"] for row in self.rows}
        assert {path: rev for path, rev in held.items() if path not in orphans} == wanted
        assert held.keys() >= set(orphans)

    def assert_explained(self) -> None:
        """Every row names a run on record, and every run counted what it did."""
        written = Counter(row["run_id"] for row in self.rows)
        known = {run["run_id"] for run in self.runs}
        assert written.keys() <= known
        assert {row["revised_by"] for row in self.rows} <= {*known, None}
        for run in self.runs:
            if run["status"] in ENDED_WELL:
                assert Counts(**run["counts"]).balanced
                assert run["counts"]["archived"] == written[run["run_id"]]

    def assert_at_rest(self) -> None:
        """Nobody holds the lease, nothing waits for its commit, no run claims to be running."""
        assert (self.lease.get("owner"), self.lease.get("intent")) == (None, None)
        assert [run["run_id"] for run in self.runs if run["status"] == "RUNNING"] == []


def read_table(stack: LocalStack, job: str = "trades") -> list[dict[str, Any]]:
    """All rows of a job's table, JSON as text."""
    row: type[ArchivedRow] = loops()[job].row
    names = ", ".join(f"TO_JSON_STRING({c.name}) AS {c.name}" if c.type == "JSON" else c.name for c in columns(row))
    return stack.rows(f"SELECT {names} FROM {row.TABLE.name} WHERE ds >= '2000-01-01'")  # noqa: S608 - model names
