"""Tables for the judge's own tests: `facts`, partitioned by `ds` with a required filter, and `loose` without."""

from typing import Any

from tests.strict.definition import Definition, Field, TableName
from tests.strict.judge import Judge

FACTS = TableName("p", "d", "facts")
_FIELDS = (
    Field("ds", "DATE", "REQUIRED"),
    Field("k", "STRING", "REQUIRED"),
    Field("amount", "NUMERIC"),
    Field("moment", "TIMESTAMP"),
    Field("tags", "STRING", "REPEATED"),
)
_KNOWN = {
    FACTS: Definition(FACTS, _FIELDS, "ds", requires_filter=True),
    TableName("p", "d", "loose"): Definition(TableName("p", "d", "loose"), _FIELDS),
}
TABLE = _KNOWN[FACTS]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def judge(clock: Clock | None = None) -> Judge:
    return Judge(_KNOWN.get, clock or Clock())


def query(sql: str, *parameters: Any, **further: Any) -> dict[str, Any]:
    """The body of a query job."""
    asked = {
        "query": sql,
        "useLegacySql": False,
        "defaultDataset": {"projectId": "p", "datasetId": "d"},
        "queryParameters": [parameter.to_api_repr() for parameter in parameters],
        **further,
    }
    return {"configuration": {"query": asked}}
