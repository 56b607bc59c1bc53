import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pyarrow as pa
import pytest
from pydantic import Field

import schemas
from infra.generate import generated
from schemas.arrow import arrow_schema
from schemas.bigquery import MAX_DESCRIPTION, SchemaError, columns, table_definition
from schemas.columns import Json, Numeric, PatchedBy, Text
from schemas.dictionary import dictionary
from schemas.registry import TABLES, table_named
from schemas.table import PROVENANCE, ArchivedRow, Row, Table
from shared.tables import describe

PROJECT = Path(schemas.__file__).parent.parent
ARROW = {
    "STRING": pa.string(),
    "JSON": pa.string(),
    "NUMERIC": pa.decimal128(38, 9),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "DATE": pa.date32(),
    "BOOL": pa.bool_(),
    "INT64": pa.int64(),
}
every_table = pytest.mark.parametrize("row", TABLES, ids=lambda row: row.TABLE.name)


def layout(**changes: Any) -> Table:
    plain: dict[str, Any] = {"name": "things", "key": ("thing_id",), "cluster_by": ("thing_id",), "description": "-"}
    return Table(**{**plain, **changes})


class _Thing(Row):
    TABLE: ClassVar[Table] = layout()

    thing_id: Text
    """Key."""


def spoilt(annotation: Any, description: str | None = "A description.", **changes: Any) -> type[Row]:
    """A table with one more column, `extra`."""
    body = {
        "__annotations__": {"extra": annotation, "TABLE": ClassVar[Table]},
        "__module__": __name__,
        "TABLE": layout(**changes),
        "extra": Field(description=description),
    }
    return type("_Spoilt", (_Thing,), body)


def test_a_sound_table_has_its_columns_in_order() -> None:
    assert [(column.name, column.type, column.mode) for column in columns(_Thing)] == [
        ("ds", "DATE", "REQUIRED"),
        ("thing_id", "STRING", "REQUIRED"),
    ]


@pytest.mark.parametrize("annotation", [float, float | None, list[float], Annotated[float | None, Field(ge=0)]])
def test_a_float_is_refused_with_the_type_to_use_instead(annotation: Any) -> None:
    with pytest.raises(SchemaError, match=r"_Spoilt\.extra: float has no exact BigQuery type; use Decimal"):
        columns(spoilt(annotation))


@pytest.mark.parametrize(
    "annotation", [bytes, dict[str, str], complex, tuple[str, ...], Literal[1, 2], list[list[str]], set[str], object]
)
def test_a_type_without_an_exact_column_type_is_refused(annotation: Any) -> None:
    with pytest.raises(
        SchemaError, match=r"_Spoilt\.extra: .* has no exact BigQuery type; use one of schemas\.columns"
    ):
        columns(spoilt(annotation))


@pytest.mark.parametrize("annotation", [str | int, str | int | None])
def test_a_union_of_types_is_refused(annotation: Any) -> None:
    with pytest.raises(SchemaError, match=r"_Spoilt\.extra: .* has no exact BigQuery type"):
        columns(spoilt(annotation))


@pytest.mark.parametrize("description", [None, ""])
def test_a_column_without_a_description_is_refused(description: str | None) -> None:
    with pytest.raises(SchemaError, match=r"_Spoilt\.extra: no description; write a docstring under the field"):
        columns(spoilt(str, description))


def test_a_description_beyond_bigquerys_limit_is_refused() -> None:
    assert columns(spoilt(str, "x" * MAX_DESCRIPTION))[-1].description == "x" * MAX_DESCRIPTION
    with pytest.raises(SchemaError, match=r"_Spoilt\.extra: the description exceeds BigQuery's 1024 characters"):
        columns(spoilt(str, "x" * (MAX_DESCRIPTION + 1)))


@pytest.mark.parametrize("annotation", [str | None, list[str]])
def test_a_key_that_may_be_null_is_refused(annotation: Any) -> None:
    with pytest.raises(SchemaError, match="_Spoilt: key and partition columns are required, extra is not"):
        columns(spoilt(annotation, key=("thing_id", "extra")))


def test_a_key_that_is_no_column_is_refused() -> None:
    with pytest.raises(SchemaError, match="_Spoilt: key and partition columns are required, other is not"):
        columns(spoilt(str, key=("other",)))


def test_clustering_by_an_unknown_column_is_refused() -> None:
    with pytest.raises(SchemaError, match="_Spoilt: clusters by other, which is no column"):
        columns(spoilt(str, cluster_by=("thing_id", "other")))


@pytest.mark.parametrize(
    ("annotation", "kind", "mode"),
    [
        (Numeric, "NUMERIC", "REQUIRED"),
        (Numeric | None, "NUMERIC", "NULLABLE"),
        (Annotated[Numeric | None, PatchedBy("fee-patch")], "NUMERIC", "NULLABLE"),
        (Json, "JSON", "REQUIRED"),
        (Json | None, "JSON", "NULLABLE"),
        (Annotated[Json | None, PatchedBy("fee-patch")], "JSON", "NULLABLE"),
        (list[Text], "STRING", "REPEATED"),
        (list[Numeric], "NUMERIC", "REPEATED"),
        (Literal["A", "B"] | None, "STRING", "NULLABLE"),
        (Decimal, "NUMERIC", "REQUIRED"),
        (datetime, "TIMESTAMP", "REQUIRED"),
        (bool, "BOOL", "REQUIRED"),
        (int, "INT64", "REQUIRED"),
    ],
)
def test_each_way_to_write_a_type_has_one_column_type(annotation: Any, kind: str, mode: str) -> None:
    column = columns(spoilt(annotation))[-1]

    assert (column.type, column.mode) == (kind, mode)


def test_marks_and_closed_lists_reach_the_column() -> None:
    column = columns(spoilt(Annotated[Literal["A", "B"] | None, PatchedBy("fee-patch")]))[-1]

    assert (column.allowed, column.patched_by) == (("A", "B"), "fee-patch")


@every_table
def test_a_table_ends_with_its_provenance_and_has_each_field_once(row: type[ArchivedRow]) -> None:
    names = [column.name for column in columns(row)]

    assert names[0] == "ds"
    assert set(names[-len(PROVENANCE) :]) == PROVENANCE
    assert sorted(names) == sorted(row.model_fields)


@every_table
def test_every_artefact_tells_the_same_columns(row: type[ArchivedRow]) -> None:
    ours = [(column.name, column.type, column.mode, column.description) for column in columns(row)]
    bigquery = [(f.name, f.field_type, f.mode, f.description) for f in describe(row, "project.dataset").schema]
    definition = [(f["name"], f["type"], f["mode"], f["description"]) for f in table_definition(row)["schema"]]

    assert bigquery == definition == ours


@every_table
def test_every_column_has_its_arrow_type(row: type[ArchivedRow]) -> None:
    for column, field in zip(columns(row), arrow_schema(row), strict=True):
        repeated = column.mode == "REPEATED"
        item = field.type.value_type if repeated else field.type
        assert (field.name, item) == (column.name, ARROW[column.type])
        assert field.nullable == (column.mode == "NULLABLE")
        assert pa.types.is_list(field.type) == repeated
        assert not repeated or not field.type.value_field.nullable


@every_table
def test_every_table_is_laid_out_for_cheap_questions(row: type[ArchivedRow]) -> None:
    table, definition = describe(row, "project.dataset"), table_definition(row)
    types = {column.name: column.type for column in columns(row)}

    assert table.require_partition_filter is definition["require_partition_filter"] is True
    assert (table.time_partitioning.field, table.time_partitioning.type_) == ("ds", "DAY")
    assert (definition["partition_field"], definition["partition_type"]) == ("ds", "DAY")
    assert table.clustering_fields == definition["clustering"]
    assert 1 <= len(definition["clustering"]) <= 4
    assert {types[name] for name in definition["clustering"]} <= {"STRING", "DATE", "NUMERIC", "INT64", "TIMESTAMP"}
    assert definition["primary_key"] == list(row.TABLE.key)


@every_table
def test_the_data_dictionary_describes_every_column(row: type[ArchivedRow]) -> None:
    section = dictionary().split(f"## {row.TABLE.name}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]

    assert f"Key: `{', '.join(row.TABLE.key)}`" in section
    for column, line in zip(columns(row), lines, strict=True):
        kind = f"ARRAY<{column.type}>" if column.mode == "REPEATED" else column.type
        null = "yes" if column.mode == "NULLABLE" else "no"
        assert line.startswith(f"| `{column.name}` | {kind} | {null} | ")
        assert column.description.replace("|", "\\|") in line
        assert all(word in line for word in column.allowed)
        assert line.replace("\\|", "").count("|") == 5


@pytest.mark.parametrize("path", sorted(generated()))
def test_the_generated_files_are_fresh(path: str) -> None:
    file = PROJECT / path

    assert file.is_file(), f"{path} is missing; run `golden-thread schema docs`"
    assert file.read_text(encoding="utf-8") == generated()[path], f"{path} is stale; run `golden-thread schema docs`"


def test_the_generated_json_is_json_with_every_table() -> None:
    assert set(json.loads(generated()["infra/gcp/tables.json"])) == {row.TABLE.name for row in TABLES}


def test_a_table_is_found_by_name_and_an_unknown_name_lists_those_there_are() -> None:
    assert [table_named(row.TABLE.name) for row in TABLES] == list(TABLES)
    with pytest.raises(KeyError, match="no table trades; there are fact_trades, fact_rejected_signals"):
        table_named("trades")
