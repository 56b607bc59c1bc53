"""Whether a call to the broker that failed is sent again, and after how long. Pure: no client, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite

LONGEST_ASKED_S = 90.0
"""The broker counts in minutes; whoever asks for much more than one has another clock or another trouble."""
RESERVE = 10
"""Retries that a run has before its calls have earned any."""
CALLS_PER_RETRY = 10
"""So many calls earn one retry: retries stay a tenth of the traffic, however bad the day."""
_FIRST_S = 1.0
_LONGEST_S = 20.0
_PASSING = frozenset({200, 429, 500, 502, 503, 504})
"""Statuses after which the same question may be asked again; 200 where its body was none."""


@dataclass(frozen=True)
class Failure:
    """Why one attempt brought no answer."""

    status: int | None
    """None: no answer came."""
    detail: str
    asked_s: float = 0.0
    """How long the broker asks to be left alone, seconds."""

    @property
    def passing(self) -> bool:
        """Whether another attempt may fare better."""
        return self.status is None or self.status in _PASSING


@dataclass(frozen=True)
class Limits:
    """What one call may spend."""

    attempts: int
    """The first one included."""
    backoff_s: float
    """Waiting of our own accord, all attempts together, seconds."""


@dataclass(frozen=True)
class Again:
    """Ask once more after a wait."""

    asked_s: float
    own_s: float


@dataclass(frozen=True)
class GiveUp:
    """Ask no more."""

    why: str
    """What gave out; empty where nothing did and the broker just said no."""


def decided(
    failure: Failure, attempt: int, waited_s: float, limits: Limits, *, affordable: bool, draw: float
) -> Again | GiveUp:
    """Decide after the failure of an attempt (1 is the first), `waited_s` of own backoff behind it.

    The backoff is full jitter: `draw`, from [0, 1), of a ceiling that doubles. What the broker asked for comes first
    and is not counted, for it is no guess.
    """
    if not failure.passing:
        return GiveUp("")
    if attempt >= limits.attempts:
        return GiveUp(f"gave up after {attempt} attempts")
    if not affordable:
        return GiveUp("the retry budget of the run is spent")
    asked, left = min(failure.asked_s, LONGEST_ASKED_S), max(0.0, limits.backoff_s - waited_s)
    if not asked and not left:
        return GiveUp(f"gave up after {limits.backoff_s:g} s of waiting")
    return Again(asked, min(draw * min(_LONGEST_S, _FIRST_S * 2 ** (attempt - 1)), left))


def asked_for(status: int, headers: Mapping[str, str], now: float) -> float:
    """Read how long an answer asks to be left alone, seconds; 0 where it does not.

    `Retry-After` counts on any status, `X-RateLimit-Reset` (which is on every answer) on 429 only. Moments are measured
    by the answer's own `Date`, for the two clocks may differ; `now`, seconds since 1970, stands in for a missing one.
    """
    theirs = _http_date(headers.get("Date")) or now
    after = headers.get("Retry-After")
    seconds, moment = _number(after), _http_date(after)
    asked = [seconds or 0.0, (moment or theirs) - theirs]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        asked.append((_number(headers.get("X-RateLimit-Reset")) or theirs) - theirs)
    return max(0.0, *asked)


class RetryBudget:
    """The retries of one run: every call earns a tenth of one, the reserve gets a short run over a bad minute."""

    def __init__(self) -> None:
        """Begin with the reserve."""
        self._earned = RESERVE * CALLS_PER_RETRY

    def earn(self) -> None:
        """Count one call; not its retries, which would pay for each other."""
        self._earned += 1

    @property
    def affords_one(self) -> bool:
        """Whether a retry can be paid."""
        return self._earned >= CALLS_PER_RETRY

    def spend(self) -> None:
        """Pay for one retry."""
        self._earned -= CALLS_PER_RETRY


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) else None


def _http_date(text: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
