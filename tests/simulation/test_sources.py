"""What the simulated broker's books leave open: only earlier trades can have paid a fee."""

from tests.simulation.histories import History
from tests.simulation.sources import PAPER, REAL


def after(*names: str, seed: int = 0) -> History:
    """A history in which these things happened to whichever trades."""
    history = History(seed)
    for name in names:
        history.act(history.sources.actions()[name])
    return history


def test_with_all_fees_posted_there_is_no_doubt_about_any_trade_on_paper_or_not() -> None:
    sources = after("fees whole").sources

    assert len(sources.filled) == 1
    assert not any(map(sources.undecidable, (*sources.filled, *range(1, min(sources.filled)))))


def test_a_trade_without_its_coin_fee_leaves_all_later_ones_in_doubt() -> None:
    sources = after("fees dollar").sources
    (filled,) = sources.filled

    assert [sources.undecidable(one) for one in (*REAL, *PAPER)] == [one > filled for one in (*REAL, *PAPER)]


def test_doubt_is_remembered_when_it_is_over() -> None:
    history = after("fees dollar")
    (filled,) = history.sources.filled
    began, later = history.world.time.now(), filled + 1
    history.sleep(60)
    while history.sources.undecidable(later):
        history.act(history.sources.actions()["fees coin"])

    assert history.sources.in_doubt_since(later, began)
    assert not history.sources.in_doubt_since(later, history.world.time.now())
