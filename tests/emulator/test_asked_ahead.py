"""While one page is built and written, the next ones are read, and the table is asked about them."""

import pytest

from shared import documents, stretches
from shared.warehouse import ASKED_AHEAD
from tests.emulator.builders import position, put
from tests.emulator.promises import Promises
from tests.emulator.wire import Call, Wire
from tests.stack import LocalStack

PAGES, PAGE = 6, 4


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, most in ((documents, "PAGE", 12), (stretches, "PAGE", 12), (stretches, "_NAMES", PAGE)):
        monkeypatch.setattr(module, name, most)
    monkeypatch.setattr(stretches, "_TRIED", PAGE)


@pytest.fixture(autouse=True)
def _positions(stack: LocalStack) -> None:
    put(stack, "live_positions", *(position(n, trade_type="THEORETICAL") for n in range(1, PAGES * PAGE + 1)))


def asks(call: Call) -> bool:
    return call.name.startswith("POST") and call.name.endswith("/jobs") and call.mentions("identities", "fact_trades")


def is_answered(call: Call) -> bool:
    return call.name.startswith("GET") and "/queries/" in call.name


def steps(wire: Wire) -> str:
    """Write the run's calls as letters: a(sks) about keys, reads an answer (r), w(rites) rows."""
    kinds = (("a", asks), ("r", is_answered), ("w", lambda call: call.name == "AppendRows"))
    return "".join(letter for call in wire.calls for letter, is_one in kinds if is_one(call))


def test_pages_are_compared_while_earlier_ones_are_written(wired: LocalStack, wire: Wire) -> None:
    assert wired.run("trades", PAGE_SIZE=str(PAGE)).counts.archived == PAGES * PAGE
    before, _ = steps(wire).split("w", 1)
    # About the first page its names were asked, and found in no row.
    assert before.count("a") == 1 + ASKED_AHEAD


def test_names_are_compared_while_later_ones_are_read(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    stack.run("trades")
    wire.set()
    assert wired.run("trades").counts.already == PAGES * PAGE
    assert "r" + "a" * (1 + ASKED_AHEAD) + "r" in steps(wire)
    Promises(stack).assert_kept()
