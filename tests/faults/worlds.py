"""A small world for each job: what is in the stores, what happens between two runs, and what must be true in the end.

Every round makes the same kinds of work, so that a job makes the same calls in every round.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from infra.local.fixtures import write_broker
from jobs.registry import loops
from tests.emulator.builders import DOCUMENTS, KEYS, PAPER, Fields, account, orders, position, put, write_market
from tests.emulator.fees import SOON, dollar_fee, exit_price, expected_fee, history, post, seed_broker
from tests.sizes import Sizes
from tests.stack import AS_OF, LocalStack

ROUNDS = 20
"""How many rounds one corner serves; then the next one begins, or every look would take longer."""
SETTLED = range(ROUNDS + 4, ROUNDS + 10)
"""Documents that nothing happens to: enough of them that every round finds most of a collection archived already."""
REALLY = ("--delete",)
"""A retirement by hand is a dry run without it."""


class World(Protocol):
    """The surroundings of one job."""

    job: str
    rounds: int
    """How many rounds one corner of the stores serves."""
    undecided: bool
    """Whether each round begins with a run that cannot find out whether its commit happened."""

    def begin(self) -> None:
        """Fill the stores, and run once."""

    def go_on(self) -> None:
        """Make work for one more run."""

    @property
    def as_of(self) -> str:
        """When the runs of this round take place, by their own account."""

    @property
    def arguments(self) -> Sequence[str]:
        """What the command line needs besides."""

    @property
    def refused(self) -> Mapping[str, str]:
        """Path and reason of what must be in quarantine after a clean run."""

    def lost(self) -> Iterator[str]:
        """What must not be, at any moment, and is."""

    def amiss(self) -> Iterator[str]:
        """What must be after a clean run, and is not."""


@dataclass
class _Common:
    """What most worlds share."""

    stack: LocalStack
    directory: Path
    job: str
    round: int = 0
    as_of: str = AS_OF
    arguments: Sequence[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    rounds: int = ROUNDS
    undecided: bool = False

    def run(self, job: str | None = None) -> None:
        """Run a job as it should be run; nothing may go wrong."""
        record = self.stack.run(job or self.job, self.as_of)
        assert record.status in {"SUCCEEDED", "PARTIAL"}, record.error

    def lost(self) -> Iterator[str]:
        """Nothing beyond what must hold in every world."""
        yield from ()

    def amiss(self) -> Iterator[str]:
        """Nothing beyond what must hold in every world."""
        yield from ()


@dataclass(frozen=True)
class Spoiling:
    """How documents of a collection are spoilt and edited."""

    wrong: Fields
    reason: str
    edited: Callable[[int], Fields]
    others: Callable[[int], Sequence[Fields]] = lambda _round: ()
    """Further documents of each round."""


@dataclass
class Documents(_Common):
    """A collection. Every round opens a document, edits one, spoils one and heals the last one spoilt."""

    spoiling: Spoiling = field(kw_only=True)

    def begin(self) -> None:
        """Seed the market and live through the first round."""
        self.stack.seed(write_market(self.directory, range(1, SETTLED.stop)))
        put(self.stack, self._collection, *map(self._document, SETTLED))
        put(self.stack, self._collection, self._document(1), self._document(2, **self.spoiling.wrong))
        self.go_on()
        self.run()

    def go_on(self) -> None:
        """Live through another round."""
        self.round += 1
        now, wrong = self.round, self._document(self.round + 2, **self.spoiling.wrong)
        edited = self._document(now, **self.spoiling.edited(now))
        put(self.stack, self._collection, wrong, self._document(now + 1), edited, *self.spoiling.others(now))
        self.refused = {f"{self._collection}/{wrong[KEYS[self._collection]]}": self.spoiling.reason}

    @property
    def _collection(self) -> str:
        return loops()[self.job].source

    @property
    def _document(self) -> Callable[..., Fields]:
        return DOCUMENTS[self.job]


@dataclass
class Beginning(Documents):
    """A collection that no run has seen, and no table: the first run makes it."""

    rounds: int = 1

    def run(self, _job: str | None = None) -> None:
        """Leave the first run to the fault."""


_FIRST, _LAST = range(1, 4), range(301, 310)
"""Documents that nothing happens to, before and behind those that every round writes."""
_ELDEST, _YOUNGEST = _FIRST.stop, _LAST.stop
"""One before and one behind that every round edits."""
_A_ROUND = 10
"""Numbers of each round."""
_NEW = 5
"""New documents of a round: three appends."""


@dataclass
class ByPages(Documents):
    """A collection that fills many pages. Every round it is as large, and each of its pages holds as much work.

    A round's documents are new ones and a broken one; the one broken before is healed, and those of the rounds before
    are gone, for a document more would be another page, and a page is a call.
    """

    def begin(self) -> None:
        """Seed the market and live through the first round."""
        written = [one for now in range(ROUNDS + 2) for one in self._numbers(now)]
        self.stack.seed(write_market(self.directory, (*_FIRST, _ELDEST, *written, *_LAST, _YOUNGEST)))
        put(self.stack, self._collection, *map(self._document, (*_FIRST, _ELDEST, *_LAST, _YOUNGEST)))
        put(self.stack, self._collection, *self._written(self.round))
        self.go_on()
        self.run()

    def go_on(self) -> None:
        """Live through another round."""
        self.round += 1
        edited = [self._document(one, **self.spoiling.edited(self.round)) for one in (_ELDEST, _YOUNGEST)]
        *_, healed = self._numbers(self.round - 1)
        put(self.stack, self._collection, *self._written(self.round), self._document(healed), *edited)
        gone = [*self._numbers(self.round - 1)[:-1], *self._numbers(self.round - 2)[-1:]]
        key = KEYS[self._collection]
        for name in (self._document(number)[key] for number in gone):
            self.stack.firestore.document(f"{self._collection}/{name}").delete()
        *_, wrong = self._numbers(self.round)
        self.refused = {f"{self._collection}/{self._document(wrong)[key]}": self.spoiling.reason}

    def _written(self, now: int) -> Sequence[Fields]:
        """What a round writes: new documents, and a broken one behind them."""
        *new, wrong = self._numbers(now)
        return [*map(self._document, new), self._document(wrong, **self.spoiling.wrong)]

    @staticmethod
    def _numbers(now: int) -> Sequence[int]:
        return range((now + 1) * _A_ROUND, (now + 1) * _A_ROUND + _NEW + 1)


def _paper(now: int) -> Sequence[Fields]:
    return [position(500 + now, **PAPER)]


SPOILING = {
    "trades": Spoiling({"qty": "NaN"}, "NOT_FINITE", lambda now: {"exit_reason": f"edited {now}"}, _paper),
    "rejected-signals": Spoiling({"entry_price": "NaN"}, "NOT_FINITE", lambda now: {"pattern_name": f"edited {now}"}),
    "expired-signals": Spoiling({"valid_until": None}, "MISSING_FIELD", lambda now: {"pattern_name": f"edited {now}"}),
    "strategies": Spoiling({"active": None}, "MISSING_FIELD", lambda now: {"risk_params": {"max_loss_usd": now}}),
}

_CALL, _PUT = "AAPL261218C00230000", "AAPL261218P00200000"
_GREEKS = {"delta": 0.5, "gamma": 0.02, "theta": -0.25, "vega": 0.1, "rho": 0.01}


@dataclass
class Account(_Common):
    """The broker's account with two options. Every round is another day."""

    def begin(self) -> None:
        """Live through the first day."""
        self.go_on()
        self.run()

    def go_on(self) -> None:
        """Let a day pass."""
        self.round += 1
        day = datetime.fromisoformat(AS_OF) + timedelta(days=self.round, minutes=45)
        self.as_of = day.isoformat()
        option = {"asset_class": "us_option", "qty": "2", "side": "long"}
        snapshot = {"impliedVolatility": 0.3, "greeks": _GREEKS}
        self.directory.mkdir(parents=True, exist_ok=True)
        write_broker(
            self.directory,
            {
                "account": account(str(100 + self.round)),
                "positions": [{**option, "symbol": name} for name in (_CALL, _PUT)],
                "portfolio_history": {"timestamp": [1790812800], "equity": [200]},
                "option_snapshots": {_CALL: snapshot, _PUT: snapshot},
            },
        )
        self.stack.seed(self.directory)

    def amiss(self) -> Iterator[str]:
        """One row for every day, with that day's equity."""
        rows = self.stack.rows("SELECT equity FROM snapshot_accounts WHERE ds >= '2000-01-01' ORDER BY ds")
        found, wanted = [row["equity"] for row in rows], [100 + one for one in range(1, self.round + 1)]
        if found != wanted:
            yield f"the equity of the days is {found}, not {wanted}"


_TRADES = range(1, 4)


@dataclass
class Fees(_Common):
    """Three archived trades. Every round the broker corrects what one of them was charged."""

    as_of: str = SOON
    _posted: str = field(default_factory=lambda: str(dollar_fee(3, exit_price(3))["id"]))
    _fee: Decimal = Decimal(0)

    def begin(self) -> None:
        """Archive the trades and patch them once."""
        seed_broker(self.stack, self.directory, _TRADES, history(_TRADES))
        put(self.stack, "live_positions", *(position(n, exit_fill_price=exit_price(n)) for n in _TRADES))
        self.stack.run("trades")
        self.run()

    def go_on(self) -> None:
        """Correct a fee."""
        self.round += 1
        # The broker's fees follow its tiers; no other rate would be taken for the fee of this sale.
        rate = Decimal("0.0015") if self.round % 2 else Decimal("0.0025")
        charged = dollar_fee(3, exit_price(3), rate)
        name = f"{self._posted}c"
        post(
            self.stack,
            self.directory / "fee",
            {**charged, "id": name, "status": "correct", "previous_id": self._posted},
        )
        self._posted, self._fee = name, Decimal("0.25") - Decimal(charged["net_amount"])

    def amiss(self) -> Iterator[str]:
        """Every trade holds exactly its own fees."""
        rows = self.stack.rows("SELECT trade_id, actual_fee_usd FROM fact_trades WHERE ds >= '2000-01-01'")
        found = {row["trade_id"]: row["actual_fee_usd"] for row in rows}
        wanted = {f"position-{n:04}": self._fee if n == 3 else expected_fee(n) for n in _TRADES}
        if found != wanted:
            yield f"the fees are {found}, not {wanted}"


@dataclass
class Prices(_Common):
    """Two closed positions; before every round their documents lose their prices."""

    def begin(self) -> None:
        """Seed the broker."""
        self.stack.seed(write_market(self.directory, [1, 2]))

    def go_on(self) -> None:
        """Write the documents without prices."""
        self.round += 1
        lacking = {"entry_fill_price": None, "exit_fill_price": None, "round": self.round}
        put(self.stack, "live_positions", position(1, **lacking), position(2, **lacking))

    def amiss(self) -> Iterator[str]:
        """Both have both prices, each with its evidence, and nothing else was changed."""
        for number in (1, 2):
            found = self.stack.firestore.document(f"live_positions/position-{number:04}").get().to_dict() or {}
            noted: Mapping[str, Any] = found.pop("price_patch", {})
            if found != position(number, entry_fill_price=100.0, exit_fill_price=110.0, round=self.round):
                yield f"position {number} is {found}"
            if {name: one["order_id"] for name, one in noted.items()} != {
                "entry_fill_price": orders(number)[0]["id"],
                "exit_fill_price": orders(number)[1]["id"],
            }:
                yield f"position {number} says where its prices are from: {noted}"


_LONG_AGO = "TIMESTAMP '2021-09-02T00:00:00Z'"


@dataclass
class Retirements(_Common):
    """Archived positions that grew old, beside an open one and a spoilt one; two come back before every round."""

    as_of: str = "2062-01-01T00:00:00Z"
    arguments: Sequence[str] = REALLY
    refused: Mapping[str, str] = field(default_factory=lambda: {"live_positions/position-0007": "NOT_FINITE"})
    _revisions: dict[str, datetime] = field(default_factory=dict)

    def begin(self) -> None:
        """Put in what stays."""
        self.stack.seed(write_market(self.directory, range(1, 8)))
        put(self.stack, "live_positions", position(6, status="OPEN"), position(7, qty="NaN"))

    def go_on(self) -> None:
        """Let two positions come back, be archived and grow old."""
        self.round += 1
        put(self.stack, "live_positions", *(position(n, exit_reason=f"round {self.round}") for n in (1, 2)))
        self.run("trades")
        written = f"archived_at = {_LONG_AGO}, revised_at = IF(revised_by IS NULL, NULL, {_LONG_AGO})"
        self.stack.rows(f"UPDATE fact_trades SET {written} WHERE ds >= '2000-01-01'")  # noqa: S608 - constants
        self._revisions = self._held()

    def lost(self) -> Iterator[str]:
        """Whatever is gone is in the table at the very revision that it had."""
        rows = self.stack.rows("SELECT source_path, source_rev FROM fact_trades WHERE ds >= '2000-01-01'")
        archived = {row["source_path"]: row["source_rev"] for row in rows}
        for path in self._revisions.keys() - self._held().keys():
            if archived.get(path) != self._revisions[path]:
                yield f"{path} was deleted at {self._revisions[path]}; the table holds {archived.get(path)}"

    def amiss(self) -> Iterator[str]:
        """What grew old is gone, what did not is there."""
        if (names := set(self._held())) != {"live_positions/position-0006", "live_positions/position-0007"}:
            yield f"the source holds {names}"

    def _held(self) -> dict[str, datetime]:
        found = self.stack.firestore.collection("live_positions").stream()
        return {one.reference.path: one.update_time for one in found}


@dataclass
class RunRecords(_Common):
    """The records of runs, those of the struck ones among them. Every round adds one of another job."""

    def begin(self) -> None:
        """Archive the records of as many runs as every round finds archived already."""
        for _ in SETTLED:
            self.run("trades")
        self.go_on()
        self.run()

    def go_on(self) -> None:
        """Run another job, which finds nothing."""
        self.round += 1
        self.run("trades")

    def lost(self) -> Iterator[str]:
        """No run has two rows."""
        rows = self.stack.rows("SELECT job_run_id FROM ops_job_runs WHERE ds >= '2000-01-01'")
        yield from (f"{name} has {n} rows" for name, n in Counter(row["job_run_id"] for row in rows).items() if n > 1)

    def amiss(self) -> Iterator[str]:
        """Every run has a row as it ended, but for the one that wrote the last rows."""
        yield from self.lost()
        rows = self.stack.rows("SELECT job_run_id, status, finished_at FROM ops_job_runs WHERE ds >= '2000-01-01'")
        found = {row["job_run_id"]: (row["status"], row["finished_at"]) for row in rows}
        records = [one.to_dict() or {} for one in self.stack.firestore.collection("job_metadata").stream()]
        last = max(records, key=lambda record: record["started_at"])
        wanted = {one["run_id"]: (one["status"], one["finished_at"]) for one in records if one is not last}
        yield from (f"{name} is {found.get(name)}, not {end}" for name, end in wanted.items() if found.get(name) != end)


WORLDS: Mapping[str, Callable[[LocalStack, Path], World]] = {
    **{job: partial(Documents, job=job, spoiling=spoiling) for job, spoiling in SPOILING.items()},
    "trades at first": partial(Beginning, job="trades", spoiling=SPOILING["trades"]),
    "trades undecided": partial(Documents, job="trades", spoiling=SPOILING["trades"], undecided=True),
    "trades by pages": partial(ByPages, job="trades", spoiling=SPOILING["trades"]),
    "expired-signals by pages": partial(ByPages, job="expired-signals", spoiling=SPOILING["expired-signals"]),
    "account-snapshot": partial(Account, job="account-snapshot"),
    "fee-patch": partial(Fees, job="fee-patch"),
    "price-patch": partial(Prices, job="price-patch"),
    "retire": partial(Retirements, job="retire"),
    "job-runs": partial(RunRecords, job="job-runs"),
}
"""The worlds by name: each job's usual one, and what a run meets but rarely."""
_SMALL = Sizes(page=2, query=4, tried=2, portion=2)
SIZES: Mapping[str, Sizes] = {"trades by pages": _SMALL, "expired-signals by pages": _SMALL}
"""World → how much its runs take at once, where that is less than usual: so little that a handful of new documents are
several appends, and all of them several queries, of names and of whole documents."""
