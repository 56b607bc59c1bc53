"""An account, a page: the accounts of a run are read one by one, and one that fails costs the others nothing.

What is held at the end of a day cannot be read later, so a snapshot of some accounts beats one of none.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol, TypeVar

from schemas.run_record import RunRecord
from shared.account_states import AccountStates
from shared.broker_calls import BrokerError
from shared.log import Severity
from shared.loop import Loop
from shared.parts import Parts
from shared.values import RawDocument


class _FromSource(Protocol):
    @property
    def source(self) -> RawDocument: ...


One = TypeVar("One", bound=_FromSource)
P = TypeVar("P")


def path_of(source: str, number: str) -> str:
    """Name an account as the source of its rows."""
    return f"alpaca:{source}/{number}"


class AccountPages:
    """Reads the accounts of one run, and keeps count of those that could not be read."""

    def __init__(self, states: AccountStates, parts: Parts, record: RunRecord) -> None:
        """Read for the run of `record`."""
        self._states = states
        self._parts = parts
        self._record = record
        self._errors: list[BrokerError] = []

    def documents(self, loop: Loop[Any, Any], read_time: datetime) -> Iterator[RawDocument]:
        """Yield each account as the broker states it now; none when the run is about another time.

        Raises:
            SettingsError: Two pairs of keys open the same account.
        """
        accounts = self._parts.broker.accounts
        if not (self._parts.settings.on_emulator or loop.tells(self._record.as_of, read_time)):
            self._record.counts.not_due += len(accounts)
            why = "accounts are not due: the broker says what they hold now, not at the as-of time"
            self._parts.log.event(why, Severity.WARNING, as_of=self._record.as_of, read_time=read_time)
            return
        for account in accounts:
            try:
                number, stated = self._states.stated(account)
            except BrokerError as error:
                self._record.counts.read += 1
                self._leave_out(account.name, error)
            else:
                yield RawDocument(path_of(loop.source, number), number, read_time, stated, size=0)

    def pages(self, accounts: Iterable[One], page: Callable[[list[One]], P]) -> Iterator[P]:
        """Make a page of each account.

        Raises:
            BrokerError: No account could be read.
        """
        for one in accounts:
            # Counted first: when the page fails otherwise, its account is pending.
            self._record.counts.read += 1
            try:
                made = page([one])
            except BrokerError as error:
                self._leave_out(self._states.name(one.source.id), error)
            else:
                yield made
        if self._errors and len(self._errors) == self._record.counts.read:
            raise self._errors[0]

    def _leave_out(self, name: str, error: BrokerError) -> None:
        self._errors.append(error)
        self._record.counts.pending += 1
        text = self._parts.settings.redacted(str(error))
        self._parts.log.event("an account could not be read", Severity.ERROR, account=name, error=text)
