"""Every SQL statement of the machine, built from table models.

Identifiers come from models and validated settings only, partition dates are literals so that BigQuery prunes,
and every value is a query parameter.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import date

from schemas.bigquery import Column, columns
from schemas.table import ArchivedRow
from shared.fingerprint import DIGITS

ALL_PARTITIONS = "ds >= DATE '0001-01-01'"
"""A filter on the partition column that keeps everything, where a question is about the whole table."""

INSERT_ONLY = frozenset({"run_id", "archived_at"})
"""Provenance that only the inserting run writes."""


def table_id(project: str, dataset: str, row: type[ArchivedRow]) -> str:
    """Quote the full name of a table."""
    return f"`{project}.{dataset}.{row.TABLE.name}`"


def stored(table: str, row: type[ArchivedRow]) -> str:
    """Ask which of @identities the table holds: key, partition and revision, over all partitions."""
    names = ", ".join(dict.fromkeys((*row.TABLE.key, "ds", "source_rev")))
    return f"SELECT {names} FROM {table} WHERE {ALL_PARTITIONS} AND {row.TABLE.key[0]} IN UNNEST(@identities)"


def rows_of(table: str, row: type[ArchivedRow], days: Iterable[date]) -> str:
    """Ask for whole rows of @identities in known partitions."""
    return f"{select_all(table, row)} WHERE {in_days(days)} AND {row.TABLE.key[0]} IN UNNEST(@identities)"


def in_order(table: str, row: type[ArchivedRow], present: Container[str], most: int, *, onwards: bool) -> str:
    """Ask for the next rows, over all partitions, in the order of the key; a column that is not present is NULL.

    From the start, or from @first on in the first key column. With a limit BigQuery keeps no more than that while it
    sorts; without one it sorts whole rows at one place, which a large table does not fit.
    """
    names = ", ".join(_read(column) if column.name in present else f"NULL AS {column.name}" for column in columns(row))
    where = f"{ALL_PARTITIONS} AND {row.TABLE.key[0]} >= @first" if onwards else ALL_PARTITIONS
    return f"SELECT {names} FROM {table} WHERE {where} ORDER BY {', '.join(row.TABLE.key)} LIMIT {most:d}"


def select_all(table: str, row: type[ArchivedRow]) -> str:
    """List every column; JSON as text, so that it comes back as it was written."""
    return f"SELECT {', '.join(map(_read, columns(row)))} FROM {table}"


def _read(column: Column) -> str:
    if column.type != "JSON":
        return column.name
    # Of a NULL it would make the text "null".
    return f"IF({column.name} IS NULL, NULL, TO_JSON_STRING({column.name})) AS {column.name}"


def whole_view(project: str, dataset: str, name: str) -> str:
    """Ask for every row of a view."""
    return f"SELECT * FROM `{project}.{dataset}.{name}` WHERE {ALL_PARTITIONS}"


def empty(table: str) -> str:
    """Delete every row of a table; for the check's own dataset, and no other."""
    return f"DELETE FROM {table} WHERE {ALL_PARTITIONS}"


def count_run(table: str) -> str:
    """Count the rows that @run_id inserted."""
    return f"SELECT COUNT(*) AS n FROM {table} WHERE {ALL_PARTITIONS} AND run_id = @run_id"


def fingerprint(table: str, row: type[ArchivedRow]) -> str:
    """Ask for the number of rows that @run_id inserted and their digest, as `shared.fingerprint` computes it."""
    text = f"CONCAT({row.TABLE.key[0]}, '/', CAST(UNIX_MICROS(source_rev) AS STRING))"
    digest = f"BIT_XOR(CAST(CONCAT('0x', SUBSTR(TO_HEX(SHA256({text})), 1, {DIGITS})) AS INT64))"
    return f"SELECT COUNT(*) AS n, {digest} AS digest FROM {table} WHERE {ALL_PARTITIONS} AND run_id = @run_id"


def versions(table: str) -> str:
    """Ask for the versions of @strategies, oldest first."""
    return (
        f"SELECT strategy_id, version, config_hash, valid_from FROM {table} "
        f"WHERE {ALL_PARTITIONS} AND strategy_id IN UNNEST(@strategies) ORDER BY strategy_id, valid_from"
    )


def in_days(days: Iterable[date]) -> str:
    """Restrict to partitions, by literals."""
    literals = ", ".join(f"DATE '{day.isoformat()}'" for day in sorted(set(days)))
    return f"ds IN ({literals})"


def revised_columns(row: type[ArchivedRow]) -> tuple[Column, ...]:
    """List the columns a revision writes: all but the key and what only the inserting run writes."""
    kept = {*row.TABLE.key, *INSERT_ONLY}
    return tuple(column for column in columns(row) if column.name not in kept)


def revise(table: str, row: type[ArchivedRow], days: Iterable[date]) -> str:
    """Overwrite older revisions by @rows. Guarded by revision, and by the patch stamp that the reviser saw."""
    assignments = ", ".join(f"{column.name} = {_value(column)}" for column in revised_columns(row))
    matches = [f"t.{in_days(days)}", *(f"t.{name} = r.{name}" for name in row.TABLE.key)]
    matches.append("t.source_rev < r.source_rev")
    if stamp := row.TABLE.patch_stamp:
        matches.append(f"t.{stamp} IS NOT DISTINCT FROM r.{seen(stamp)}")
    return f"UPDATE {table} AS t SET {assignments} FROM UNNEST(@rows) AS r WHERE {' AND '.join(matches)}"


def unsettled(table: str, row: type[ArchivedRow], done: str, again: date, days: tuple[date, date]) -> str:
    """Ask for the rows between two days that are not done with, and for all of them from day `again` on."""
    first, last, reopened = (f"DATE '{day.isoformat()}'" for day in (*days, again))
    within = f"ds >= {first} AND ds <= {last}"
    return f"{select_all(table, row)} WHERE {within} AND (NOT {done} OR ds >= {reopened})"


def held_since(table: str, row: type[ArchivedRow]) -> str:
    """Ask for key and revision of @identities that the table has held since before @before.

    Of a row that was revised before revisions were dated nobody knows since when it holds its revision.
    """
    names = ", ".join((*row.TABLE.key, "source_rev"))
    written = "IF(revised_by IS NULL, archived_at, revised_at)"
    held = f"{row.TABLE.key[0]} IN UNNEST(@identities) AND {written} < @before"
    return f"SELECT {names} FROM {table} WHERE {ALL_PARTITIONS} AND {held}"


def kin(table: str, row: type[ArchivedRow], shared: Sequence[str]) -> str:
    """Ask for the keys, partitions and revisions of rows that hold one of @shared in some columns."""
    names = ", ".join(dict.fromkeys((*row.TABLE.key, "ds", "source_rev")))
    holds = " OR ".join(f"{name} IN UNNEST(@shared)" for name in shared)
    return f"SELECT {names} FROM {table} WHERE {ALL_PARTITIONS} AND ({holds})"


def patch(table: str, row: type[ArchivedRow], columns_set: Sequence[str], days: Iterable[date]) -> str:
    """Set columns by @rows, the last of them the patch stamp.

    Guarded by the revision that the values were computed from, by the stamp (an older reading never overwrites a newer
    one), and by the values themselves: equal ones are not rewritten.
    """
    *values, stamp = columns_set
    assignments = ", ".join(f"{name} = r.{name}" for name in columns_set)
    differs = " OR ".join(f"t.{name} IS DISTINCT FROM r.{name}" for name in values)
    matches = [f"t.{in_days(days)}", *(f"t.{name} = r.{name}" for name in row.TABLE.key)]
    matches += ["t.source_rev = r.source_rev", f"(t.{stamp} IS NULL OR t.{stamp} < r.{stamp})", f"({differs})"]
    return f"UPDATE {table} AS t SET {assignments} FROM UNNEST(@rows) AS r WHERE {' AND '.join(matches)}"


def seen(column: str) -> str:
    """Name the parameter that carries what the reviser read in a column."""
    return f"seen_{column}"


def _value(column: Column) -> str:
    return f"PARSE_JSON(r.{column.name})" if column.type == "JSON" else f"r.{column.name}"
