"""Fetch the state of the broker's accounts: positions, history, and the options held."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from schemas.columns import is_text
from shared.broker import Broker
from shared.broker_account import TradingAccount
from shared.broker_calls import BrokerError
from shared.loop import AccountState
from shared.occ import is_option
from shared.settings import SettingsError
from shared.values import NEW_YORK

MAX_NUMBER = 200
"""Characters of an account's number, which becomes part of a path."""
_BEFORE_ALPACA = "2015-01-01T00:00:00Z"


class AccountStates:
    """Reads the accounts of one run."""

    def __init__(self, broker: Broker, closed_by: datetime) -> None:
        """Read through `broker`, history up to `closed_by`."""
        self._broker = broker
        self._closed_by = closed_by
        self._accounts: dict[str, tuple[TradingAccount, Mapping[str, Any]]] = {}

    def stated(self, account: TradingAccount) -> tuple[str, dict[str, Any]]:
        """Read an account's number, and the account as the broker states it.

        Raises:
            SettingsError: Two pairs of keys open the same account.
            BrokerError: The broker failed.
        """
        stated = account.account()
        number = str(stated.get("account_number") or "")
        if not is_text(number) or len(number) > MAX_NUMBER or "/" in number:
            raise BrokerError("/account", HTTPStatus.OK, "answers with an account number that is none")
        if number and number in self._accounts:
            both = f"{self.name(number)} and {account.name}"
            raise SettingsError(f"ALPACA_ACCOUNTS: {both} are the same account {number}")
        self._accounts[number] = account, stated
        return number, stated

    def name(self, number: str) -> str:
        """Tell how the settings name an account that has been read."""
        return self._accounts[number][0].name

    def state(self, number: str) -> AccountState:
        """Read the state of an account whose number is known.

        Raises:
            BrokerError: The broker failed, or answers what cannot be read.
        """
        account, stated = self._accounts[number]
        positions = account.positions()
        options = _options(positions)
        contracts = ((symbol, account.option_contract(symbol)) for symbol in options)
        return AccountState(
            positions=positions,
            history=daily(account.portfolio_history(_created(stated), self._closed_by)),
            option_snapshots=self._broker.option_snapshots(options) if options else {},
            option_contracts={symbol: contract for symbol, contract in contracts if contract is not None},
        )


def daily(history: Mapping[str, Any]) -> list[tuple[date, str]]:
    """Read Alpaca's daily portfolio history: stamps are 20:00 New York of the day; days without a value are skipped.

    Raises:
        BrokerError: The answer is no history.
    """
    try:
        points = list(zip(history.get("timestamp") or (), history.get("equity") or (), strict=True))
        dated = [(datetime.fromtimestamp(stamp, NEW_YORK).date(), value) for stamp, value in points]
    except (TypeError, ValueError, OverflowError, OSError):
        raise BrokerError("/account/portfolio/history", HTTPStatus.OK, "answers with a history that is none") from None
    return [(day, str(value)) for day, value in dated if value is not None]


def _created(stated: Mapping[str, Any]) -> date:
    try:
        return datetime.fromisoformat(stated.get("created_at") or _BEFORE_ALPACA).date()
    except (TypeError, ValueError):
        raise BrokerError("/account", HTTPStatus.OK, "answers with a creation time that is none") from None


def _options(positions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the options among positions, each once."""
    symbols = [one.get("symbol") for one in positions if is_option(one)]
    known = {symbol for symbol in symbols if isinstance(symbol, str) and symbol and is_text(symbol)}
    if not all(isinstance(symbol, str) and symbol in known for symbol in symbols):
        raise BrokerError("/positions", HTTPStatus.OK, "answers with an option that has no symbol")
    return sorted(known)
