"""The track of each job over what a broker answers, from its network to rows and columns, with no other server."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import localcontext
from functools import cache, partial
from typing import Any

from jobs import fee_patch, price_patch
from jobs.registry import loops
from schemas.arrow import record_batch
from schemas.table import ArchivedRow
from schemas.trades import Trade
from shared.account_states import AccountStates
from shared.broker import Broker
from shared.formulae import EXACT
from shared.guardian import SchemaGuardian
from shared.ledger import Ledger
from shared.loop import Candidate, Evidence
from shared.market import Market
from shared.order_lookup import OrderLookup
from shared.order_search import OrderSearch
from shared.quarantine import Reject, record_of
from shared.survey import judge
from shared.values import RawDocument
from tests.emulator.builders import DOCUMENTS, Fields
from tests.hostile import books
from tests.hostile.track import provenance_of
from tests.hostile.venue import Script, scripted
from tests.unit.samples import settings

Results = Mapping[str, Any]
"""Id of a document or trade → what became of it: a row, a reject, or the values that a patch would write."""

AS_OF = datetime(2021, 10, 1, tzinfo=UTC)


def _documents(job: str) -> list[RawDocument]:
    fields = books.positions() if job in {"trades", "price-patch"} else [DOCUMENTS[job](number) for number in (1, 2)]
    return [_document(one, "position_id" if "position_id" in one else "signal_id") for one in fields]


def _document(fields: Fields, key: str) -> RawDocument:
    return RawDocument(f"documents/{fields[key]}", str(fields[key]), AS_OF, fields, 1000)


def _archived(job: str, broker: Broker) -> Results:
    """Documents to rows, as a survey does it."""
    guardian: SchemaGuardian[Any, Any] = SchemaGuardian(loops()[job].document, settings().max_document_bytes)
    market, accounts = Market(broker, settings().bar_timeframe, AS_OF), AccountStates(broker, AS_OF)
    documents = _stated(accounts, broker) if job == "account-snapshot" else _documents(job)
    judged = {one.id: judge(loops()[job], guardian, one, AS_OF, settings()) for one in documents}
    candidates = [one for one in judged.values() if isinstance(one, Candidate)]
    evidence = _gathered(job, candidates, broker, market, accounts)
    with localcontext(EXACT):
        rows = {one.source.id: _row(job, guardian, one, evidence) for one in candidates}
    return judged | rows


def _stated(accounts: AccountStates, broker: Broker) -> list[RawDocument]:
    number, stated = accounts.stated(broker.accounts[0])
    return [RawDocument(f"alpaca:/v2/account/{number}", number, AS_OF, stated, 0)]


def _gathered(
    job: str, candidates: Sequence[Candidate[Any]], broker: Broker, market: Market, accounts: AccountStates
) -> Evidence:
    search = OrderSearch(broker, market)
    wants = [loops()[job].wants(one, settings()) for one in candidates]
    market.load(window for want in wants for window in want.bars)
    search.load(wants)
    states = {want.account: accounts.state(want.account) for want in wants if want.account}
    market.load(window for want in wants if want.account for window in want.account_bars(states[want.account]))
    events = search.option_events
    return Evidence(settings(), market, search.orders, accounts=states, option_events=events)


def _row(job: str, guardian: SchemaGuardian[Any, Any], one: Candidate[Any], evidence: Evidence) -> Any:
    return guardian.check(one.source, lambda: loops()[job].build(one, evidence, provenance_of(one)))


def _fees(broker: Broker) -> Results:
    trades = list(_trades())
    books_read = Ledger(broker).books(fee_patch.spans(trades, settings()))
    found = fee_patch.judge(trades, books_read, AS_OF, settings())
    return {one.row.trade_id: one.row.model_copy(update=dict(one.values)) for one in found.rows}


@cache
def _trades() -> tuple[Trade, ...]:
    """The trades of the good account."""
    rows = _archived("trades", scripted(books.script(), settings())).values()
    return tuple(one for one in rows if isinstance(one, Trade))


def _prices(broker: Broker) -> Results:
    lookup, found = OrderLookup(broker), {}
    for one in _documents("price-patch"):
        lacking = {**one.fields, "entry_fill_price": None, "exit_fill_price": 0}
        finding = price_patch.find(RawDocument(one.path, one.id, one.update_time, lacking, one.size), lookup)
        found[one.id] = tuple((value.field, value.stated, value.stored) for value in finding.values)
    return found


_TRACKS: Mapping[str, Callable[[Broker], Results]] = {
    **{job: partial(_archived, job) for job in ("trades", "rejected-signals", "expired-signals", "account-snapshot")},
    "fee-patch": _fees,
    "price-patch": _prices,
}
JOBS = tuple(_TRACKS)


def results(job: str, script: Script) -> Results:
    """What a job makes of a broker's answers.

    Raises:
        BrokerError: The job would fail, or leave the account out, with everything pending.
    """
    found = _TRACKS[job](scripted(script, settings()))
    for one in found.values():
        _require_writable(one)
    return found


def _require_writable(one: Any) -> None:
    """Make of a result what would be sent."""
    if isinstance(one, Reject):
        record_of(one, "a job", "run-1", AS_OF, {})
    elif isinstance(one, ArchivedRow):
        type(one).model_validate(one.model_dump())
        record_batch(type(one), [one]).serialize()
