"""A corner for synthetic records: other collections, another dataset, nothing of the real ones within reach.

Whatever a run derives from its settings (sources, leases, run records, quarantine, tables, views) lies in the corner
when it is given the corner's settings. Collections begin with MARK behind the environment's own prefix, in the database
of the books or in one named for it; the dataset ends in `_check`, which the settings hold it to.
"""

from collections.abc import Iterable

from schemas.registry import TABLES
from shared import sql
from shared.batching import batches
from shared.dataset import Dataset
from shared.lease import COLLECTION as LEASES
from shared.parts import Parts
from shared.quarantine import COLLECTION as QUARANTINE
from shared.retrying import documents_of, persistently
from shared.runs import COLLECTION as RUN_RECORDS
from shared.settings import Settings
from shared.tables import SchemaDriftError

MARK = "check_"
BOOKS = (RUN_RECORDS, QUARANTINE, LEASES)
GUARD = "thread"
"""The lease that keeps two checks apart. It alone outlives a check, for its fence must not begin anew."""
_AT_ONCE = 300


def corner(settings: Settings) -> Settings:
    """Derive the settings of the corner, where alone tables are made without Terraform."""
    home = settings.check_database or settings.bookkeeping_database
    return settings.model_copy(
        update={
            "dataset": settings.check_dataset or f"{settings.dataset}_check",
            "firestore_database": home,
            "firestore_bookkeeping_database": home,
            "collection_prefix": settings.collection_prefix + MARK,
            "schema_changes": "additive",
        }
    )


class Namespace:
    """What the corner holds, and how it is emptied."""

    def __init__(self, parts: Parts, sources: Iterable[str]) -> None:
        """Look after the corner that `parts` are connected to; `sources` are the collections written to there.

        Raises:
            ValueError: These are no corner's.
        """
        settings = parts.settings
        if not (settings.collection_prefix.endswith(MARK) and settings.dataset.endswith("_check")):
            raise ValueError(
                f"{settings.dataset} and {settings.collection_prefix}* are no corner: they stay as they are"
            )
        self._parts = parts
        self._collections = (*sources, *BOOKS)

    def furnish(self) -> None:
        """Make what tables and views are missing.

        Raises:
            SchemaDriftError: A table of an earlier version is there, which nothing can be added to.
        """
        dataset = Dataset(self._parts.warehouse.client, self._parts.settings)
        dataset.apply()
        if off := dataset.differences():
            raise SchemaDriftError("; ".join(map(str, off)))

    def clear(self) -> int:
        """Delete all documents, but for the guard, and all rows; returns how many documents there were."""
        deleted = sum(map(self._clear_collection, self._collections))
        warehouse = self._parts.warehouse
        for row in TABLES:
            warehouse.change(sql.empty(warehouse.table(row)))
        return deleted

    def _clear_collection(self, name: str) -> int:
        settings, client = self._parts.settings, self._parts.firestore
        query = client.collection(settings.collection(name)).select([])
        found = documents_of(query, settings.retry_seconds, settings.call_timeout_s)
        doomed = [one.reference for one in found if (name, one.id) != (LEASES, GUARD)]
        for some in batches(doomed, _AT_ONCE):
            batch = client.batch()
            for reference in some:
                batch.delete(reference)
            persistently(settings.retry_seconds, lambda: batch.commit(retry=None, timeout=settings.call_timeout_s))  # noqa: B023 - called before the next one is made
        return len(doomed)
