"""Random books (ten thousand in the slow lane): every posted cent is somewhere, once, and only the facts say where."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from shared.postings import Group
from shared.reconciliation import reconcile
from shared.trade_fees import Reconciliation, TradeFees
from tests.unit.fee_graphs import Author, Books, corrected, paged, shuffled

SOME, MANY, PARTS = 500, 10_000, 10


def settled(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC) + timedelta(days=1)


def reconciled(books: Books) -> Reconciliation:
    return reconcile(books.claims, books.executions(), books.postings(), settled)


def posted_dollars(books: Books) -> dict[Group, Decimal]:
    """What the rows say, added up by hand: dollars only, for a coin fee's dollars depend on its fill."""
    total: dict[Group, Decimal] = defaultdict(Decimal)
    for one in books.postings():
        if one.usd is not None:
            total[Group(one.account, one.day, one.kind)] += one.usd
    return total


def assert_adds_up(books: Books, answer: Reconciliation) -> None:
    """Σ trades + Σ foreign + Σ unattributed = Σ posted, for every account, day and kind."""
    stated = posted_dollars(books)
    for group, total in answer.totals.items():
        assert total.posted == total.attributed + total.foreign + total.unattributed
        assert min(total.attributed, total.foreign, total.unattributed) >= 0
        if group.kind != "CFEE":
            assert total.posted == stated[group]
        else:
            assert total.posted >= stated[group]
    assert stated.keys() <= answer.totals.keys()
    trades = sum((trade.usd for trade in answer.trades.values()), Decimal(0))
    assert trades == sum((total.attributed for total in answer.totals.values()), Decimal(0))
    lost = sum((trade.unattributed for trade in answer.trades.values()), Decimal(0))
    assert lost <= sum((total.unattributed for total in answer.totals.values()), Decimal(0))


def assert_coins_count_once(books: Books, answer: Reconciliation) -> None:
    """Where nothing is lost and all found its place, the coin fees come to what was really paid, none twice.

    Coins that somebody else paid may change places among executions a percent apart in price.
    """
    for account, paid in books.true_totals.items():
        totals = [total for group, total in answer.totals.items() if (group.account, group.kind) == (account, "CFEE")]
        if not answer.unvalued and not any(total.unattributed for total in totals):
            assert abs(sum((total.posted for total in totals), Decimal(0)) - paid) <= paid / 50


def assert_true(books: Books, answer: Reconciliation) -> None:
    """What is called certain is the truth: nothing ambiguous or missing was guessed."""
    for trade_id, trade in answer.trades.items():
        if verdict(trade) == "exact":
            assert trade.usd == books.true_coin_fees[trade_id]


def assert_holds(seeds: Iterable[int]) -> Counter[str]:
    """Hold everything for some books; tell how many trades came out which way."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        chance = Random(seed)  # noqa: S311 - a reproducible graph, no secret
        books = Author(chance).write()
        answer = reconciled(books)
        assert_adds_up(books, answer)
        assert_true(books, answer)
        assert_coins_count_once(books, answer)
        assert reconciled(paged(books, chance)) == answer
        assert reconciled(shuffled(books, chance)) == answer
        assert reconciled(corrected(books, chance)) == answer
        seen.update(verdict(trade) for trade in answer.trades.values())
    return seen


def verdict(trade: TradeFees) -> str:
    if trade.ambiguous or trade.obscure or trade.missing:
        return "ambiguous" if trade.ambiguous else "lacking"
    return "exact" if trade.exact else "split"


def test_whatever_the_books_every_posted_cent_is_accounted_for_once() -> None:
    seen = assert_holds(range(SOME))

    assert min(seen[name] for name in ("exact", "split", "lacking", "ambiguous")) > SOME // 100


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_ten_thousand_books_hold(part: int) -> None:
    assert_holds(range(part, MANY, PARTS))
