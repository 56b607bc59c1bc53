"""Orders placed to see whether the broker takes them: on paper only, far from the market, and cancelled at once."""

from collections.abc import Callable
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.broker_account import trading_client
from shared.broker_calls import BrokerError, Caller
from shared.environment import PAPER_URL
from shared.settings import BrokerAccount

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

_STAND_INS = frozenset({"127.0.0.1", "::1", "localhost"})
_SETTLING = ("canceled", "filled", "expired", "rejected")
_LOOKS = 25
"""How often an order that is being cancelled is looked at."""
_BETWEEN_S = 0.2


class LiveAccountError(Exception):
    """The account is not one of paper, and no order is placed there."""


def is_paper(access: BrokerAccount) -> bool:
    """Tell whether an account trades nothing real: at the paper host, or at a stand-in on this machine.

    Any other host is taken for a live one, for nobody says that it is not.
    """
    return access.base_url == PAPER_URL or urlsplit(access.base_url).hostname in _STAND_INS


class PaperOrders:
    """Places and cancels orders of one paper account."""

    def __init__(self, access: BrokerAccount, caller: Caller, pause: Callable[[float], None]) -> None:
        """Work on `access`, waiting with `pause`.

        Raises:
            LiveAccountError: It is not an account of paper.
        """
        if not is_paper(access):
            raise LiveAccountError(f"{access.base_url} is not the paper host; orders are placed there alone")
        self._access = access
        self._caller = caller
        self._pause = pause

    def place(self, symbol: str, name: str, price: Decimal, qty: Decimal) -> str:
        """Place a limit order to buy, under a name of ours, and return the broker's id of it. Sent once.

        Raises:
            BrokerError: The broker refused, or did not answer.
        """
        wanted = {"symbol": symbol, "side": "buy", "type": "limit", "time_in_force": "gtc", "client_order_id": name}
        path = "/orders"
        placed = self._caller.post(self._client, path, {**wanted, "limit_price": f"{price:f}", "qty": f"{qty:f}"})
        if placed.get("client_order_id") != name or not isinstance(placed.get("id"), str):
            raise BrokerError(path, 200, "answers with an order that is not the one sent")
        return str(placed["id"])

    def cancel(self, order_id: str) -> None:
        """Ask the broker to cancel an order.

        Raises:
            BrokerError: The broker refused, or did not answer.
        """
        self._caller.delete(self._client, f"/orders/{order_id}")

    def ended(self, order_id: str) -> dict[str, Any]:
        """Wait until an order is over, five seconds at most, and return it as it is then.

        Raises:
            BrokerError: The broker failed.
        """
        for _ in range(_LOOKS):
            order = self._caller.get(self._client, f"/orders/{order_id}", {})
            if order.get("status") in _SETTLING:
                break
            self._pause(_BETWEEN_S)
        return order

    def cancel_all(self, prefix: str) -> int:
        """Cancel what is open under names that begin with `prefix`; returns how many there were.

        Raises:
            BrokerError: The broker failed.
        """
        rows = self._caller.rows(self._client, "/orders", {"status": "open", "limit": 500})
        ours = [row["id"] for row in rows if str(row.get("client_order_id")).startswith(prefix)]
        for order_id in ours:
            self.cancel(order_id)
        return len(ours)

    @cached_property
    def _client(self) -> "RESTClient":
        return trading_client(self._access, self._caller)
