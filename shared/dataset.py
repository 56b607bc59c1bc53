"""Everything that a dataset is to hold: the tables, and the views that read them."""

from google.cloud import bigquery

from schemas.registry import TABLES
from schemas.views import VIEWS
from shared.settings import Settings
from shared.tables import Difference, Tables
from shared.views import Views


class Dataset:
    """The dataset that the settings name."""

    def __init__(self, client: bigquery.Client, settings: Settings) -> None:
        """Look at it through `client`."""
        self._tables = Tables(client, settings)
        self._views = Views(client, settings)

    def require_environment(self) -> None:
        """Make sure that the dataset is of the environment that the settings are of.

        Raises:
            MixedEnvironmentsError: It bears the label of another one.
        """
        self._tables.require_environment()

    def differences(self) -> list[Difference]:
        """Compare all tables with their models and all views with their files."""
        tables = [one for row in TABLES for one in self._tables.differences(row)]
        return tables + [one for view in VIEWS for one in self._views.differences(view)]

    def apply(self) -> None:
        """Create what is missing, add nullable columns, replace views. What needs more than that is left alone."""
        for row in TABLES:
            if _is_additive(self._tables.differences(row)):
                self._tables.apply(row)
        for view in VIEWS:
            if _is_additive(self._views.differences(view)):
                self._views.apply(view)

    def hold(self) -> None:
        """Make sure that all tables fit their models, as a run does of its own, and that the views are there.

        Raises:
            SchemaDriftError: A table does not, and the settings do not allow to add what is missing.
        """
        for row in TABLES:
            self._tables.hold(row)
        for view in VIEWS:
            if _is_additive(self._views.differences(view)):
                self._views.apply(view)


def _is_additive(found: list[Difference]) -> bool:
    return bool(found) and all(one.additive for one in found)
