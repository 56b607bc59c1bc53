"""The track that a page of documents takes in a run, from the service's messages to what is sent, with no server.

The market and the orders are fixed: those that `tests.emulator.builders` writes for its positions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import localcontext
from functools import cache, partial
from typing import Any

from jobs.registry import loops
from schemas.table import ArchivedRow, Provenance
from shared.bars import Bar
from shared.formulae import EXACT
from shared.guardian import SchemaGuardian
from shared.loop import Candidate, Evidence
from shared.market import Market
from shared.order_book import OrderBook
from shared.quarantine import Reject
from shared.survey import judge
from shared.values import RawDocument, decode_document, to_json
from tests.emulator import builders
from tests.hostile.documents import POSITIONS
from tests.unit.samples import settings
from tests.unit.tape import Tape

AS_OF = datetime(2026, 10, 15, tzinfo=UTC)


@dataclass(frozen=True)
class Outcome:
    """What became of one document."""

    message: Any
    source: RawDocument
    result: ArchivedRow | Reject | None
    """None: not due."""


class Track:
    """The track of one job."""

    def __init__(self, job: str) -> None:
        self.loop: Any = loops()[job]
        self.guardian: SchemaGuardian[Any, Any] = SchemaGuardian(self.loop.document, settings().max_document_bytes)

    def outcomes(self, documents: Iterable[Any]) -> list[Outcome]:
        """Run a page of messages through."""
        sources = [(message, decode_document(message)) for message in documents]
        judged = [(message, source, self.judged(source)) for message, source in sources]
        evidence = self._evidence([one for _, _, one in judged if isinstance(one, Candidate)])
        with localcontext(EXACT):
            return [Outcome(message, source, self._result(one, evidence)) for message, source, one in judged]

    def judged(self, source: RawDocument) -> Candidate[Any] | Reject | None:
        """What a document is to the loop."""
        found = judge(self.loop, self.guardian, source, AS_OF, settings())
        if isinstance(found, Candidate):
            self.loop.ds(found)
            self.loop.key(found)
        return found

    def _evidence(self, candidates: Iterable[Candidate[Any]]) -> Evidence:
        wants = [self.loop.wants(one, settings()) for one in candidates]
        market = Market(Tape({"BTC/USD": _bars()}, settings()), settings().bar_timeframe, AS_OF)
        market.load(window for want in wants for window in want.bars)
        return Evidence(settings(), market, _orders())

    def _result(self, one: Candidate[Any] | Reject | None, evidence: Evidence) -> ArchivedRow | Reject | None:
        if not isinstance(one, Candidate):
            return one
        return self.guardian.check(one.source, partial(self._row, one, evidence))

    def _row(self, one: Candidate[Any], evidence: Evidence) -> ArchivedRow:
        row: ArchivedRow = self.loop.build(one, evidence, provenance_of(one))
        return row


def provenance_of(one: Candidate[Any]) -> Provenance:
    """What a run says about where a row comes from."""
    return Provenance(
        source_path=one.source.path,
        source_rev=one.source.update_time,
        source_extra=to_json(one.document.extra) if one.document.extra else None,
        run_id="run-1",
        revised_by=None,
        revised_at=None,
        git_hash="abc",
        schema_version="1",
        archived_at=AS_OF,
    )


@cache
def _bars() -> list[Bar]:
    return [Bar(one.time, one.open, one.high, one.low, one.close) for one in builders.bars()]


@cache
def _orders() -> OrderBook:
    book = OrderBook()
    for number in range(POSITIONS):
        book.add(builders.orders(number))
    return book
