"""The search over many histories: none is left out, and what is wrong with one is told with how to see it again."""

from click.testing import CliRunner

from tests.simulation.__main__ import main
from tests.simulation.histories import History
from tests.simulation.search import SHARE, broken_in, search


class BrokenOff(History):
    """A history in which something fails that no promise speaks of."""

    def change(self) -> None:
        raise ZeroDivisionError("nobody foresaw this")


class Unkept(History):
    """A history whose oracle objects."""

    def check(self) -> None:
        self._report(["a row came twice"])


def test_every_seed_is_lived_through_in_order_and_shared_out() -> None:
    shares = list(search(range(7, 7 + 3), 2))

    assert [seed for share in shares for seed in share.seeds] == [7, 8, 9]
    assert not any(share.broken for share in shares)
    assert len(shares) == 1 < SHARE


def test_a_broken_promise_is_told_with_its_story_and_the_command_that_replays_it() -> None:
    broken = broken_in(Unkept(3))

    assert broken is not None
    assert broken.seed == 3
    assert broken.story.startswith("a row came twice\nafter:\n")
    assert str(broken).endswith("again: python -m tests.simulation --seed 3")


def test_a_history_that_breaks_off_is_told_like_one_that_breaks_a_promise() -> None:
    broken = broken_in(BrokenOff(4))

    assert broken is not None
    assert "ZeroDivisionError: nobody foresaw this" in broken.story


def test_one_history_is_told_step_by_step() -> None:
    history = History(5)
    assert broken_in(history) is None

    told = CliRunner().invoke(main, ["--seed", "5"])

    assert (told.exit_code, told.output.splitlines()) == (0, history.told)
