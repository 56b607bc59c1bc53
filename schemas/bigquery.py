"""From a row model to columns: the one place that knows which type becomes which.

Everything derived from a table (BigQuery schema, Arrow schema, Terraform definitions, data dictionary) starts here,
so a type without an exact mapping or a column without a description fails before anything is generated.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from schemas.columns import JsonMark, PatchedBy, Since
from schemas.table import PROVENANCE, Row

MAX_DESCRIPTION = 1024
"""BigQuery's limit for a column description, characters."""

_TYPES: dict[object, str] = {
    str: "STRING",
    Decimal: "NUMERIC",
    datetime: "TIMESTAMP",
    date: "DATE",
    bool: "BOOL",
    int: "INT64",
}


class SchemaError(TypeError):
    """A model cannot be a table; the message names the model, the field and the cure."""


@dataclass(frozen=True)
class Column:
    """One column as BigQuery sees it."""

    name: str
    type: str
    """STRING, NUMERIC, TIMESTAMP, DATE, BOOL, INT64 or JSON."""
    mode: Literal["REQUIRED", "NULLABLE", "REPEATED"]
    description: str
    allowed: tuple[str, ...] = ()
    """The closed list of values, where there is one."""
    patched_by: str | None = None
    """The job that owns the column, where it is not the archival loop."""
    since: int = 1
    """The schema version that the column came with."""


@cache
def columns(row: type[Row]) -> tuple[Column, ...]:
    """List the columns of a table: its own in the order of the model, provenance last.

    Raises:
        SchemaError: A field has no description, no exact BigQuery type, or is a float.
    """
    fields = sorted(row.model_fields.items(), key=lambda item: item[0] in PROVENANCE)
    result = tuple(_column(f"{row.__name__}.{name}", name, info) for name, info in fields)
    _check_layout(row, {column.name: column for column in result})
    return result


def _column(where: str, name: str, info: FieldInfo) -> Column:
    marks: list[object] = list(info.metadata)
    inner, nullable = _without_none(info.annotation, marks)
    repeated = get_origin(inner) is list
    base = get_args(inner)[0] if repeated else inner
    return Column(
        name=name,
        type="JSON" if any(isinstance(mark, JsonMark) for mark in marks) else _type(where, base),
        mode="REPEATED" if repeated else "NULLABLE" if nullable else "REQUIRED",
        description=_description(where, info),
        allowed=get_args(base) if get_origin(base) is Literal else (),
        patched_by=next((mark.job for mark in marks if isinstance(mark, PatchedBy)), None),
        since=next((mark.version for mark in marks if isinstance(mark, Since)), 1),
    )


def _without_none(annotation: Any, marks: list[object]) -> tuple[Any, bool]:
    """Split `X | None`; annotations inside the union contribute their marks."""
    nullable = get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation)
    if nullable:
        # Of several arms a union remains, which has no type in BigQuery and is refused by name.
        annotation = Union[tuple(arm for arm in get_args(annotation) if arm is not NoneType)]  # noqa: UP007 - built, not written
    if hasattr(annotation, "__metadata__"):
        marks.extend(annotation.__metadata__)
        annotation = annotation.__origin__
    return annotation, nullable


def _type(where: str, base: Any) -> str:
    if hasattr(base, "__metadata__"):
        base = base.__origin__
    if get_origin(base) is Literal and all(isinstance(value, str) for value in get_args(base)):
        return "STRING"
    if base is float:
        raise SchemaError(f"{where}: float has no exact BigQuery type; use Decimal (schemas.columns.Numeric)")
    if base not in _TYPES:
        raise SchemaError(f"{where}: {base!r} has no exact BigQuery type; use one of schemas.columns")
    return _TYPES[base]


def _description(where: str, info: FieldInfo) -> str:
    if not info.description:
        raise SchemaError(f"{where}: no description; write a docstring under the field")
    text = " ".join(info.description.split())
    if len(text) > MAX_DESCRIPTION:
        raise SchemaError(f"{where}: the description exceeds BigQuery's {MAX_DESCRIPTION} characters")
    return text


def _check_layout(row: type[Row], known: dict[str, Column]) -> None:
    table = row.TABLE
    for name in (*table.key, "ds"):
        if name not in known or known[name].mode != "REQUIRED":
            raise SchemaError(f"{row.__name__}: key and partition columns are required, {name} is not")
    for name in table.cluster_by:
        if name not in known:
            raise SchemaError(f"{row.__name__}: clusters by {name}, which is no column")


def table_definition(row: type[Row]) -> dict[str, Any]:
    """Describe one table in the JSON shapes of the BigQuery API; Terraform and `schema apply` both read it."""
    table = row.TABLE
    return {
        "name": table.name,
        "description": table.description,
        "partition_field": "ds",
        "partition_type": "DAY",
        "require_partition_filter": True,
        "clustering": list(table.cluster_by),
        "primary_key": list(table.key),
        "schema": [
            {"name": c.name, "type": c.type, "mode": c.mode, "description": c.description} for c in columns(row)
        ],
    }
