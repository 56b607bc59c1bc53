"""Executions of an account's orders, as fees need them. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from schemas.document import NUMERIC_LIMIT
from shared.activities import Activity, Refuse, UnreadableActivityError, effective, instant_or_none, raises
from shared.fees import Execution, Side
from shared.fills import finite
from shared.formulae import multiplier
from shared.pairs import asset_class_of, bare, pair
from shared.values import NEW_YORK

_DOLLARS = frozenset({"USD"})


@dataclass(frozen=True)
class BrokerExecution(Execution):
    """One execution of one order."""

    id: str
    account: str
    order_id: str
    symbol: str
    """Without the slash of a pair."""
    at: datetime

    @property
    def received(self) -> str:
        """The currency a crypto execution pays its fee in: what was received."""
        base, quote = pair(self.symbol)
        return base if self.side == "buy" else quote

    @property
    def in_dollars(self) -> bool:
        """Whether its price is in US dollars."""
        return pair(self.symbol)[1] in _DOLLARS


def executions(rows: Iterable[Activity], account: str, refuse: Refuse = raises) -> Iterator[BrokerExecution]:
    """Read FILL activities, each id once, busts and superseded ones left out.

    A row that states no order, side, price, quantity or time goes to `refuse`.
    """
    for row in effective(rows):
        if row.get("activity_type") == "FILL":
            try:
                yield _execution(row, account)
            except UnreadableActivityError as error:
                refuse(row, error)


def _execution(row: Activity, account: str) -> BrokerExecution:
    symbol, side = str(row.get("symbol") or ""), row.get("side")
    price, qty = finite(row.get("price")), finite(row.get("qty"))
    at = instant_or_none(row.get("transaction_time"))
    if side in ("sell_short", "sell"):
        side = "sell"
    nameless = side not in ("buy", "sell") or not row.get("order_id") or not symbol
    if nameless or at is None or not price or not qty or min(price, qty) < 0 or max(price, qty) >= NUMERIC_LIMIT:
        raise UnreadableActivityError(f"activity {row['id']}: a fill without order, symbol, side, price, qty or time")
    kind = asset_class_of(symbol)
    way: Side = "buy" if side == "buy" else "sell"
    day = at.date() if kind == "CRYPTO" else at.astimezone(NEW_YORK).date()
    units = multiplier(kind)
    return BrokerExecution(
        kind, way, day, price, qty, units, str(row["id"]), account, str(row["order_id"]), bare(symbol), at
    )
