"""One way in which the local BigQuery is not BigQuery."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import GoogleAPICallError

from tests.emulator.facts_table import FactsTable

DOCS = "https://cloud.google.com/bigquery/docs/"


@dataclass(frozen=True)
class Divergence:
    """What BigQuery does, what the emulator does today, and what is done about it."""

    bigquery: str
    """What BigQuery does, in a sentence."""
    source: str
    """Where that is said, below DOCS or in full."""
    act: Callable[[FactsTable], Any]
    """Does it, and returns what can be seen of it."""
    today: Any
    """What is seen on the emulator, or the code of the error. An upgrade that changes this fails the test."""
    strict: Any = None
    """What is seen with the judge inside: what BigQuery does."""
    uncovered: str = ""
    """Why no rule covers it."""

    def __str__(self) -> str:
        return self.bigquery

    def seen(self, table: FactsTable) -> Any:
        """Do it and tell what came of it."""
        try:
            return self.act(table)
        except GoogleAPICallError as error:
            return error.code
