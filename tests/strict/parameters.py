"""Rules about query parameters.

Sources, below https://cloud.google.com/bigquery/docs/: reference/rest/v2/QueryParameter, quotas ("Query jobs": 10,000
parameters), reference/standard-sql/data-types ("Numeric types": NUMERIC holds 38 digits, 9 of them decimals, and knows
neither NaN nor infinity; "JSON type"), dml-syntax ("UPDATE/MERGE must match at most one source row").
"""

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson
from sqlglot import exp

from tests.strict.partition_filter import conjuncts
from tests.strict.refusal import Refusal

MAX_PARAMETERS = 10_000
_NUMERIC_SCALE = 9
_NUMERIC_LIMIT = Decimal(10) ** 29
_ALL_DIGITS = Context(prec=1000)

Json = Mapping[str, Any]


class Leaf(NamedTuple):
    """One scalar of a parameter."""

    name: str
    type: str
    value: str | None


def leaves(parameter: Json) -> Iterator[Leaf]:
    """List the scalars of one query parameter, arrays and structs taken apart."""
    yield from _scalars(str(parameter.get("name", "")), parameter["parameterType"], parameter["parameterValue"])


def _scalars(name: str, kind: Json, value: Json) -> Iterator[Leaf]:
    if kind["type"] == "ARRAY":
        for one in value.get("arrayValues") or ():
            yield from _scalars(name, kind["arrayType"], one)
    elif kind["type"] == "STRUCT":
        held = value.get("structValues") or {}
        for member in kind["structTypes"]:
            yield from _scalars(f"{name}.{member['name']}", member["type"], held.get(member["name"], {}))
    else:
        yield Leaf(name, kind["type"], value.get("value"))


def bad_parameters(parameters: list[Json]) -> Iterator[Refusal]:
    """Hold count and values to what the declared types can be."""
    if len(parameters) > MAX_PARAMETERS:
        yield Refusal("parameter count", f"Too many query parameters: {len(parameters)}", "invalidQuery")
    for leaf in (leaf for parameter in parameters for leaf in leaves(parameter)):
        if leaf.value is not None and not _fits(leaf.type, leaf.value):
            message = f"Invalid value for type {leaf.type} of parameter {leaf.name}: {leaf.value[:40]}"
            yield Refusal("parameter value", message, "invalidQuery")


def _fits(kind: str, value: str) -> bool:
    match kind:
        case "NUMERIC":
            return fits_numeric(value)
        case "INT64" | "INTEGER":
            return value.lstrip("-").isdecimal() and -(2**63) <= int(value) < 2**63
        case "JSON":
            return is_json(value)
        case _:
            return True


def fits_numeric(value: str) -> bool:
    """Whether NUMERIC holds a value exactly. BigQuery rounds excess decimals; here nothing is rounded unseen."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return False
    if not number.is_finite():
        return False
    exponent = number.normalize(_ALL_DIGITS).as_tuple().exponent
    return abs(number) < _NUMERIC_LIMIT and isinstance(exponent, int) and exponent >= -_NUMERIC_SCALE


def is_json(value: str) -> bool:
    """Whether a text is JSON by its standard, which has no NaN and no lone surrogates."""
    try:
        orjson.loads(value)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return False
    return True


def ambiguous_sources(statement: exp.Expr, parameters: list[Json]) -> Iterator[Refusal]:
    """Require that no two structs of an array could change the same row by UPDATE … FROM or MERGE.

    BigQuery refuses such a statement when two really match. The judge sees no rows: it refuses two structs that are
    equal in all fields that must equal a column.
    """
    by_name = {str(parameter.get("name")): parameter for parameter in parameters}
    for dml in statement.find_all(exp.Update, exp.Merge):
        for unnest in dml.find_all(exp.Unnest):
            source = unnest.find(exp.Parameter)
            if source is None or source.name not in by_name or not (alias := _alias(unnest)):
                continue
            fields = sorted(_matched(dml, alias))
            keys = [_key(one, fields) for one in by_name[source.name]["parameterValue"].get("arrayValues") or ()]
            if fields and len(set(keys)) < len(keys):
                message = "UPDATE/MERGE must match at most one source row for each target row"
                yield Refusal("ambiguous source", message, "invalidQuery")


def _alias(unnest: exp.Unnest) -> str:
    """Name an UNNEST, which BigQuery's dialect keeps with the column names."""
    alias = unnest.args.get("alias")
    return "" if alias is None else alias.name or next((column.name for column in alias.columns), "")


def _matched(dml: exp.Expr, alias: str) -> Iterator[str]:
    """Find the fields of the source that must equal a column of the target."""
    condition = dml.args.get("on") or (where.this if (where := dml.args.get("where")) else None)
    for part in conjuncts(condition) if condition else ():
        if isinstance(part, exp.EQ) and isinstance(part.left, exp.Column) and isinstance(part.right, exp.Column):
            yield from (side.name for side in (part.left, part.right) if side.table == alias)


def _key(struct: Json, fields: list[str]) -> tuple[Any, ...]:
    held = struct.get("structValues") or {}
    return tuple((held.get(name) or {}).get("value") for name in fields)
