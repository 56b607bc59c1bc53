from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bars import LENGTHS, Bar
from shared.market import Market, Window, over_at
from tests.unit.samples import settings
from tests.unit.tape import Tape, bar, flat

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
TAPE = list(flat(START, 72))


def market(bars: Mapping[str, Sequence[Bar]], closed_by: datetime = START + 72 * HOUR) -> tuple[Market, Tape]:
    tape = Tape(bars, settings())
    return Market(tape, "1Hour", closed_by), tape


def window(first: float, last: float, symbol: str = "BTC/USD") -> Window:
    """Hours after the start."""
    return Window("CRYPTO", symbol, START + first * HOUR, START + last * HOUR)


def openings(found: Sequence[Bar]) -> list[float]:
    return [(one.t - START) / HOUR for one in found]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(2, 4, [2, 3]), (2, 2, []), (2.5, 4, [3]), (2, 4.5, [2, 3, 4]), (2.5, 4.5, [3, 4]), (2.2, 2.8, []), (-5, 1, [0])],
)
def test_a_window_holds_the_bars_that_open_in_it(first: float, last: float, expected: list[float]) -> None:
    quotes, _ = market({"BTC/USD": TAPE})
    quotes.load([window(first, last)])

    assert openings(quotes.bars(window(first, last))) == expected


halves = st.integers(0, 40).map(lambda half: half / 2)
symbols = st.sampled_from(["BTC/USD", "ETH/USD", "NO/USD"])
windows = st.lists(st.tuples(halves, st.integers(1, 16).map(lambda half: half / 2), symbols), min_size=1, max_size=5)


@given(spans=windows, together=st.booleans())
def test_the_bars_of_a_window_do_not_depend_on_what_else_was_loaded(
    *,
    spans: list[tuple[float, float, str]],
    together: bool,
) -> None:
    wanted = [window(first, first + length, symbol) for first, length, symbol in spans]
    quotes, _ = market({"BTC/USD": TAPE, "ETH/USD": TAPE})
    for some in [wanted] if together else [[one] for one in wanted]:
        quotes.load(some)

    for one, (first, length, symbol) in zip(wanted, spans, strict=True):
        held = [hour for hour in range(72) if first <= hour < first + length and symbol != "NO/USD"]
        assert openings(quotes.bars(one)) == held


def test_a_forming_bar_is_not_data() -> None:
    for closed_by, expected in ((START + 3 * HOUR, [0, 1, 2]), (START + 3 * HOUR - timedelta(microseconds=1), [0, 1])):
        quotes, _ = market({"BTC/USD": TAPE}, closed_by)
        quotes.load([window(0, 10)])
        assert openings(quotes.bars(window(0, 10))) == expected


def test_bars_that_cannot_be_data_are_left_out() -> None:
    odd = [TAPE[0], bar(START + HOUR, 100, 99, 98, 99), bar(START + 2 * HOUR, 0), TAPE[3]]
    quotes, _ = market({"BTC/USD": odd})
    quotes.load([window(0, 4)])

    assert openings(quotes.bars(window(0, 4))) == [0, 3]


def test_windows_that_lie_close_together_are_one_call() -> None:
    quotes, tape = market({"BTC/USD": TAPE})
    quotes.load([window(0, 5), window(3, 8), window(50, 55)])

    assert tape.calls == 1


def test_what_was_fetched_is_not_fetched_again() -> None:
    quotes, tape = market({"BTC/USD": TAPE})
    for _ in range(3):
        quotes.load([window(0, 24)])
        quotes.load([window(3, 8)])

    assert tape.calls == 1
    quotes.load([window(20, 30)])
    assert tape.calls == 2
    assert openings(quotes.bars(window(0, 30))) == list(range(30))


def test_what_every_page_wants_is_fetched_once_however_much_it_is() -> None:
    quotes, tape = market(dict.fromkeys(("BTC/USD", "ETH/USD", "SOL/USD"), TAPE))
    for page in range(5):
        quotes.load([window(0, 24), window(page, 24, "ETH/USD"), window(0, 24, "SOL/USD")])
        quotes.end_page(1)
        assert openings(quotes.bars(window(0, 24, "SOL/USD"))) == list(range(24))

    assert tape.calls == 1


def test_beyond_the_bound_what_was_wanted_least_recently_is_forgotten_and_fetched_again_once_wanted() -> None:
    quotes, tape = market(dict.fromkeys(("BTC/USD", "ETH/USD", "SOL/USD"), TAPE))
    for symbol in ("BTC/USD", "ETH/USD", "BTC/USD", "SOL/USD"):
        quotes.load([window(0, 10, symbol)])
        quotes.end_page(20)
    held = {symbol: len(quotes.bars(window(0, 10, symbol))) for symbol in ("BTC/USD", "ETH/USD", "SOL/USD")}
    assert held == {"BTC/USD": 10, "ETH/USD": 0, "SOL/USD": 10}

    quotes.load([window(3, 5, "ETH/USD"), window(0, 10)])
    assert openings(quotes.bars(window(3, 5, "ETH/USD"))) == [3, 4]
    assert tape.calls == 4


def test_that_a_symbol_has_no_bars_is_not_forgotten_for_it_takes_no_room() -> None:
    quotes, tape = market({"BTC/USD": TAPE, "ETH/USD": []})
    for symbol in ("ETH/USD", "BTC/USD", "ETH/USD"):
        quotes.load([window(0, 10, symbol)])
        quotes.end_page(1)

    assert tape.calls == 2


def test_nothing_is_forgotten_within_the_bound() -> None:
    quotes, _ = market({"BTC/USD": TAPE, "ETH/USD": TAPE})
    for symbol in ("BTC/USD", "ETH/USD"):
        quotes.load([window(0, 10, symbol)])
        quotes.end_page(20)

    assert openings(quotes.bars(window(0, 10))) == list(range(10))


def test_symbols_are_fetched_together_and_only_if_wanted() -> None:
    quotes, tape = market({"BTC/USD": TAPE, "ETH/USD": TAPE[:2], "SOL/USD": TAPE})
    quotes.load([window(0, 5), window(1, 6, "ETH/USD")])

    assert tape.calls == 1
    assert openings(quotes.bars(window(0, 5, "ETH/USD"))) == [0, 1]
    assert openings(quotes.bars(window(0, 5, "SOL/USD"))) == []


def test_what_came_along_with_another_symbol_is_not_fetched_again() -> None:
    quotes, tape = market({"BTC/USD": TAPE, "ETH/USD": TAPE})
    quotes.load([window(0, 24), window(20, 48, "ETH/USD")])
    quotes.load([window(0, 48), window(0, 48, "ETH/USD")])

    assert tape.calls == 1


def test_a_symbol_that_is_refused_among_others_is_the_only_one_without_bars() -> None:
    quotes, tape = market({"BTC/USD": TAPE, "ETH/USD": TAPE})
    quotes.load([window(0, 5), window(0, 5, "NO/USD"), window(0, 5, "ETH/USD")])

    assert tape.calls == 4
    assert [quotes.knows(symbol) for symbol in ("BTC/USD", "ETH/USD", "NO/USD")] == [True, True, False]
    assert openings(quotes.bars(window(0, 5))) == openings(quotes.bars(window(0, 5, "ETH/USD"))) == [0, 1, 2, 3, 4]


def test_asset_classes_are_not_fetched_together() -> None:
    quotes, tape = market({"BTC/USD": TAPE, "AAPL": TAPE})
    quotes.load([window(0, 5), replace(window(0, 5, "AAPL"), asset_class="EQUITY")])

    assert tape.calls == 2


def test_a_symbol_that_the_broker_refuses_is_asked_for_once() -> None:
    quotes, tape = market({})
    quotes.load([window(0, 5, "NO/USD")])
    quotes.load([window(50, 60, "NO/USD")])

    assert tape.calls == 1
    assert not quotes.knows("NO/USD")
    assert quotes.knows("BTC/USD")
    assert openings(quotes.bars(window(0, 5, "NO/USD"))) == []


def test_a_window_that_begins_after_the_run_asks_for_nothing() -> None:
    quotes, tape = market({"BTC/USD": TAPE}, START)
    quotes.load([window(0, 5)])

    assert tape.calls == 0
    assert openings(quotes.bars(window(0, 5))) == []


@pytest.mark.parametrize(("timeframe", "minutes"), [("1Min", 16), ("5Min", 16), ("15Min", 16), ("1Hour", 60)])
def test_of_the_consolidated_feed_nothing_is_asked_that_the_basic_plan_is_refused(timeframe: str, minutes: int) -> None:
    now = START + 48 * HOUR
    tape = Tape({"AAPL": list(flat(START, 72))}, settings())
    quotes = Market(tape, timeframe, now)
    until_now = Window("EQUITY", "AAPL", START, now)
    quotes.load([until_now])

    assert quotes.bars(until_now)[-1].t <= now - timedelta(minutes=minutes) < quotes.bars(until_now)[-1].t + HOUR
    assert quotes.is_over(until_now) == (timeframe == "1Hour")
    assert quotes.is_over(Window("EQUITY", "AAPL", START, now - timedelta(minutes=minutes)))


def test_another_feed_gives_out_what_is_closed() -> None:
    tape = Tape({"AAPL": list(flat(START, 72))}, settings(ALPACA_STOCK_FEED="iex"))

    assert Market(tape, "1Min", START + HOUR).is_over(Window("EQUITY", "AAPL", START, START + HOUR))


@pytest.mark.parametrize(("asset_class", "over"), [("EQUITY", False), ("OPTION", False), ("CRYPTO", True)])
def test_the_last_day_of_a_window_of_the_stock_market_may_end_in_the_small_hours_of_the_next(
    *, asset_class: str, over: bool
) -> None:
    """It begins at midnight in New York."""
    midnight = START + 48 * HOUR
    quotes = Market(Tape({}, settings()), "1Day", midnight)

    assert quotes.is_over(Window(asset_class, "X", START, midnight)) == over
    later = Market(Tape({}, settings()), "1Day", midnight + 24 * HOUR)
    assert later.is_over(Window(asset_class, "X", START, midnight))


@pytest.mark.parametrize("timeframe", LENGTHS)
@pytest.mark.parametrize("asset_class", ["EQUITY", "OPTION", "CRYPTO"])
@pytest.mark.parametrize("minutes", [0, 10, 59.5])
def test_when_a_window_is_over_is_told_beforehand(asset_class: str, timeframe: str, minutes: float) -> None:
    given = settings(BAR_TIMEFRAME=timeframe)
    asked = Window(asset_class, "X", START, START + 48 * HOUR + timedelta(minutes=minutes))
    moment = over_at(asked, given)

    assert not Market(Tape({}, given), timeframe, moment - timedelta(microseconds=1)).is_over(asked)
    assert Market(Tape({}, given), timeframe, moment).is_over(asked)
