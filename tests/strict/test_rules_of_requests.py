"""What the judge refuses, and what it lets through, request by request."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from google.cloud import bigquery

from jobs.fee_patch import PATCH as FEES
from schemas.trades import Trade
from shared.evidence import Gatherer
from shared.loop import Wants
from shared.settings import load
from shared.stream import MAX_REQUEST as APPENDED
from shared.warehouse import MAX_KEY_BYTES, MAX_KEYS, MAX_PATCHES, MAX_REVISION_BYTES, Warehouse, key_bytes
from tests.strict import appends, parameters
from tests.strict.judge import MAX_REQUEST, STREAMED_FOR_S, Judge
from tests.strict.tables import Clock, judge, query

_JOBS = "/bigquery/v2/projects/p/jobs"
_INSERT = "/bigquery/v2/projects/p/datasets/d/tables/facts/insertAll"


def _rule(body: dict[str, Any], path: str = _JOBS, by: Judge | None = None) -> str | None:
    """The rule that refuses a request."""
    refusal = (by or judge()).rest("POST", path, json.dumps(body).encode())
    return refusal.rule if refusal else None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT k FROM facts WHERE ds = '2021-01-01'",
        "SELECT k FROM facts WHERE ds >= DATE '0001-01-01' AND k IN UNNEST(@keys)",
        "SELECT k FROM facts AS t WHERE (t.ds BETWEEN '2021-01-01' AND CURRENT_DATE() AND t.k = 'a')",
        "SELECT k FROM `p.d.facts` WHERE DATE '2021-01-01' <= facts.ds",
        "SELECT k FROM facts WHERE ds IN (DATE '2021-01-01', @day) OR ds > '2022-01-01'",
        "SELECT k FROM facts WHERE ds IN UNNEST(@days)",
        "UPDATE facts AS t SET amount = r.amount FROM UNNEST(@rows) AS r WHERE t.ds IN ('2021-01-01') AND t.k = r.k",
        "DELETE FROM facts WHERE ds < '2021-01-01'",
        "MERGE facts AS t USING UNNEST(@rows) AS r ON t.ds = '2021-01-01' AND t.k = r.k WHEN MATCHED THEN DELETE",
        "INSERT INTO facts (ds, k) SELECT ds, k FROM loose",
        "WITH facts AS (SELECT 1 AS k) SELECT k FROM facts",
        "SELECT k FROM loose",
        "ALTER TABLE facts ADD COLUMN more STRING",
        "SELECT 1 AS x",
        "this is not SQL and is the emulator's to refuse",
    ],
)
def test_it_lets_through(sql: str) -> None:
    assert _rule(query(sql)) is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT k FROM facts",
        "SELECT k FROM facts WHERE k = 'a'",
        "SELECT k FROM facts WHERE ds = '2021-01-01' OR k = 'a'",
        "SELECT k FROM facts WHERE ds = (SELECT MAX(ds) FROM loose)",
        "SELECT k FROM facts WHERE FORMAT_DATE('%Y', ds) = '2021'",
        "SELECT k FROM facts WHERE ds <> '2021-01-01'",
        "SELECT k FROM facts WHERE ds = ds",
        "SELECT k FROM facts AS t JOIN loose AS o ON t.k = o.k WHERE o.ds = '2021-01-01'",
        "SELECT k FROM loose WHERE ds = '2021-01-01' AND k IN (SELECT k FROM facts)",
        "SELECT k FROM (SELECT k, ds FROM facts) WHERE ds = '2021-01-01'",
        "WITH x AS (SELECT k FROM facts) SELECT k FROM x",
        "UPDATE facts SET amount = 1 WHERE k = 'a'",
        "UPDATE loose AS t SET amount = 1 FROM facts AS f WHERE t.k = f.k AND t.ds = '2021-01-01'",
        "DELETE FROM facts WHERE true",
        "MERGE facts AS t USING UNNEST(@rows) AS r ON t.k = r.k WHEN MATCHED THEN DELETE",
        "INSERT INTO loose (k) SELECT k FROM facts",
        "CREATE TABLE other AS SELECT k FROM facts",
        "SELECT 1 AS x; SELECT k FROM facts",
    ],
)
def test_every_partitioned_table_needs_a_filter_that_prunes(sql: str) -> None:
    assert _rule(query(sql)) == "partition filter"


@pytest.mark.parametrize("sql", ["UPDATE loose SET amount = 1", "DELETE FROM loose"])
def test_an_update_or_delete_needs_a_where(sql: str) -> None:
    assert _rule(query(sql)) == "no where"


@pytest.mark.parametrize(
    ("kind", "value", "refused"),
    [
        ("NUMERIC", Decimal("12345678901234567890123456789.123456789"), False),
        ("NUMERIC", Decimal("-0.000000001"), False),
        ("NUMERIC", Decimal("1E+3"), False),
        ("NUMERIC", Decimal("0.0000000001"), True),
        ("NUMERIC", Decimal("1E+29"), True),
        ("NUMERIC", Decimal("NaN"), True),
        ("NUMERIC", Decimal("Infinity"), True),
        ("INT64", 2**63 - 1, False),
        ("INT64", 2**63, True),
        ("STRING", "NaN", False),
    ],
)
def test_a_parameter_must_fit_its_type(kind: str, value: Any, refused: bool) -> None:  # noqa: FBT001 - a column of the table
    asked = query("SELECT @x AS x", bigquery.ScalarQueryParameter("x", kind, value))
    assert _rule(asked) == ("parameter value" if refused else None)


def test_a_number_that_json_lacks_is_refused_in_a_json_parameter() -> None:
    bad: Any = {"a": float("nan")}  # the client encodes it, whatever its annotation says
    assert _rule(query("SELECT @x AS x", bigquery.ScalarQueryParameter("x", "JSON", bad))) == "parameter value"


def test_values_are_looked_at_inside_arrays_of_structs() -> None:
    good, bad = (
        bigquery.StructQueryParameter(
            None,
            bigquery.ScalarQueryParameter("k", "STRING", key),
            bigquery.ScalarQueryParameter("amount", "NUMERIC", amount),
        )
        for key, amount in (("a", Decimal(1)), ("b", Decimal("NaN")))
    )
    assert _rule(query("SELECT 1 AS x", bigquery.ArrayQueryParameter("rows", "STRUCT", [good]))) is None
    assert _rule(query("SELECT 1 AS x", bigquery.ArrayQueryParameter("rows", "STRUCT", [good, bad]))) == (
        "parameter value"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE facts AS t SET amount = 1 FROM UNNEST(@rows) AS r WHERE t.ds = '2021-01-01' AND t.k = r.k",
        "MERGE facts AS t USING UNNEST(@rows) AS r ON t.ds = '2021-01-01' AND t.k = r.k WHEN MATCHED THEN DELETE",
    ],
)
def test_two_sources_for_one_row_are_refused(sql: str) -> None:
    def rows(*keys: str) -> bigquery.ArrayQueryParameter:
        structs = [
            bigquery.StructQueryParameter(None, bigquery.ScalarQueryParameter("k", "STRING", key)) for key in keys
        ]
        return bigquery.ArrayQueryParameter("rows", "STRUCT", structs)

    assert _rule(query(sql, rows("a", "b"))) is None
    assert _rule(query(sql, rows("a", "b", "a"))) == "ambiguous source"


def test_a_job_id_is_good_for_one_job() -> None:
    bench = judge()
    job = query("SELECT 1 AS x") | {"jobReference": {"jobId": "one"}}
    assert _rule(job, by=bench) is None
    assert _rule(job, by=bench) == "job id"
    assert not bench.noted[0].blamed  # a request sent twice is nobody's mistake
    assert _rule(job | {"jobReference": {"jobId": "two"}}, by=bench) is None


def test_a_dry_run_uses_no_job_id_up() -> None:
    bench = judge()
    job = query("SELECT 1 AS x") | {"jobReference": {"jobId": "one"}}
    job["configuration"]["dryRun"] = True
    assert [_rule(job, by=bench) for _ in range(2)] == [None, None]


def test_sql_that_does_not_say_which_it_is_would_be_legacy_sql() -> None:
    asked = query("SELECT 1 AS x")
    del asked["configuration"]["query"]["useLegacySql"]
    assert _rule(asked) == "legacy SQL"


def test_sizes_are_limited() -> None:
    assert _rule(query(f"SELECT '{'x' * 1024 * 1024}' AS x")) == "query text"
    assert _rule({"configuration": {}, "labels": "x" * MAX_REQUEST}) == "request size"
    many = [bigquery.ScalarQueryParameter(f"p{number}", "BOOL", value=True) for number in range(10_001)]
    assert _rule(query("SELECT 1 AS x", *many)) == "parameter count"


def test_the_product_keeps_a_distance_from_the_limits() -> None:
    assert APPENDED < appends.MAX_REQUEST
    assert 2 * MAX_REVISION_BYTES <= MAX_REQUEST
    assert MAX_KEY_BYTES < MAX_REQUEST
    assert MAX_KEYS <= parameters.MAX_PARAMETERS


@pytest.mark.parametrize("letter", ["a", "\x00", "\\", "é", "語", "😀"])
def test_keys_are_never_longer_in_a_request_than_they_are_counted(letter: str) -> None:
    keys = [letter * length for length in (1, 10, 375)]
    sent = query("SELECT 1 AS x", bigquery.ArrayQueryParameter("keys", "STRING", keys))
    without = query("SELECT 1 AS x", bigquery.ArrayQueryParameter("keys", "STRING", []))
    assert len(json.dumps(sent)) - len(json.dumps(without)) <= sum(map(key_bytes, keys))


class Requests:
    """What `Warehouse` calls of BigQuery's client: it keeps what is sent, and answers nothing."""

    total_bytes_billed = 0

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[Any]]] = []

    def query(self, statement: str, *, job_config: bigquery.QueryJobConfig, **_: Any) -> "Requests":
        self.sent.append((statement, job_config.query_parameters))
        return self

    def result(self, **_: Any) -> list[Any]:
        return []

    @property
    def sizes(self) -> list[int]:
        return [len(json.dumps(query(statement, *parameters))) for statement, parameters in self.sent]


@pytest.fixture
def requests() -> Requests:
    return Requests()


@pytest.fixture
def warehouse(requests: Requests) -> Warehouse:
    client: Any = requests
    return Warehouse(client, SETTINGS)


SETTINGS = load({"GOOGLE_CLOUD_PROJECT": "project"})
LAST = datetime.max.replace(tzinfo=UTC)
LENGTHS = pytest.mark.parametrize(("letter", "length"), [("a", 1), ("a", 1480), ("\x00", 1480), ("語", 490)])


@LENGTHS
def test_patches_of_rows_with_the_longest_keys_fit_requests(
    warehouse: Warehouse, requests: Requests, letter: str, length: int
) -> None:
    columns_set = (*FEES.columns, "fee_reconciled_at")
    number = Decimal("-99999999999999999999999999999.999999999")
    values = {**dict.fromkeys(columns_set, number), "fee_method": "NONE_POSTED", "fee_tier": 8, "fee_finalized": False}
    values["fee_reconciled_at"] = LAST
    ids = [f"{letter * length}{n}" for n in range(MAX_PATCHES)]
    partial: Any = Trade.model_construct
    rows = [partial(trade_id=one, source_rev=LAST, ds=LAST.date()) for one in ids]

    warehouse.patch(Trade, columns_set, [(one, values) for one in rows])

    assert max(requests.sizes) <= MAX_REQUEST
    sent = [struct.struct_values["trade_id"] for _, (parameter,) in requests.sent for struct in parameter.values]
    assert sent == ids


@LENGTHS
def test_questions_about_strategies_with_the_longest_names_fit_requests(
    warehouse: Warehouse, requests: Requests, letter: str, length: int
) -> None:
    unused: Any = None
    gatherer = Gatherer(SETTINGS, unused, unused, warehouse, LAST)
    names = [f"{letter * length}{n}" for n in range(2500)]

    evidence = gatherer.gather([Wants(strategies=(name,)) for name in names], LAST)

    assert max(requests.sizes) <= MAX_REQUEST
    assert sorted(one for _, (parameter,) in requests.sent for one in parameter.values) == sorted(names)
    assert dict(evidence.strategies) == dict.fromkeys(names, ())


@pytest.mark.parametrize("body", [b'{"x": NaN}', b'{"x": "\\ud800"}', b"{"])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    refusal = judge().rest("PATCH", "/bigquery/v2/projects/p/datasets/d/tables/facts", body)
    assert refusal is not None
    assert refusal.rule == "request JSON"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"colour": "red"}, "no such field: colour."),
        ({"k": None}, "Missing required field: k."),
        ({"amount": "NaN"}, "Invalid NUMERIC value: NaN"),
        ({"amount": 0.1}, "Invalid NUMERIC value: 0.1"),
        ({"ds": "1999-01-01"}, "Value 1999-01-01 for field ds is outside the allowed bounds for streaming"),
    ],
)
def test_one_bad_streamed_row_stops_all(changes: dict[str, Any], fault: str | None) -> None:
    good = {"ds": "2026-01-01", "k": "a", "amount": "0.1"}
    body = {"rows": [{"json": good}, {"json": good | changes}]}
    refusal = judge().rest("POST", _INSERT, json.dumps(body).encode())
    if fault is None:
        assert refusal is None
        return
    assert refusal is not None
    errors = [entry["errors"][0] for entry in refusal.body()["insertErrors"]]
    assert (refusal.status, [one["reason"] for one in errors]) == (200, ["stopped", "invalid"])
    assert errors[1]["message"] == fault


def test_streamed_rows_cannot_be_changed_for_half_an_hour() -> None:
    clock = Clock()
    bench = judge(clock)
    change = query("UPDATE facts SET amount = 1 WHERE ds = '2026-01-01'")
    assert _rule(change, by=bench) is None
    assert _rule({"rows": [{"json": {"ds": "2026-01-01", "k": "a"}}]}, _INSERT, bench) is None
    assert _rule(change, by=bench) == "streamed rows"
    assert _rule(query("SELECT k FROM facts WHERE ds = '2026-01-01'"), by=bench) is None
    clock.now += STREAMED_FOR_S
    assert _rule(change, by=bench) is None
