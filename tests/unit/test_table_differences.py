"""What a table may not have although its columns are called as they should be: limits on values, and an end.

The emulator knows neither, so these tables are as BigQuery's API describes them.
"""

from typing import Any

import pytest
from google.cloud import bigquery

from schemas.trades import Trade
from shared.settings import load
from shared.tables import SchemaDriftError, Tables, describe

DATASET = "some-project.trading"


class Answering:
    """A client to which every table is the same one."""

    def __init__(self, table: bigquery.Table) -> None:
        self._table = table

    def get_table(self, *_: Any, **__: Any) -> bigquery.Table:
        return self._table


def tables(**changes: Any) -> Tables:
    """The dataset whose `fact_trades` differs in this from what it should be."""
    body = {**describe(Trade, DATASET).to_api_repr(), **changes}
    client: Any = Answering(bigquery.Table.from_api_repr(body))
    return Tables(client, load({"GOOGLE_CLOUD_PROJECT": "some-project", "SCHEMA_CHANGES": "additive"}))


def with_limits(name: str, **limits: str) -> dict[str, Any]:
    """Put limits on one column."""
    fields = describe(Trade, DATASET).to_api_repr()["schema"]["fields"]
    return {"fields": [{**field, **limits} if field["name"] == name else field for field in fields]}


def test_a_table_as_it_is_described_has_no_difference() -> None:
    assert tables().differences(Trade) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"schema": with_limits("pnl_usd", precision="10", scale="2")},
            "column pnl_usd is NUMERIC(10, 2), the schema says NUMERIC without limits",
        ),
        (
            {"schema": with_limits("symbol", maxLength="8")},
            "column symbol is STRING(8), the schema says STRING without limits",
        ),
        (
            {"timePartitioning": {"type": "DAY", "field": "ds", "expirationMs": "5184000000"}},
            "the table's partitions expire after 60 days",
        ),
        ({"expirationTime": "1900000000000"}, "the table expires at 2030-03-17 17:46 UTC"),
    ],
)
def test_a_table_that_would_round_cut_or_lose_rows_stops_the_run(changes: dict[str, Any], said: str) -> None:
    found = tables(**changes)

    assert [(one.what, one.additive) for one in found.differences(Trade)] == [(said, False)]
    with pytest.raises(SchemaDriftError, match="Nothing was written"):
        found.hold(Trade)
