"""Every table of the dataset. A new table is one line here."""

from schemas.accounts import AccountSnapshot
from schemas.expired_signals import ExpiredSignal
from schemas.job_runs import JobRun
from schemas.rejected_signals import RejectedSignal
from schemas.strategies import StrategyVersion
from schemas.table import ArchivedRow
from schemas.trades import Trade

TABLES: tuple[type[ArchivedRow], ...] = (
    Trade,
    RejectedSignal,
    ExpiredSignal,
    AccountSnapshot,
    StrategyVersion,
    JobRun,
)


def table_named(name: str) -> type[ArchivedRow]:
    """Find a table by its BigQuery name.

    Raises:
        KeyError: No such table; the message lists those there are.
    """
    for row in TABLES:
        if row.TABLE.name == name:
            return row
    raise KeyError(f"no table {name}; there are {', '.join(row.TABLE.name for row in TABLES)}")
