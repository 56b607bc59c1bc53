"""Hostile JSON: anything at all in any place of an answer, from a seeded generator."""

import copy
import math
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.hostile import values
from tests.hostile.corpus import NAMES, RESERVED_NAMES

DEEP = "nested without end"
"""Stands for nesting that no encoder would write."""
_LEVELS = 100_000
_SURROGATES = ("\ud800", "a\udfffb", "\udcff\ud800")
_NUMBERS = (0, 1, -1, 2**63, 2**70, -(2**70), 10**400, 1e308, -1e308, 5e-324, -0.0, 1.5, math.nan, math.inf, -math.inf)
_TEXT_NUMBERS = (
    "1e999999",
    "-1e999999",
    "1e-999999",
    "1e999999999999999999",
    "9" * 40,
    "0.1",
    "-5",
    "1_0",
    "nan",
    "sNaN",
)
_STRANGE: tuple[Any, ...] = ([], {}, [None], [[]], {"": 1}, [{}], {"message": "no"}, [{"id": "x"}], True, False)
Place = tuple[Any, Any]
"""A list or map, and the index or name in it."""


def deep() -> str:
    """The JSON that `DEEP` stands for."""
    return "[" * _LEVELS + "]" * _LEVELS


def anything(random: Random) -> Any:
    """Any JSON value, and what only careless writers write."""
    match random.randrange(10):
        case 0:
            return None
        case 1 | 2:
            return random.choice(_NUMBERS)
        case 3 | 4:
            return random.choice(_TEXT_NUMBERS)
        case 5:
            return random.choice(_SURROGATES)
        case 6 | 7:
            return values.text(random)
        case 8:
            return copy.deepcopy(random.choice(_STRANGE))
        case _:
            return random.choice((DEEP, "#" * 100_000, *("x",) * 8))


def junk(random: Random) -> Any:
    """What no field of an answer can mean, whatever the field."""
    return copy.deepcopy(random.choice((["junk"], {"junk": "junk"}, "\ud800junk", "junk\x00", [["junk"]], "?")))


def places(body: Any) -> Iterator[Place]:
    """Every place of an answer."""
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, item in items:
        yield body, key
        yield from places(item)


def mutated(body: Any, random: Random) -> Any:
    """An answer with anything done to it in one place or two."""
    changed = copy.deepcopy(body)
    for _ in range(random.choice((1, 1, 1, 2))):
        if not (found := list(places(changed))) or random.random() < 0.03:
            return anything(random)
        _change(*random.choice(found), random)
    return changed


def defaced(body: Any, random: Random) -> Any:
    """An answer with junk in one place."""
    changed = copy.deepcopy(body)
    inside, key = random.choice(list(places(changed)))
    inside[key] = junk(random)
    return changed


def _change(inside: Any, key: Any, random: Random) -> None:
    match random.randrange(8):
        case 0:
            del inside[key]
        case 1 if isinstance(inside, dict):
            inside[random.choice((*NAMES, *RESERVED_NAMES, *_SURROGATES, "n" * 5000))] = anything(random)
        case 2 if isinstance(inside, list):
            inside.append(copy.deepcopy(inside[key]))
        case 3 if isinstance(inside, list):
            random.shuffle(inside)
        case _:
            inside[key] = anything(random)
