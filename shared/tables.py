"""Tables held to their models: created, compared, and changed by adding nullable columns only."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from schemas.bigquery import Column, columns
from schemas.table import ArchivedRow
from shared.environment import LABEL, MixedEnvironmentsError, mismatch
from shared.retrying import ONCE, persistently
from shared.settings import Settings

T = TypeVar("T")

_OLD_NAMES = {"BOOLEAN": "BOOL", "INTEGER": "INT64", "FLOAT": "FLOAT64"}
"""BigQuery answers with the legacy names."""
_DAY_MS = 86_400_000


class SchemaDriftError(Exception):
    """A table differs from its model; nothing was written."""


@dataclass(frozen=True)
class Difference:
    """One difference between a table and its model."""

    table: str
    what: str
    additive: bool
    """Whether `schema apply` may remove it: a missing table or a missing nullable column."""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.table}: {self.what}"


class Definitions:
    """What one dataset holds, by name."""

    def __init__(self, client: bigquery.Client, settings: Settings) -> None:
        """Look at the dataset that the settings name."""
        self._client = client
        self._settings = settings
        self._dataset = f"{settings.project}.{settings.dataset}"

    def _find(self, name: str) -> bigquery.Table | None:
        full_name = f"{self._dataset}.{name}"
        try:
            return self._call(lambda: self._client.get_table(full_name, retry=ONCE, timeout=self._timeout))
        except NotFound:
            return None

    @property
    def _timeout(self) -> float:
        return self._settings.call_timeout_s

    def _call(self, call: Callable[[], T]) -> T:
        return persistently(self._settings.retry_seconds, call)


class Tables(Definitions):
    """The tables of one dataset."""

    def require_environment(self) -> None:
        """Make sure that the dataset is of the environment that the settings are of, before anything else is done.

        Raises:
            MixedEnvironmentsError: It bears the label of another one.
        """
        settings = self._settings
        if settings.environment is None and settings.on_emulator:
            return  # a local stack belongs to no environment unless it is given one
        label = self._label()
        if why := mismatch(label, settings.environment, settings.accounts):
            raise MixedEnvironmentsError(
                f"dataset {self._dataset} is labelled {LABEL}={label}, but {why}. No record was moved."
            )

    def _label(self) -> str | None:
        found = self._found()
        label: str | None = found.labels.get(LABEL) if found else None
        return label

    def _found(self) -> bigquery.Dataset | None:
        try:
            return self._call(lambda: self._client.get_dataset(self._dataset, retry=ONCE, timeout=self._timeout))
        except NotFound:
            return None

    def exists(self, row: type[ArchivedRow]) -> bool:
        """Tell whether there is such a table, whatever its columns."""
        return self._find(row.TABLE.name) is not None

    def present(self, row: type[ArchivedRow]) -> frozenset[str] | None:
        """Name the columns that a table really has; None when there is no such table."""
        table = self._find(row.TABLE.name)
        return None if table is None else frozenset(field.name for field in table.schema)

    def differences(self, row: type[ArchivedRow]) -> list[Difference]:
        """Compare one table with its model."""
        table = self._find(row.TABLE.name)
        if table is None:
            return [Difference(row.TABLE.name, "the table does not exist", additive=True)]
        return [Difference(row.TABLE.name, what, additive) for what, additive in _compare(row, table)]

    def hold(self, row: type[ArchivedRow]) -> None:
        """Make sure that rows of the model fit the table, before the first write of a run.

        Raises:
            SchemaDriftError: They do not, and the settings do not allow to add what is missing.
        """
        found = self.differences(row)
        if found and all(one.additive for one in found) and self._settings.may_change_schema:
            self.apply(row)
        elif found:
            listed = "\n".join(f"  {one}" for one in found)
            raise SchemaDriftError(
                f"the table differs from its schema:\n{listed}\nNothing was written. `golden-thread schema apply` "
                "adds what is missing; anything else needs a migration by hand."
            )

    def apply(self, row: type[ArchivedRow]) -> None:
        """Create the table or add missing nullable columns. Never removes or changes anything."""
        table = self._find(row.TABLE.name)
        if table is None:
            self._create(row)
            return
        known = {field.name for field in table.schema}
        table.schema = [*table.schema, *(_field(c) for c in columns(row) if c.name not in known)]
        self._call(lambda: self._client.update_table(table, ["schema"], retry=ONCE, timeout=self._timeout))

    def _create(self, row: type[ArchivedRow]) -> None:
        # Who may make tables in a dataset may not always make datasets, and is refused even where it is there already.
        if self._found() is None:
            self._create_dataset()
        table = describe(row, self._dataset)
        self._call(lambda: self._client.create_table(table, exists_ok=True, retry=ONCE, timeout=self._timeout))

    def _create_dataset(self) -> None:
        dataset = bigquery.Dataset(self._dataset)
        dataset.location = self._settings.location
        if self._settings.environment:
            dataset.labels = {LABEL: self._settings.environment}
        self._call(lambda: self._client.create_dataset(dataset, exists_ok=True, retry=ONCE, timeout=self._timeout))


def describe(row: type[ArchivedRow], dataset: str) -> bigquery.Table:
    """Build the definition of a table as BigQuery's client takes it."""
    table = bigquery.Table(f"{dataset}.{row.TABLE.name}", schema=[_field(column) for column in columns(row)])
    table.description = row.TABLE.description
    table.time_partitioning = bigquery.TimePartitioning(type_=bigquery.TimePartitioningType.DAY, field="ds")
    table.require_partition_filter = True
    table.clustering_fields = list(row.TABLE.cluster_by)
    return table


def _field(column: Column) -> bigquery.SchemaField:
    return bigquery.SchemaField(column.name, column.type, mode=column.mode, description=column.description)


def _compare(row: type[ArchivedRow], table: bigquery.Table) -> Iterator[tuple[str, bool]]:
    yield from _compare_columns(row, table)
    yield from ((what, False) for what in _compare_layout(row, table))


def _compare_columns(row: type[ArchivedRow], table: bigquery.Table) -> Iterator[tuple[str, bool]]:
    actual = {field.name: field for field in table.schema}
    for column in columns(row):
        if (field := actual.pop(column.name, None)) is None:
            yield f"column {column.name} is missing ({column.type} {column.mode})", column.mode == "NULLABLE"
        elif (kind := _OLD_NAMES.get(field.field_type, field.field_type)) != column.type or field.mode != column.mode:
            yield f"column {column.name} is {kind} {field.mode}, the schema says {column.type} {column.mode}", False
        elif narrowed := _narrowed(field):
            yield f"column {column.name} is {kind}({narrowed}), the schema says {column.type} without limits", False
    for name in actual:
        yield f"column {name} is unknown to the schema", False


def _compare_layout(row: type[ArchivedRow], table: bigquery.Table) -> Iterator[str]:
    layout = table.time_partitioning
    if layout is None or layout.field != "ds" or layout.type_ != bigquery.TimePartitioningType.DAY:
        yield "the table is not partitioned by day of ds"
    elif layout.expiration_ms:
        yield f"the table's partitions expire after {layout.expiration_ms // _DAY_MS} days"
    if table.expires:
        yield f"the table expires at {table.expires:%Y-%m-%d %H:%M} UTC"
    if tuple(table.clustering_fields or ()) != row.TABLE.cluster_by:
        yield f"the table is not clustered by {', '.join(row.TABLE.cluster_by)}"
    if not table.require_partition_filter:
        yield "the table does not require a partition filter"


def _narrowed(field: bigquery.SchemaField) -> str:
    """Name the limits of a column that holds less than its type: NUMERIC(10, 2) rounds what is written into it."""
    limits = (field.precision, field.scale, field.max_length)
    return ", ".join(str(limit) for limit in limits if limit is not None)
