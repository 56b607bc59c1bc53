"""While one page is built and written, the next ones are read, and the table is asked about them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from shared import documents, stretches
from shared.warehouse import ASKED_AHEAD
from tests.emulator import moments
from tests.emulator.builders import position, put
from tests.emulator.promises import Promises
from tests.emulator.wire import PATIENCE_S, Call, Gate, Wire, nth
from tests.stack import LocalStack

PAGES, PAGE = 6, 4
ASKED_FIRST = 2 + 1 + ASKED_AHEAD
"""Questions before the first page is made: some names are tried twice, in vain; about that page, and those ahead."""


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
    # The first page may be on its way still when the next question sets out.
    assert before.count("a") - ASKED_FIRST in {0, 1}


def test_names_are_compared_while_later_ones_are_read(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    stack.run("trades")
    wire.set()
    assert wired.run("trades").counts.already == PAGES * PAGE
    assert "r" + "a" * (1 + ASKED_AHEAD) + "r" in steps(wire)
    Promises(stack).assert_kept()


def test_a_page_is_on_its_way_while_the_next_one_is_made(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    """The next page is drawn with a question about a later one; here its coming lets the append go."""
    gate, drawn, next_question = Gate(moments.appends), Event(), nth(ASKED_FIRST + 1, asks)

    def held(call: Call) -> None:
        if next_question(call):
            drawn.set()
        gate(call)

    wire.set(before=held)
    with ThreadPoolExecutor(1) as thread:
        run = thread.submit(wired.run, "trades", PAGE_SIZE=str(PAGE))
        with gate.held():
            assert drawn.wait(PATIENCE_S), "nothing was done while an append was on its way"
            assert sum(map(moments.appends, wire.calls)) == 1
        assert run.result(PATIENCE_S).counts.archived == PAGES * PAGE
    Promises(stack).assert_kept()
