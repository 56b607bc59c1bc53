"""Retire: source documents that the tables have held long enough are deleted. The last job, off until scheduled.

Called without `--delete` it is a dry run, on a schedule too: a scheduled retire needs `--delete` among the arguments of
its Cloud Run Job, or nothing ever goes. Which loops' documents may go is said by the loops themselves.
"""

from jobs.registry import loops
from shared.retirement import Retirement

RETIREMENT = Retirement(
    name="retire",
    summary="source documents that the tables have held for RETIRE_AFTER_DAYS are deleted; without --delete, also on a "
    "schedule, it is a dry run",
    loops=loops,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(RETIREMENT)
