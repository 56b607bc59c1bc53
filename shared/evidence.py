"""Fetch in bulk what a page of records wants: bars per symbol and window, orders per page, versions per strategy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from google.cloud.bigquery import ArrayQueryParameter

from schemas.document import as_instant_or_none
from schemas.strategies import StrategyVersion
from shared import sql
from shared.broker import Broker
from shared.documents import Documents
from shared.fills import OrderBook
from shared.loop import AccountState, Evidence, StrategyInterval, Wants
from shared.market import Market, merged, uncovered
from shared.settings import Settings
from shared.warehouse import Warehouse

GOOD_TILL_CANCELLED = timedelta(days=91)
"""How long an order may wait for its fill: Alpaca ends open orders after 90 days."""
NEW_YORK = ZoneInfo("America/New_York")
_SIGNALS = "live_signals"


class Gatherer:
    """Fetches evidence for one run and remembers it."""

    def __init__(
        self, settings: Settings, broker: Broker, documents: Documents, warehouse: Warehouse, closed_by: datetime
    ) -> None:
        """Fetch for a run that sees the market as of `closed_by`."""
        self._settings = settings
        self._broker = broker
        self._documents = documents
        self._warehouse = warehouse
        self._closed_by = closed_by
        self._market = Market(broker, settings.bar_timeframe, closed_by)
        self._orders = OrderBook()
        self._orders_covered: list[tuple[datetime, datetime]] = []
        self._strategies: dict[str, Sequence[StrategyInterval]] = {}

    def gather(self, wants: Sequence[Wants], read_time: datetime) -> Evidence:
        """Fetch what the records of one page want.

        Raises:
            BrokerError: The broker failed; nothing of the page may be written.
        """
        account = self._account([want.account_bars for want in wants if want.account_bars])
        self._market.load(window for want in wants for window in want.bars)
        self._load_orders(wants)
        self._load_strategies({name for want in wants for name in want.strategies})
        return Evidence(
            settings=self._settings,
            market=self._market,
            orders=self._orders,
            strategies=self._strategies,
            signal_times=self._signal_times({name for want in wants for name in want.signals}, read_time),
            account=account,
        )

    def _load_orders(self, wants: Sequence[Wants]) -> None:
        """Sweep the time spans; where an order is still missing, sweep further back, as far as an order can wait."""
        spans = [want.orders for want in wants if want.orders]
        self._sweep(spans)
        late = [want for want in wants if want.orders and not all(self._orders.knows(key) for key in want.order_keys)]
        self._sweep([(want.orders[0] - GOOD_TILL_CANCELLED, want.orders[1]) for want in late if want.orders])

    def _sweep(self, spans: Iterable[tuple[datetime, datetime]]) -> None:
        for start, end in uncovered(merged(spans, timedelta(days=7)), self._orders_covered):
            for account in self._broker.accounts:
                self._orders.add(account.orders(start, end))
            self._orders_covered = merged([*self._orders_covered, (start, end)], timedelta(0))

    def _load_strategies(self, names: set[str]) -> None:
        if missing := sorted(names - self._strategies.keys()):
            table = self._warehouse.table(StrategyVersion)
            parameter = ArrayQueryParameter("strategies", "STRING", missing)
            self._strategies.update(intervals(self._warehouse.rows(sql.versions(table), [parameter])))
            self._strategies.update({name: () for name in missing if name not in self._strategies})

    def _signal_times(self, names: set[str], read_time: datetime) -> Mapping[str, datetime]:
        found = self._documents.fetch(_SIGNALS, sorted(names), ["created_at"], read_time) if names else {}
        times = ((name, as_instant_or_none(fields.get("created_at"))) for name, fields in found.items())
        return {name: when for name, when in times if when is not None}

    def _account(self, followers: Sequence[Callable[[AccountState], Iterable[Any]]]) -> AccountState | None:
        if not followers:
            return None
        account = self._broker.accounts[0]
        positions = account.positions()
        options = [one["symbol"] for one in positions if one.get("asset_class") == "us_option"]
        created = datetime.fromisoformat(account.account().get("created_at") or "2015-01-01T00:00:00Z")
        history = account.portfolio_history(created.date(), self._closed_by)
        state = AccountState(positions, daily(history), self._broker.option_snapshots(options) if options else {})
        self._market.load(window for follow in followers for window in follow(state))
        return state


def daily(history: Mapping[str, Any]) -> list[tuple[date, str]]:
    """Read Alpaca's daily portfolio history: stamps are 20:00 New York of the day; days without a value are skipped."""
    points = zip(history.get("timestamp") or (), history.get("equity") or (), strict=True)
    return [
        (datetime.fromtimestamp(stamp, NEW_YORK).date(), str(value)) for stamp, value in points if value is not None
    ]


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
