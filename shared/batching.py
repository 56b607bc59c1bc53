"""Cut streams into lists that fit a request, and draw from them ahead of their use."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """Cut a stream into lists of at most `most` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, most)):
        yield batch


def sized_batches(items: Iterable[T], most: int, max_bytes: int, size: Callable[[T], int]) -> Iterator[list[T]]:
    """Cut a stream into lists of at most `most` items and `max_bytes`; one larger item stands alone."""
    batch: list[T] = []
    total = 0
    for item in items:
        length = size(item)
        if batch and (len(batch) == most or total + length > max_bytes):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += length
    if batch:
        yield batch


def ahead(items: Iterable[T], most: int) -> Iterator[T]:
    """Draw up to `most` items before they are asked for: what drawing one begins goes on while others are used."""
    iterator = iter(items)
    drawn = deque(islice(iterator, most))
    for item in iterator:
        drawn.append(item)
        yield drawn.popleft()
    yield from drawn
