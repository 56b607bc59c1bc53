"""NUMERIC with nine digits and parameters with the type they were declared with.

Stock: ``NUMERIC`` in CAST, DDL and literals becomes DuckDB's DECIMAL(18, 3), so 1.123456789 is 1.123. A parameter has
whatever type DuckDB infers from its value: JSON is a string, a struct field that is NULL in every row has none.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from bqemulator.sql import parameters
from sqlglot import exp
from sqlglot.dialects.dialect import build_default_decimal_type
from sqlglot.parsers.bigquery import BigQueryParser

from infra.local.bigquery.patching import replace

_DUCKDB_TYPES = {
    "BOOL": "BOOLEAN",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "FLOAT": "DOUBLE",
    "FLOAT64": "DOUBLE",
    "INT64": "BIGINT",
    "INTEGER": "BIGINT",
    "JSON": "JSON",
    "NUMERIC": "DECIMAL(38, 9)",
    "STRING": "VARCHAR",
    "TIMESTAMP": "TIMESTAMPTZ",
}


def install() -> None:
    """Give both back their types."""
    nine_digits = build_default_decimal_type(precision=38, scale=9)
    replace(BigQueryParser, "TYPE_CONVERTERS", lambda known: {**known, exp.DType.DECIMAL: nine_digits})
    replace(parameters, "_placeholder_for", lambda stock: partial(_placeholder, stock))


def _placeholder(stock: Callable[[Any, dict[str, Any]], str], value: Any, parameter: dict[str, Any]) -> str:
    declared = _duckdb_type(parameter.get("parameterType", {}))
    return f"CAST(? AS {declared})" if declared else stock(value, parameter)


def _duckdb_type(declared: dict[str, Any]) -> str | None:
    """The DuckDB type of a ``QueryParameterType``; None for those that the project does not use."""
    kind = str(declared.get("type", "")).upper()
    if kind == "ARRAY":
        element = _duckdb_type(declared["arrayType"])
        return f"{element}[]" if element else None
    if kind == "STRUCT":
        return _duckdb_struct(declared["structTypes"])
    return _DUCKDB_TYPES.get(kind)


def _duckdb_struct(members: list[dict[str, Any]]) -> str | None:
    types = [_duckdb_type(member["type"]) for member in members]
    if None in types:
        return None
    return "STRUCT(" + ", ".join(f'"{m["name"]}" {t}' for m, t in zip(members, types, strict=True)) + ")"
