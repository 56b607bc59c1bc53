"""Open transactions: how they begin, what they may do, and when they are given up.

Limits: https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
"""

import itertools
import secrets
from dataclasses import dataclass, field

from infra.local.firestore.clock import Clock
from infra.local.firestore.errors import invalid
from infra.local.firestore.messages import TransactionOptions

_IDLE_MICROS = 60 * 1_000_000
_TOTAL_MICROS = 270 * 1_000_000
_ID_BYTES = 16


@dataclass(eq=False)
class Transaction:
    """One open transaction."""

    id: bytes
    database: str
    started: int
    touched: int
    retrying: bool = False
    """It stands in for one that lost: it takes turns with its like instead of racing them."""
    read_only_at: int | None = None
    """The snapshot of a read-only transaction; None means that it may write."""
    locks: set[str] = field(default_factory=set)
    """What it has read, by lock name."""
    wounded: bool = False
    """Chosen to give way in a deadlock."""


class Transactions:
    """The open transactions of a server. Its callers hold the store's lock.

    An id that is not open is refused alike, whether it was committed, given up, expired or never given out.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[bytes, Transaction] = {}
        # An id from before a restart must never hit a transaction begun after it.
        self._origin = secrets.token_bytes(_ID_BYTES - 8)
        self._serials = itertools.count(1)

    def begin(self, database: str, options: TransactionOptions, read_only_at: int | None) -> Transaction:
        """Opens a transaction."""
        now = self._clock.read()
        transaction = Transaction(
            id=self._origin + next(self._serials).to_bytes(8, "big"),
            database=database,
            started=now,
            touched=now,
            retrying=bool(options.read_write.retry_transaction),
            read_only_at=read_only_at,
        )
        self._open[transaction.id] = transaction
        return transaction

    def find(self, database: str, identifier: bytes) -> Transaction:
        """The open transaction with this id, which counts as used now."""
        self.expire()
        transaction = self._open.get(identifier)
        if transaction is None or transaction.database != database:
            raise invalid("The referenced transaction has expired or is no longer valid.")
        transaction.touched = self._clock.read()
        return transaction

    def end(self, transaction: Transaction) -> None:
        """Closes a transaction and lets go of its locks. Closing twice does nothing."""
        transaction.locks.clear()
        self._open.pop(transaction.id, None)

    def close_if_open(self, identifier: bytes) -> None:
        """Rolls back: an id that this server gave out and has closed since is no error."""
        if len(identifier) != _ID_BYTES or not identifier.startswith(self._origin):
            raise invalid("Invalid transaction.")
        transaction = self._open.get(identifier)
        if transaction is not None:
            self.end(transaction)

    def holders(self, names: set[str], besides: Transaction | None) -> list[Transaction]:
        """The transactions that hold any of these locks."""
        return [each for each in self._open.values() if each is not besides and not names.isdisjoint(each.locks)]

    def expire(self) -> None:
        """Gives up the transactions that were idle for a minute or open for four and a half."""
        now = self._clock.read()
        for transaction in list(self._open.values()):
            if now - transaction.touched > _IDLE_MICROS or now - transaction.started > _TOTAL_MICROS:
                self.end(transaction)
