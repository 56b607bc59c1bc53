"""Where chance comes from: one stream of numbers per topic, so that a change in one topic leaves the others alone."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar
from uuid import UUID

Item = TypeVar("Item")


def stream(seed: int, topic: str) -> Random:
    """The numbers for one topic; the same seed and topic give the same numbers on every run."""
    return Random(f"{seed}/{topic}")  # noqa: S311 - invented data, no secret


def new_id(chance: Random) -> str:
    """A random UUID."""
    return str(UUID(int=chance.getrandbits(128), version=4))


def deck(chance: Random, shares: Mapping[Item, int], size: int) -> Sequence[Item]:
    """Deal `size` items in the given proportions, shuffled: every item occurs, which independent draws do not promise.

    Raises:
        ValueError: There are more kinds of items than cards.
    """
    if size < len(shares):
        raise ValueError(f"{len(shares)} kinds of cards do not fit into a deck of {size}")
    dealt = [*shares, *chance.choices([*shares], [*shares.values()], k=size - len(shares))]
    chance.shuffle(dealt)
    return dealt
