from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.broker_retries import (
    LONGEST_ASKED_S,
    RESERVE,
    Again,
    Failure,
    GiveUp,
    Limits,
    RetryBudget,
    asked_for,
    decided,
)

NOW = datetime(2026, 9, 28, 14, 30, tzinfo=UTC)
STAMP = NOW.timestamp()
LIMITS = Limits(attempts=6, backoff_s=30)

PASSING = (None, 200, 429, 500, 502, 503, 504)
REFUSALS = (301, 302, 304, 400, 401, 403, 404, 405, 409, 410, 418, 422, 501, 505)
failures = st.builds(Failure, st.sampled_from(PASSING), st.just("broken"), st.floats(0, 1e6))
limits = st.builds(Limits, st.integers(1, 20), st.floats(0, 120))
draws = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_is_never_asked_again(status: int) -> None:
    assert decided(Failure(status, "no", 5), 1, 0, LIMITS, affordable=True, draw=0.5) == GiveUp("")


@pytest.mark.parametrize("status", PASSING)
def test_what_may_pass_is_asked_again(status: int | None) -> None:
    assert decided(Failure(status, ""), 1, 0, LIMITS, affordable=True, draw=0.5) == Again(asked_s=0, own_s=0.5)


@pytest.mark.parametrize(
    ("attempt", "waited", "affordable", "why"),
    [
        (6, 0.0, True, "gave up after 6 attempts"),
        (1, 0.0, False, "the retry budget of the run is spent"),
        (2, 30.0, True, "gave up after 30 s of waiting"),
    ],
)
def test_giving_up_says_what_gave_out(attempt: int, waited: float, *, affordable: bool, why: str) -> None:
    assert decided(Failure(503, ""), attempt, waited, LIMITS, affordable=affordable, draw=0.5) == GiveUp(why)


@pytest.mark.parametrize(("attempt", "own"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 10), (19, 10)])
def test_the_ceiling_of_the_backoff_doubles_up_to_twenty_seconds(attempt: int, own: float) -> None:
    patient = Limits(attempts=20, backoff_s=1000)

    assert decided(Failure(500, ""), attempt, 0, patient, affordable=True, draw=0.5) == Again(0, own)


@given(failures, limits, st.lists(draws, min_size=20, max_size=20))
def test_one_call_is_bounded_in_attempts_and_in_waiting_of_its_own(
    failure: Failure, limits: Limits, chance: list[float]
) -> None:
    waited, attempt = 0.0, 1
    while isinstance(
        step := decided(failure, attempt, waited, limits, affordable=True, draw=chance[attempt - 1]), Again
    ):
        attempt, waited = attempt + 1, waited + step.own_s

    assert attempt <= limits.attempts
    assert waited <= limits.backoff_s + 1e-9


@given(failures, limits, st.integers(1, 20), st.floats(0, 120), draws)
def test_the_broker_is_left_alone_as_long_as_it_asks_within_reason(
    failure: Failure, limits: Limits, attempt: int, waited: float, draw: float
) -> None:
    step = decided(failure, attempt, waited, limits, affordable=True, draw=draw)

    if isinstance(step, Again):
        assert step.asked_s == min(failure.asked_s, LONGEST_ASKED_S)
        assert 0 <= step.own_s <= 20


@given(failures, st.integers(1, 5), st.floats(0, 29), draws)
def test_there_is_no_retry_that_nobody_pays(failure: Failure, attempt: int, waited: float, draw: float) -> None:
    assert isinstance(decided(failure, attempt, waited, LIMITS, affordable=False, draw=draw), GiveUp)


def test_what_the_broker_asked_for_is_not_our_waiting() -> None:
    none_left = Limits(attempts=6, backoff_s=0)

    assert decided(Failure(429, "", 42), 1, 0, none_left, affordable=True, draw=0.9) == Again(42, 0)


HTTP_IN_20_S = format_datetime(datetime(2026, 9, 28, 14, 30, 20, tzinfo=UTC), usegmt=True)
HTTP_NOW = format_datetime(NOW, usegmt=True)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {}, 0),
        (429, {"Retry-After": "7"}, 7),
        (503, {"Retry-After": "7"}, 7),
        (429, {"Retry-After": HTTP_IN_20_S}, 20),
        (503, {"Retry-After": HTTP_IN_20_S}, 20),
        (429, {"X-RateLimit-Reset": str(int(STAMP) + 33)}, 33),
        (429, {"X-RateLimit-Reset": str(int(STAMP) + 33), "Retry-After": "7"}, 33),
        (429, {"X-RateLimit-Reset": str(int(STAMP) + 3), "Retry-After": "7"}, 7),
        (503, {"X-RateLimit-Reset": str(int(STAMP) + 33)}, 0),
        (429, {"X-RateLimit-Reset": str(int(STAMP) - 33)}, 0),
        (429, {"X-RateLimit-Reset": "soon", "Retry-After": "later"}, 0),
        (429, {"X-RateLimit-Reset": "nan", "Retry-After": "inf"}, 0),
        (429, {"Retry-After": "-5"}, 0),
    ],
)
def test_how_long_an_answer_asks_to_be_left_alone(status: int, headers: Mapping[str, str], seconds: float) -> None:
    assert asked_for(status, headers, STAMP) == seconds


@pytest.mark.parametrize("ahead", [-86_400, -90, 0, 90, 86_400])
def test_moments_are_measured_by_the_broker_s_own_clock(ahead: float) -> None:
    for moment in ({"X-RateLimit-Reset": str(int(STAMP) + 20)}, {"Retry-After": HTTP_IN_20_S}):
        assert asked_for(429, {"Date": HTTP_NOW, **moment}, STAMP + ahead) == 20


@given(
    st.sampled_from([429, 503]),
    st.dictionaries(st.sampled_from(["Retry-After", "X-RateLimit-Reset", "Date"]), st.text(max_size=30)),
)
def test_headers_may_say_anything(status: int, headers: dict[str, str]) -> None:
    assert asked_for(status, headers, STAMP) >= 0


@given(st.lists(st.integers(0, 5), max_size=300))
def test_retries_are_a_tenth_of_the_calls_and_the_reserve(wanted: list[int]) -> None:
    budget, retries = RetryBudget(), 0
    for calls, failures in enumerate(wanted, 1):
        budget.earn()
        for _ in range(failures):
            if budget.affords_one:
                budget.spend()
                retries += 1
        assert retries <= RESERVE + calls / 10
        assert budget.affords_one or retries == RESERVE + calls // 10
