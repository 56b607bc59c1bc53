"""Very many histories, shared out over processes."""

import multiprocessing
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import NamedTuple

from tests.simulation.histories import BrokenPromiseError, History

SHARE = 250
"""Histories that a process lives through at a time: some ten seconds."""
AGAIN = "python -m tests.simulation --seed"


class Broken(NamedTuple):
    """A history in which something that was promised did not hold, or that broke off."""

    seed: int
    story: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.story}\nagain: {AGAIN} {self.seed}"


class Share(NamedTuple):
    """Histories that one process lived through."""

    seeds: Sequence[int]
    broken: tuple[Broken, ...]


def live_through(seeds: Sequence[int]) -> Share:
    """Live through histories here, one after the other."""
    found = (broken_in(History(seed)) for seed in seeds)
    return Share(seeds, tuple(one for one in found if one))


def broken_in(history: History) -> Broken | None:
    """Live through one history and tell what is wrong with it."""
    try:
        history.unfold()
    except BrokenPromiseError as error:
        return Broken(history.seed, str(error))
    except Exception:  # noqa: BLE001 - one history that breaks off must not hide what the others find
        return Broken(history.seed, "\n".join([traceback.format_exc(), "after:", *history.told]))
    return None


def search(seeds: range, processes: int) -> Iterator[Share]:
    """Live through histories in several processes; shares come back as they end, in the order of their seeds."""
    shares = [seeds[first : first + SHARE] for first in range(0, len(seeds), SHARE)]
    # Forked, the children would inherit the threads' locks of whoever asks.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from _in_order(lambda share: pool.submit(live_through, share), iter(shares), 2 * processes)


def _in_order(
    submit: Callable[[Sequence[int]], "Future[Share]"], shares: Iterator[Sequence[int]], ahead: int
) -> Iterator[Share]:
    """Keep a few shares under way, so that whoever has seen enough can stop."""
    under_way = [submit(share) for share in islice(shares, ahead)]
    while under_way:
        yield under_way.pop(0).result()
        under_way += [submit(share) for share in islice(shares, 1)]
