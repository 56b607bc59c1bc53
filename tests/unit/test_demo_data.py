import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.local import demo_data
from infra.local.demo_data.__main__ import main
from infra.local.fixtures import Bar, bar_files, collections, read_bars
from schemas.document import Document
from schemas.expired_signals import LiveSignalDocument
from schemas.reasons import Reason
from schemas.rejected_signals import RejectedSignalDocument
from schemas.strategies import StrategyDocument
from schemas.trades import PositionDocument
from shared.guardian import SchemaGuardian
from shared.quarantine import Reject
from shared.values import RawDocument

MODELS: dict[str, type[Document]] = {
    "live_positions": PositionDocument,
    "rejected_signals": RejectedSignalDocument,
    "live_signals": LiveSignalDocument,
    "dim_strategies": StrategyDocument,
}
NOT_SEEN_IN_THE_DOCUMENT = {
    Reason.BROKER_ORDER_MISSING,
    Reason.BROKER_NOT_FILLED,
    Reason.MISSING_FILL_PRICE,
    Reason.FEE_RATE_UNKNOWN,
    Reason.STOCK_SPLIT,
}
LARGEST_BYTES = 900_000
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Demo:
    """The generated directory, read back."""

    documents: dict[str, dict[str, dict[str, Any]]]
    bars: dict[str, list[Bar]]
    expected: demo_data.Expectations

    def clean(self, collection: str) -> list[dict[str, Any]]:
        """Documents that nothing is wrong with."""
        every = self.documents[collection].items()
        return [fields for key, fields in every if f"{collection}/{key}" not in self.expected.reasons]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    directory = tmp_path_factory.mktemp("demo")
    demo_data.generate(directory)
    documents: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for collection, document_id, fields in collections(directory):
        documents[collection][document_id] = fields
    bars = {symbol: read_bars(path) for symbol, path in bar_files(directory).items()}
    return Demo(documents, bars, demo_data.expectations())


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def verdict(collection: str, document_id: str, fields: dict[str, Any]) -> Reason | None:
    size = len(json.dumps(fields, default=str))
    raw = RawDocument(f"{collection}/{document_id}", document_id, demo_data.AS_OF, fields, size)
    found = SchemaGuardian(MODELS[collection], LARGEST_BYTES).admit(raw)
    return found.reason if isinstance(found, Reject) else None


def instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        result = CliRunner().invoke(main, [str(tmp_path / name), "--seed", str(seed)])
        assert result.exit_code == 0, result.output

    assert files(tmp_path / "one") == files(tmp_path / "same")
    other = files(tmp_path / "other")
    assert {name for name, content in files(tmp_path / "one").items() if content == other[name]} == {
        "firestore/dim_strategies.ndjson"
    }


@pytest.mark.parametrize("collection", MODELS)
def test_a_document_fails_its_schema_exactly_where_that_is_expected(demo: Demo, collection: str) -> None:
    expected = {
        path: reason for path, reason in demo.expected.reasons.items() if Reason(reason) not in NOT_SEEN_IN_THE_DOCUMENT
    }

    for document_id, fields in demo.documents[collection].items():
        if fields.get("status") != "OPEN":
            assert verdict(collection, document_id, fields) == expected.get(f"{collection}/{document_id}"), document_id


def test_every_reason_occurs_and_several_do_in_every_collection_of_signals(demo: Demo) -> None:
    by_collection: dict[str, set[str]] = defaultdict(set)
    for path, reason in demo.expected.reasons.items():
        by_collection[path.split("/")[0]].add(reason)

    # No stock of the demo is split.
    assert by_collection["live_positions"] == {reason.value for reason in Reason if reason is not Reason.STOCK_SPLIT}
    assert len(by_collection["rejected_signals"]) >= 6
    assert len(by_collection["live_signals"]) >= 6


def test_one_document_is_too_large_for_the_jobs_but_not_for_firestore(demo: Demo) -> None:
    sizes = [len(json.dumps(fields, default=str)) for fields in demo.documents["live_positions"].values()]

    assert [LARGEST_BYTES < size < 2**20 for size in sizes if size > 10_000] == [True]


def test_every_alternative_spelling_occurs_in_clean_documents(demo: Demo) -> None:
    positions, rejected, live = (demo.clean(name) for name in ("live_positions", "rejected_signals", "live_signals"))

    for first, second in (
        ("entry_fill_price", "filled_avg_price"),
        ("filled_at", "entry_time"),
        ("alpaca_order_id", "entry_order_id"),
        ("current_stop_loss", "current_stop"),
    ):
        assert {first in each for each in positions} == {second in each for each in positions} == {True, False}
    for signals in (rejected, live):
        assert any("tp1" in each for each in signals)
        assert any(each.get("take_profit_1") for each in signals)
    for documents in (positions, rejected, live):
        assert {each["side"] for each in documents} == {"LONG", "SHORT", "buy", "sell"}


def test_numbers_and_times_come_in_every_form(demo: Demo) -> None:
    positions = demo.clean("live_positions")

    assert {type(each["qty"]) for each in positions} == {int, float, str}
    assert {type(each.get("exit_fill_price")) for each in positions} >= {float, str, type(None)}
    assert {type(each["exit_time"]) for each in positions if "exit_time" in each} == {datetime, str}
    assert any(str(each.get("exit_time")).endswith("-04:00") for each in positions)


def test_counts_of_due_and_pending_follow_from_the_documents(demo: Demo) -> None:
    expected, as_of = demo.expected, demo_data.AS_OF
    positions, rejected = demo.clean("live_positions"), demo.clean("rejected_signals")
    expired = [each for each in demo.clean("live_signals") if each["status"] == "EXPIRED"]
    old = [each for each in rejected if instant(each["created_at"]) < as_of - timedelta(days=7)]
    settled = [each for each in expired if instant(each["valid_until"]) + timedelta(hours=24) <= as_of]

    assert sum(each["status"] == "CLOSED" for each in positions) == len(expected.trades)
    assert sum(each["status"] == "OPEN" for each in positions) == expected.positions_open
    assert (len(old), len(rejected) - len(old)) == (expected.rejected_due, expected.rejected_pending)
    assert (len(settled), len(expired) - len(settled)) == (expected.expired_due, expected.expired_pending)
    assert len(demo.clean("live_signals")) - len(expired) == expected.live_others
    assert sum(each["symbol"] not in demo.bars for each in old) == expected.rejected_without_bars > 0
    assert len(demo.documents["dim_strategies"]) == expected.strategies == 3


def test_quarantine_counts_follow_from_the_reasons(demo: Demo) -> None:
    paths = [path.split("/")[0] for path in demo.expected.reasons]

    assert paths.count("live_positions") == demo.expected.trades_quarantined
    assert paths.count("rejected_signals") == demo.expected.rejected_quarantined
    assert paths.count("live_signals") == demo.expected.expired_quarantined
    assert all(path.split("/")[1] in demo.documents[path.split("/")[0]] for path in demo.expected.reasons)


def test_two_or_three_expired_signals_were_moonshots(demo: Demo) -> None:
    def excursion_pct(fields: dict[str, Any]) -> Decimal:
        signal = LiveSignalDocument.model_validate({**fields, "__id__": fields["signal_id"]})
        bars = [bar for bar in demo.bars[signal.symbol] if signal.created_at <= bar.time < signal.valid_until]
        gains = [
            bar.high - signal.entry_price if signal.side == "LONG" else signal.entry_price - bar.low for bar in bars
        ]
        return max(gains, default=Decimal(0)) / signal.entry_price * 100

    expired = [each for each in demo.clean("live_signals") if each["status"] == "EXPIRED"]

    assert sum(excursion_pct(each) >= 10 for each in expired) == demo.expected.moonshots
    assert 2 <= demo.expected.moonshots <= 3


def test_some_rejected_signals_lack_a_stop_or_a_target_and_reasons_vary(demo: Demo) -> None:
    rejected = demo.clean("rejected_signals")

    assert sum(not each.get("suggested_stop") for each in rejected) >= 5
    assert sum(not (each.get("take_profit_1") or each.get("tp1")) for each in rejected) >= 5
    assert len({each["rejection_reason"] for each in rejected}) >= 5


def test_bars_are_consistent_hourly_and_where_the_markets_are_open(demo: Demo) -> None:
    for symbol, bars in demo.bars.items():
        assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
        assert bars[0].time >= datetime(2026, 8, 25, tzinfo=UTC)
        assert bars[-1].time < demo_data.AS_OF
        assert all(price == round(price, 2) > 0 for bar in bars for price in bar[1:5])
        if "/" in symbol:
            assert all(later.time - bar.time == HOUR for bar, later in pairwise(bars))
        else:
            assert {bar.time.hour for bar in bars} == set(range(13, 20))
            assert date(2026, 9, 7) not in {bar.time.date() for bar in bars}
