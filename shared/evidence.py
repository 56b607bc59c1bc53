"""Fetch in bulk what a page of records wants: bars per symbol and window, orders per page, versions per strategy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

from google.cloud.bigquery import ArrayQueryParameter

from schemas.strategies import StrategyVersion
from shared import sql
from shared.account_states import AccountStates
from shared.broker import Broker
from shared.documents import Documents
from shared.loop import AccountState, Evidence, StrategyInterval, Wants
from shared.market import Market
from shared.order_search import OrderSearch
from shared.settings import Settings
from shared.signal_times import SignalTimes
from shared.warehouse import Warehouse, in_questions

MAX_BARS = 2_000_000
"""Bars remembered from page to page, 40 bytes each: two years of hours of 110 coins, 76 of a container's 512 MiB."""


class Gatherer:
    """Fetches evidence for one run and remembers it."""

    def __init__(
        self, settings: Settings, broker: Broker, documents: Documents, warehouse: Warehouse, closed_by: datetime
    ) -> None:
        """Fetch for a run that sees the market as of `closed_by`."""
        self._settings = settings
        self._signals = SignalTimes(documents)
        self._warehouse = warehouse
        self._market = Market(broker, settings.bar_timeframe, closed_by)
        self._search = OrderSearch(broker, self._market)
        self.accounts = AccountStates(broker, closed_by)
        self._strategies: dict[str, Sequence[StrategyInterval]] = {}

    def gather(self, wants: Sequence[Wants], read_time: datetime) -> Evidence:
        """Fetch what the records of one page want.

        Raises:
            BrokerError: The broker failed; nothing of the page may be written.
        """
        accounts = self._accounts(wants)
        self._market.load(window for want in wants for window in want.bars)
        self._search.load(wants)
        self._market.end_page(MAX_BARS)
        self._load_strategies({name for want in wants for name in want.strategies})
        return Evidence(
            settings=self._settings,
            market=self._market,
            orders=self._search.orders,
            strategies=self._strategies,
            signal_times=self._signals.of({name for want in wants for name in want.signals}, read_time),
            accounts=accounts,
            option_events=self._search.option_events,
        )

    def _load_strategies(self, names: set[str]) -> None:
        table = self._warehouse.table(StrategyVersion)
        for some in in_questions(sorted(names - self._strategies.keys())):
            parameter = ArrayQueryParameter("strategies", "STRING", some)
            self._strategies.update(intervals(self._warehouse.rows(sql.versions(table), [parameter])))
            self._strategies.update({name: () for name in some if name not in self._strategies})

    def _accounts(self, wants: Sequence[Wants]) -> dict[str, AccountState]:
        states = {want.account: self.accounts.state(want.account) for want in wants if want.account}
        self._market.load(
            window for want in wants if want.account for window in want.account_bars(states[want.account])
        )
        return states


def intervals(versions: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[StrategyInterval]]]:
    """Turn version rows, ordered by strategy and valid_from, into half-open intervals."""
    for name, rows in groupby(versions, key=lambda row: row["strategy_id"]):
        listed = list(rows)
        ends = [after["valid_from"] for _, after in pairwise(listed)] + [None]
        yield (
            name,
            [
                StrategyInterval(row["version"], row["config_hash"], row["valid_from"], end)
                for row, end in zip(listed, ends, strict=True)
            ],
        )
