"""When Python looks for cyclic garbage in a process that runs jobs.

A run makes objects by the million and nearly no cycles: what a page holds is gone with the page. Python by itself
looks through the young ones whenever 700 were made, which was a seventh of all processor time (`golden-thread bench`).
"""

import gc

SELDOM = 10_000
"""Objects made, and not gone again, after which the young ones are looked through: some dozens of documents."""


def collect_seldom() -> None:
    """Look for cyclic garbage seldom from now on, and not among what is there already, which is mostly libraries."""
    gc.freeze()
    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
