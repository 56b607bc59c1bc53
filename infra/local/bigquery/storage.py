"""The DuckDB side: one thread owns the connection, no network, no copies for time travel."""

import threading

import duckdb
from bqemulator.catalog.models import SnapshotMeta
from bqemulator.domain.errors import InternalError
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.versioning.snapshots import SnapshotManager


class SingleThreadEngine(DuckDBEngine):
    """DuckDB for the thread that starts it, and for no other.

    The whole emulator shares one connection, and a connection serves one caller: a second thread hangs the process
    (DuckDB 1.5) or is refused with "connection is busy" (2.0). `turns` brings every caller to the event loop's thread;
    the check here makes one that it missed fail, where it would otherwise fail some of the time.
    """

    async def start(self) -> None:
        """Open the database for the calling thread."""
        self._owner = threading.get_ident()
        await super().start()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, done with its last statement.

        bqemulator reads one row of a count and goes on, which DuckDB 2 takes for a result still being read: it refuses
        to register the next rows to insert.

        Raises:
            InternalError: Another thread than the owner asks.
        """
        if threading.get_ident() != self._owner:
            raise InternalError("DuckDB used outside the thread that owns its connection; see infra/local/bigquery")
        connection = super().connection
        connection.complete()
        return connection

    def _load_spatial(self) -> None:
        """Do without the ``spatial`` extension: a download, for GEOGRAPHY, which no table here has."""


class NoTimeTravel(SnapshotManager):
    """Takes snapshots only when asked to; the stock manager copies the whole table on every write."""

    def capture(self, project_id: str, dataset_id: str, table_id: str, *, kind: str = "AUTO") -> SnapshotMeta | None:
        """Copy a table if its user asked for a copy."""
        return None if kind == "AUTO" else super().capture(project_id, dataset_id, table_id, kind=kind)
