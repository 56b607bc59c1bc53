"""A process that runs jobs looks for cyclic garbage seldom, but it does."""

import subprocess
import sys

SCRIPT = """
import gc, weakref
from shared.collecting import SELDOM, collect_seldom

class Cycle:
    def __init__(self):
        self.itself = self

collect_seldom()
gone = weakref.ref(Cycle())
kept = [[] for _ in range(SELDOM // 2)]
assert gone() is not None
kept += [[] for _ in range(SELDOM)]
assert gone() is None
"""


def test_what_is_left_in_cycles_is_freed_after_some_pages() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)  # noqa: S603 - a constant
