"""Views held to their files: created, compared, and replaced when the file says something else."""

from collections.abc import Iterator

from google.cloud import bigquery

from schemas.views import View
from shared.retrying import ONCE
from shared.tables import Definitions, Difference


class Views(Definitions):
    """The views of one dataset."""

    def differences(self, view: View) -> list[Difference]:
        """Compare one view with its file. All but a table in its place can be put right: a view holds no data."""
        found = self._find(view.name)
        if found is None:
            return [Difference(view.name, "the view does not exist", additive=True)]
        if found.table_type != "VIEW":
            return [Difference(view.name, f"it is a {found.table_type}, and has the name of a view", additive=False)]
        return [Difference(view.name, what, additive=True) for what in self._compare(view, found)]

    def _compare(self, view: View, found: bigquery.Table) -> Iterator[str]:
        if found.view_query != view.query(self._dataset):
            yield "the query is not that of its file"
        if found.description != view.description:
            yield "the description is not that of its file"

    def apply(self, view: View) -> None:
        """Create the view, or make it what its file says. The tables it reads must exist."""
        wanted = bigquery.Table(f"{self._dataset}.{view.name}")
        wanted.view_query = view.query(self._dataset)
        wanted.description = view.description
        if self._find(view.name) is None:
            self._call(lambda: self._client.create_table(wanted, exists_ok=True, retry=ONCE, timeout=self._timeout))
        else:
            fields = ["view_query", "description"]
            self._call(lambda: self._client.update_table(wanted, fields, retry=ONCE, timeout=self._timeout))
