"""What all kinds of jobs have in common."""

from typing import Protocol

DAYS = frozenset({"ds", "since", "until"})
"""The options that choose partitions."""


class Job(Protocol):
    """Something that runs by name."""

    @property
    def name(self) -> str:
        """As the command line spells it."""

    @property
    def summary(self) -> str:
        """One sentence for `golden-thread jobs`."""

    @property
    def schedule(self) -> str:
        """Cron expression, UTC; empty for a job that runs only when somebody asks."""

    @property
    def takes(self) -> frozenset[str]:
        """The options, as the command line spells them, that mean something to it, beside those that all jobs take."""

    @property
    def table(self) -> str:
        """The table or collection it writes to."""

    @property
    def lease(self) -> str:
        """The lease that keeps two of its kind apart: one per fact table for what inserts into it."""
