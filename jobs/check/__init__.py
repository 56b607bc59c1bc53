"""Does the thread hold, end to end? Marked records go through hot storage, loops, tables and views, and away again.

It works in a corner of its own (`shared.namespace`): another dataset, collections with another prefix, in production
another database. So it is no job like the others, which share leases and books, and `run all` leaves it out.
`golden-thread check` runs it by hand, `python -m jobs.check` on a schedule.
"""

NAME = "check"
SUMMARY = "marked records through hot storage, loops, tables and views of a dataset of its own, and away again"
SCHEDULE = "10 1 * * *"
"""Cron expression, UTC: when the jobs of the night are through."""
