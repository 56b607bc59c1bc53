import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pacing import WINDOW_S, Pace
from tests.unit.own_clock import OwnClock

limits = st.integers(1, 12)
pauses = st.lists(st.one_of(st.just(0.0), st.floats(0, 2), st.floats(0, 200)), max_size=80)
"""Seconds that somebody does something else before the next call."""


def starts(limit: int, between: list[float]) -> list[tuple[float, float]]:
    """When each call was wanted, and when it started."""
    time = OwnClock()
    pace, found = Pace(limit, time.clock), []
    for pause in between:
        time.now += pause
        wanted = time.now
        pace.wait()
        found.append((wanted, time.now))
    return found


@given(limits, pauses)
def test_no_minute_sees_more_calls_start_than_allowed(limit: int, between: list[float]) -> None:
    started = [start for _, start in starts(limit, between)]

    for number, start in enumerate(started[limit:]):
        # The window that begins with a call holds the limit at most; any other window holds no more than one of these.
        assert start - started[number] > 60


@given(limits, pauses)
def test_nobody_waits_without_need(limit: int, between: list[float]) -> None:
    found = starts(limit, between)

    for number, (wanted, start) in enumerate(found):
        minute_ago = found[number - limit][1] + WINDOW_S if number >= limit else wanted
        assert start == pytest.approx(max(wanted, minute_ago), abs=1e-6)


def test_a_burst_is_free_until_the_minute_is_used_up() -> None:
    found = starts(200, [0.0] * 1000)

    assert [start for _, start in found[:200]] == [1000.0] * 200
    assert found[-1][1] - found[0][1] == pytest.approx(4 * WINDOW_S)


def test_calls_that_come_slowly_never_wait() -> None:
    assert all(wanted == start for wanted, start in starts(200, [0.301] * 1000))
