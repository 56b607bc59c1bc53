"""What every table is: a strict row model with a key, a `ds` partition, clustering and provenance columns."""

from typing import Annotated, ClassVar, TypedDict

from pydantic import BaseModel, ConfigDict

from schemas.columns import Day, Instant, Json, Since, Text


class Table(BaseModel):
    """Name and physical layout of one BigQuery table. Partitioned by `ds` with a required filter, always."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    key: tuple[str, ...]
    cluster_by: tuple[str, ...]
    description: str
    patch_stamp: str | None = None
    """Column another job sets whenever it patches a row; a revision is guarded by it."""


class Provenance(TypedDict):
    """The columns that explain where a row comes from; the run supplies them, no job computes them."""

    source_path: str
    source_rev: Instant
    source_extra: str | None
    run_id: str
    revised_by: str | None
    revised_at: Instant | None
    git_hash: str
    schema_version: str
    archived_at: Instant


class Row(BaseModel):
    """Base of all tables. Strict: nothing is coerced, an undeclared column is an error."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    TABLE: ClassVar[Table]

    ds: Day
    """Partition: the UTC date that the table's description states."""


class ArchivedRow(Row):
    """A row with its provenance; every table of this project is one."""

    source_path: Text
    """Where the record came from: Firestore path of the document, or the broker endpoint."""
    source_rev: Instant
    """Revision of the source: update time of the Firestore document, or the time of the broker's answer."""
    source_extra: Json | None
    """Fields of the source that no schema knows, kept whole. NULL when there were none."""
    run_id: Text
    """The run that inserted the row. Written once, never updated."""
    revised_by: Text | None
    """The last run that revised the row. NULL until then."""
    revised_at: Annotated[Instant | None, Since(3)]
    """When the last revision was written, real time. NULL until then."""
    git_hash: Text
    """Commit of the code that computed the row's values."""
    schema_version: Text
    """Version of the schemas the row was validated with."""
    archived_at: Instant
    """When the row was first written, real time."""


PROVENANCE: frozenset[str] = frozenset(Provenance.__annotations__)
"""The provenance columns by name."""
