"""Fetch the state of the broker's accounts: positions, history, and the options held."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from shared.broker import Broker
from shared.broker_account import TradingAccount
from shared.loop import AccountState
from shared.settings import SettingsError
from shared.values import NEW_YORK

_BEFORE_ALPACA = "2015-01-01T00:00:00Z"


class AccountStates:
    """Reads the accounts of one run."""

    def __init__(self, broker: Broker, closed_by: datetime) -> None:
        """Read through `broker`, history up to `closed_by`."""
        self._broker = broker
        self._closed_by = closed_by
        self._accounts: dict[str, tuple[TradingAccount, Mapping[str, Any]]] = {}

    def accounts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each account's number and the account as the broker states it.

        Raises:
            SettingsError: Two pairs of keys open the same account.
            BrokerError: The broker failed.
        """
        for one in self._broker.accounts:
            stated = one.account()
            number = str(stated.get("account_number") or "")
            if number and number in self._accounts:
                other = self._accounts[number][0].name
                raise SettingsError(f"ALPACA_ACCOUNTS: {other} and {one.name} are the same account {number}")
            self._accounts[number] = one, stated
            yield number, stated

    def state(self, number: str) -> AccountState:
        """Read the state of an account that `accounts` has yielded."""
        account, stated = self._accounts[number]
        positions = account.positions()
        options = sorted({one["symbol"] for one in positions if one.get("asset_class") == "us_option"})
        created = datetime.fromisoformat(stated.get("created_at") or _BEFORE_ALPACA)
        contracts = ((symbol, account.option_contract(symbol)) for symbol in options)
        return AccountState(
            positions=positions,
            history=daily(account.portfolio_history(created.date(), self._closed_by)),
            option_snapshots=self._broker.option_snapshots(options) if options else {},
            option_contracts={symbol: contract for symbol, contract in contracts if contract is not None},
        )


def daily(history: Mapping[str, Any]) -> list[tuple[date, str]]:
    """Read Alpaca's daily portfolio history: stamps are 20:00 New York of the day; days without a value are skipped."""
    points = zip(history.get("timestamp") or (), history.get("equity") or (), strict=True)
    return [
        (datetime.fromtimestamp(stamp, NEW_YORK).date(), str(value)) for stamp, value in points if value is not None
    ]
