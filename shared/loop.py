"""What a job declares: where its records come from, when one is due, what it needs, and how it becomes a row.

A loop is a form filled in with pure functions. It holds no client and reads no environment; `shared.run` does the rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from schemas.document import Document
from schemas.reasons import Reason
from schemas.table import ArchivedRow, Provenance
from shared.jobs import DAYS
from shared.market import Market, Window
from shared.option_events import OptionEvents
from shared.order_book import OrderBook
from shared.settings import Settings
from shared.values import RawDocument
from shared.warehouse import Stored

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)


class RefusedError(Exception):
    """A valid document cannot become a row; raised by a loop's `build`."""

    def __init__(self, reason: Reason, column: str, message: str) -> None:
        """State the reason, the field it is about, and a sentence without values."""
        super().__init__(message)
        self.reason = reason
        self.column = column
        self.message = message


class Origin(Enum):
    """Where records come from."""

    FIRESTORE = "a Firestore collection, whole, at one read time"
    BROKER = "the broker's account"


class Verdict(Enum):
    """How a record stands to the table."""

    NEW = "archived"
    ALREADY = "already"
    REVISED = "revised"


@dataclass(frozen=True)
class Candidate(Generic[D]):
    """A valid document that is due."""

    document: D
    source: RawDocument
    as_of: datetime
    stored: Sequence[Stored] = ()
    """What the table holds under the same first key column."""


Span = tuple[datetime, datetime]
"""From one moment to another."""


class FollowUp(Protocol):
    """What a record turns out to need once its orders are known; each answer may build on the one before."""

    def executions(self, book: OrderBook) -> Span | None:
        """Say when FILL activities are to be read, if at all."""

    def option_events(self, book: OrderBook) -> Span | None:
        """Say when expiries, assignments and exercises are to be read, if at all."""

    def value_bars(self, book: OrderBook, events: OptionEvents) -> tuple[Window, ...]:
        """Name the bars that tell what contracts were worth when they ended."""


@dataclass(frozen=True)
class Wants:
    """What one record needs from elsewhere; the run fetches it in bulk."""

    bars: tuple[Window, ...] = ()
    orders: Span | None = None
    """Time span in which the record's orders filled."""
    order_keys: tuple[str, ...] = ()
    """Ids, the broker's or the client's, of which each must be found or be unknown to the broker for certain."""
    entry_keys: tuple[str, ...] = ()
    """Ids, the broker's or the client's, of what opens a position, which then closes no other one."""
    follow_up: FollowUp | None = None
    strategies: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    account: str | None = None
    """Number of the account whose state is needed."""
    account_bars: "Callable[[AccountState], tuple[Window, ...]]" = lambda _state: ()
    """Names the bars that this state calls for in turn."""


def wants_nothing(_candidate: Candidate[Any], _settings: Settings) -> Wants:
    """Do without anything from elsewhere: the record says it all."""
    return Wants()


@dataclass(frozen=True)
class StrategyInterval:
    """One version of a strategy and when it held: [valid_from, valid_to)."""

    version: int
    config_hash: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True)
class AccountState:
    """What the broker says about one account beside the account itself."""

    positions: Sequence[Mapping[str, Any]]
    history: Sequence[tuple[date, str]]
    """Day (New York) and equity in US dollars, oldest first."""
    option_snapshots: Mapping[str, Mapping[str, Any]]
    option_contracts: Mapping[str, Mapping[str, Any]]
    """Those that the broker knows."""


@dataclass(frozen=True)
class Evidence:
    """What the run fetched for a page of records."""

    settings: Settings
    market: Market
    orders: OrderBook
    strategies: Mapping[str, Sequence[StrategyInterval]] = field(default_factory=dict)
    signal_times: Mapping[str, datetime] = field(default_factory=dict)
    accounts: Mapping[str, AccountState] = field(default_factory=dict)
    """By the account's number."""
    option_events: OptionEvents = field(default_factory=OptionEvents)


def by_revision(candidate: Candidate[Any], key: tuple[Any, ...], refresh: bool) -> Verdict:  # noqa: ARG001, FBT001 - one of several rules with this signature
    """Compare revisions: a key not in the table is new, a newer source revision revises."""
    held = [one.source_rev for one in candidate.stored if one.key == key]
    if not held:
        return Verdict.NEW
    return Verdict.REVISED if max(held) < candidate.source.update_time else Verdict.ALREADY


def replace_whole(new: R, stored: R) -> R:  # noqa: ARG001 - one of several rules with this signature
    """Revise by taking the new row as it is."""
    return new


def key_and_revision(key: tuple[Any, ...], revision: datetime) -> tuple[Any, ...]:
    """Recognise a record by key and revision: an edit makes it another one."""
    return (*key, revision)


@dataclass(frozen=True)
class Loop(Generic[D, R]):
    """One archival job."""

    name: str
    """As the command line spells it."""
    summary: str
    """One sentence for `golden-thread jobs`."""
    schedule: str
    """Cron expression, UTC."""
    source: str
    """Firestore collection, or the broker endpoint."""
    document: type[D]
    row: type[R]
    due: Callable[[D, datetime, Settings], bool]
    """Whether a valid document is due at the as-of time."""
    ds: Callable[[Candidate[D]], date]
    """The partition the record belongs to."""
    key: Callable[[Candidate[D]], tuple[Any, ...]]
    """The row's key, in the order of the table's."""
    build: Callable[[Candidate[D], Evidence, Provenance], R]
    """How a record becomes a row. Raises RefusedError."""
    reads: tuple[type[ArchivedRow], ...] = ()
    """Other tables the run looks things up in."""
    wants: Callable[[Candidate[D], Settings], Wants] = wants_nothing
    origin: Origin = Origin.FIRESTORE
    bookkeeping: bool = False
    """Whether its collection lies in the database of leases, run records and quarantine, not in that of the sources."""
    tells: Callable[[datetime, datetime], bool] = lambda _as_of, _read_time: True
    """Whether the broker, asked at a read time, can tell what was at an as-of time: (as of, read time). Taken as told
    where BigQuery is an emulator."""
    ignores: Callable[[Mapping[str, Any]], bool] = lambda _fields: False
    """Whether the raw document says by itself that it is not this loop's business (an open position, say)."""
    classify: Callable[[Candidate[D], tuple[Any, ...], bool], Verdict] = by_revision
    """How a record stands to the table; the flag is --refresh."""
    takes: frozenset[str] = frozenset({*DAYS, "limit"})
    retires: bool = False
    """Whether an archived document may be deleted at its source, in time."""
    reconcile: Callable[[R, R], R] = replace_whole
    """How a new row takes over what other jobs wrote into the stored one: (new, stored) -> row."""
    takes_over: Callable[[D], Mapping[str, object]] = lambda _document: {}
    """The columns that a row takes from its document as they are. An audit compares them."""
    follows: Callable[[R, datetime | None], Mapping[str, object]] = lambda _row, _as_of: {}
    """What columns of a row must be, `ds` among them, as far as its other columns and the as-of time of the run that
    inserted it (None: unknown) tell. An audit recomputes them, in `shared.formulae.EXACT`."""
    contradictions: Callable[[Sequence[R]], Sequence[str]] = lambda _rows: ()
    """What is wrong with the rows of one first key column taken together, in words."""
    recognised_by: Callable[[tuple[Any, ...], datetime], tuple[Any, ...]] = key_and_revision
    """What a document and the row that is up to date with it have in common: (key, revision) -> values."""

    @property
    def table(self) -> str:
        """The fact table."""
        return self.row.TABLE.name

    @property
    def lease(self) -> str:
        """One lease per fact table: whatever inserts into it shares it."""
        return self.row.TABLE.name

    @property
    def is_keyed_by_name(self) -> bool:
        """Whether the name and the update time of a document tell if it is archived.

        They do where a row's key is its document's id and only a newer revision is news.
        """
        return self.origin is Origin.FIRESTORE and self.classify is by_revision and len(self.row.TABLE.key) == 1

    def is_archived(self, refused: RawDocument, stored: Iterable[Stored]) -> bool:
        """Whether a refused document is in the table, which holds these of its id, at its revision or a newer one.

        Then it was archived, and the rules have become stricter since.
        """
        return self.is_keyed_by_name and any(one.source_rev >= refused.update_time for one in stored)
