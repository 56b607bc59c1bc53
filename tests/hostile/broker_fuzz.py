"""Answers of the broker with anything in them, each job's work over them, and what must hold of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from random import Random
from typing import Any

from schemas.trades import Trade
from shared.broker_calls import BrokerError
from shared.quarantine import Reject
from tests.hostile import books
from tests.hostile.broker_track import Results, results
from tests.hostile.json_values import defaced, mutated

_ORDERS = ("/v2/orders", "/v2/account/activities FILL", "/v2/account/activities OPEXP,OPASN,OPEXC")
_BARS = ("/v1beta3/crypto/us/bars",)
_ORDERS_BY_ID = tuple(path for path in books.script() if path.startswith("/v2/orders"))
ASKED: Mapping[str, tuple[str, ...]] = {
    "trades": (*_ORDERS * 3, *_BARS),
    "rejected-signals": _BARS,
    "expired-signals": _BARS,
    "account-snapshot": tuple(path for path in books.account()),
    "fee-patch": ("/v2/account/activities FILL", "/v2/account/activities CFEE,FEE", "/v2/calendar"),
    "price-patch": _ORDERS_BY_ID,
}
"""Job → what it asks the broker for."""
_PRICED = ("entry_price", "exit_price", "qty", "gross_pnl_usd", "pnl_usd", "symbol", "broker_check", "entry_time")
_SIMULATED = ("theoretical_pnl_usd", "theoretical_exit_price", "max_mfe", "would_have_triggered")


def fuzz(job: str, seeds: Iterable[int], tally: Counter[str]) -> Iterator[str]:
    """Work over one spoilt answer for each seed; yield every wrong result, with the command that shows it again."""
    clean = _clean(job)
    for seed in seeds:
        random = Random(f"{job} {seed}")  # noqa: S311 - repeatable, not secret
        path, spoil = random.choice(ASKED[job]), random.choice((mutated, defaced))
        answers = books.script()
        try:
            found = results(job, {**answers, path: spoil(answers[path], random)})
        except BrokerError:
            tally["refused by name"] += 1
            continue
        except Exception as error:
            error.add_note(replay(job, seed))
            raise
        tally.update(type(one).__name__ for one in found.values())
        # What junk stands for, no field can mean; of anything else some is another broker's good answer.
        sentences = _WRONG[job](clean, found) if spoil is defaced else ()
        yield from (f"{path}: {sentence}\n  {replay(job, seed)}" for sentence in sentences)


@cache
def _clean(job: str) -> Results:
    """What the job makes of the good answers."""
    return results(job, books.script())


def replay(job: str, seed: int) -> str:
    """The command that shows a seed again."""
    return f".venv/bin/python -m tests.hostile broker:{job} {seed}"


def _differing(clean: Results, found: Results, names: Iterable[str]) -> Iterator[tuple[str, str, Any]]:
    """Columns of rows that differ from the good ones: id, column, value."""
    for key, row in found.items():
        if key in clean and not isinstance(row, Reject):
            for name in names:
                if (value := getattr(row, name, None)) != getattr(clean[key], name, None):
                    yield key, name, value


def _wrong_trades(clean: Results, found: Results) -> Iterator[str]:
    """A trade is archived with the prices and the quantity that it had, or not at all."""
    return (f"{key} has another {name}" for key, name, _ in _differing(clean, found, _PRICED))


def _wrong_signals(clean: Results, found: Results) -> Iterator[str]:
    """A signal is simulated as it was, or says that bars are missing."""
    for key, name, _ in _differing(clean, found, _SIMULATED):
        if found[key].window_complete:
            yield f"{key} has another {name} and calls its window complete"


def _wrong_snapshots(clean: Results, found: Results) -> Iterator[str]:
    """A number of the account is what it was, or is not known."""
    names = [name for name in next(iter(clean.values())).model_dump() if name.endswith("_usd")]
    for key, name, value in _differing(clean, found, ("equity", "cash", "option_positions", *names)):
        if value is not None:
            yield f"{key} has another {name}"


def _wrong_fees(clean: Results, found: Results) -> Iterator[str]:
    """A fee is called final only if it is what it was; what never came is not known."""
    for key, _, value in _differing(clean, found, ("actual_fee_usd",)):
        trade: Trade = found[key]
        if trade.fee_finalized and trade.fee_method != "NONE_POSTED" and value is not None:
            yield f"{key} has another fee and calls it final"


def _wrong_prices(clean: Results, found: Results) -> Iterator[str]:
    """A price is the true one, or none is written."""
    return (f"{key} gets another price" for key, prices in found.items() if not set(prices) <= set(clean[key]))


_WRONG: Mapping[str, Callable[[Results, Results], Iterator[str]]] = {
    "trades": _wrong_trades,
    "rejected-signals": _wrong_signals,
    "expired-signals": _wrong_signals,
    "account-snapshot": _wrong_snapshots,
    "fee-patch": _wrong_fees,
    "price-patch": _wrong_prices,
}
