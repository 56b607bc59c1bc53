"""One good record of every kind, for tests to spoil, and the way of a record through the guardian to its row."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import localcontext
from functools import cache, partial
from typing import Any, TypeVar

from hypothesis import settings as hypothesis_settings

from jobs.registry import loops
from schemas.accounts import AccountDocument
from schemas.document import Document
from schemas.expired_signals import LiveSignalDocument
from schemas.job_runs import JobRunDocument
from schemas.rejected_signals import RejectedSignalDocument
from schemas.strategies import StrategyDocument
from schemas.table import ArchivedRow, Provenance
from schemas.trades import PositionDocument
from shared.bars import Bar
from shared.fills import Order
from shared.formulae import EXACT
from shared.guardian import SchemaGuardian
from shared.loop import AccountState, Candidate, Evidence, StrategyInterval
from shared.market import Market
from shared.option_events import OptionEvents
from shared.order_book import OrderBook
from shared.quarantine import Reject
from shared.settings import Settings, load
from shared.values import RawDocument
from shared.warehouse import Stored
from tests.unit.tape import Tape

# How long one example takes says nothing on a busy machine.
hypothesis_settings.register_profile("unit", deadline=None)
hypothesis_settings.load_profile("unit")

D = TypeVar("D", bound=Document)

ENTRY = datetime(2026, 3, 2, 10, tzinfo=UTC)
EXIT = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
AS_OF = datetime(2026, 4, 1, tzinfo=UTC)
REVISION = datetime(2026, 3, 3, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

POSITION: Mapping[str, Any] = {
    "position_id": "p-1",
    "signal_id": "s-1",
    "account_id": "main",
    "strategy_id": "breakout",
    "symbol": "BTC/USD",
    "asset_class": "CRYPTO",
    "status": "CLOSED",
    "side": "LONG",
    "qty": 2,
    "entry_fill_price": 100,
    "exit_fill_price": 110,
    "entry_time": ENTRY,
    "exit_time": EXIT,
    "exit_reason": "TP1",
    "entry_order_id": "o-in",
    "exit_order_id": "o-out",
}
_SIGNAL: Mapping[str, Any] = {
    "signal_id": "s-1",
    "strategy_id": "breakout",
    "symbol": "BTC/USD",
    "asset_class": "CRYPTO",
    "side": "LONG",
    "entry_price": 100,
    "suggested_stop": 90,
    "take_profit_1": 120,
    "created_at": ENTRY,
}
REJECTED: Mapping[str, Any] = {**_SIGNAL, "rejection_reason": "VOLUME_TOO_LOW"}
LIVE: Mapping[str, Any] = {**_SIGNAL, "status": "EXPIRED", "valid_until": ENTRY + timedelta(hours=6)}
STRATEGY: Mapping[str, Any] = {
    "strategy_id": "breakout",
    "active": True,
    "timeframe": "1H",
    "assets": ["BTC/USD"],
    "risk_params": {"stop_loss_pct": 2.0},
}
ACCOUNT: Mapping[str, Any] = {"account_number": "PA1", "status": "ACTIVE", "equity": "100000.50", "currency": "USD"}
JOB_RUN: Mapping[str, Any] = {
    "run_id": "trades-20260302T150000-0123456789ab",
    "job": "trades",
    "table": "fact_trades",
    "lease": "fact_trades",
    "status": "PARTIAL",
    "started_at": EXIT,
    "finished_at": EXIT + timedelta(seconds=2.5),
    "git_hash": "abc",
    "schema_version": "1",
    "as_of": EXIT,
    "counts": {"read": 3, "archived": 2, "quarantined": 1},
    "rejects_by_reason": {"NOT_FINITE": 1},
    "cost_estimate_usd": "0.000000900",
}

SAMPLES: Mapping[type[Document], Mapping[str, Any]] = {
    PositionDocument: POSITION,
    RejectedSignalDocument: REJECTED,
    LiveSignalDocument: LIVE,
    StrategyDocument: STRATEGY,
    AccountDocument: ACCOUNT,
    JobRunDocument: JOB_RUN,
}
"""Source document model → fields of a good document."""


@cache
def settings(**changes: str) -> Settings:
    keys = {"ALPACA_API_KEY": "key", "ALPACA_SECRET_KEY": "secret", "RETRY_SECONDS": "0", "GIT_HASH": "abc"}
    return load({"GOOGLE_CLOUD_PROJECT": "test-project", **keys, **changes})


def name_of(model: type[Document]) -> str:
    """The id of the good document of a model."""
    return str(SAMPLES[model][model.KEY or ""])


def raw(model: type[Document], fields: Mapping[str, Any], *, size: int = 100) -> RawDocument:
    """A document as the reader hands it on, under the good document's id."""
    return RawDocument(f"things/{name_of(model)}", name_of(model), REVISION, dict(fields), size)


def admitted(model: type[D], **changes: Any) -> D:
    """The good document with changes, which must still be good."""
    result = guarded(model, **changes)
    assert not isinstance(result, Reject), result.faults
    return result


def guarded(model: type[D], **changes: Any) -> D | Reject:
    """The good document with changes, past the guardian."""
    guardian: SchemaGuardian[D, ArchivedRow] = SchemaGuardian(model, 500_000)
    return guardian.admit(raw(model, {**SAMPLES[model], **changes}))


def candidate(
    model: type[D],
    stored: Sequence[Stored] = (),
    revision: datetime = REVISION,
    as_of: datetime = AS_OF,
    **changes: Any,
) -> Candidate[D]:
    """A good document with changes, due and compared with the table."""
    source = raw(model, {**SAMPLES[model], **changes})
    moved = RawDocument(source.path, source.id, revision, source.fields, source.size)
    return Candidate(admitted(model, **changes), moved, as_of, tuple(stored))


def provenance() -> Provenance:
    return Provenance(
        source_path="things/one",
        source_rev=REVISION,
        source_extra=None,
        run_id="run-1",
        revised_by=None,
        revised_at=None,
        git_hash="abc",
        schema_version="1",
        archived_at=AS_OF,
    )


def order(name: str, side: str, price: str | None, qty: str | None, **more: Any) -> Order:
    """A broker's order, as far as it filled."""
    filled = {"filled_avg_price": price, "filled_qty": qty, "filled_at": "2026-03-02T10:00:00Z"}
    return {
        "id": name,
        "client_order_id": f"c-{name}",
        "symbol": "BTC/USD",
        "side": side,
        "status": "filled",
        "legs": None,
        **filled,
        **more,
    }


ORDERS: tuple[Order, ...] = (
    order("o-in", "buy", "100", "2", client_order_id="p-1"),
    order("o-out", "sell", "110", "2", client_order_id="p-1-x", filled_at="2026-03-02T14:30:00Z"),
)
"""The orders of the good position."""


def evidence(
    bars: Mapping[str, Sequence[Bar]] | None = None,
    orders: Iterable[Order] = ORDERS,
    as_of: datetime = AS_OF,
    strategies: Sequence[StrategyInterval] = (),
    signal_times: Mapping[str, datetime] | None = None,
    account: AccountState | None = None,
) -> Evidence:
    """What a run would have fetched, activities among the orders; bars come when `market.load` asks for them."""
    book, events, known_to_broker = OrderBook(), OptionEvents(), list(orders)
    book.add(one for one in known_to_broker if "activity_type" not in one)
    book.add_executions(one for one in known_to_broker if one.get("activity_type") == "FILL")
    events.add(one for one in known_to_broker if "activity_type" in one)
    market = Market(Tape(bars or {}, settings()), settings().bar_timeframe, as_of)
    known = {"breakout": strategies}
    accounts = {str(ACCOUNT["account_number"]): account} if account else {}
    return Evidence(settings(), market, book, known, signal_times or {}, accounts, events)


def built(job: str, one: Candidate[Any], given: Evidence) -> Any:
    """Turn a candidate into a row, or a reject, as a run does."""
    loop = loops()[job]
    wanted = loop.wants(one, given.settings)
    given.market.load(wanted.bars)
    if state := given.accounts.get(wanted.account or ""):
        given.market.load(wanted.account_bars(state))
    if wanted.follow_up:
        given.market.load(wanted.follow_up.value_bars(given.orders, given.option_events))
    guardian: SchemaGuardian[Any, ArchivedRow] = SchemaGuardian(loop.document, 500_000)
    with localcontext(EXACT):
        return guardian.check(one.source, partial(loop.build, one, given, provenance()))
