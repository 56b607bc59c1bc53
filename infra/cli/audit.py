"""`golden-thread audit`: does the thread hold?"""

import sys
from datetime import datetime

import click

from infra.cli import show
from jobs.entry import UNBALANCED, Moment, chosen, guarded
from jobs.registry import loops
from shared.audit import Audit, Report
from shared.log import Log
from shared.loop import Loop
from shared.parts import connect
from shared.settings import load

_ADVICE = {
    "duplicates": "Somebody wrote into the table beside the jobs: compare run_id of the rows, delete by hand.",
    "invalid": "Rows were changed by hand, or written under another schema: restore the partition from time travel.",
    "wrong_sums": "A row was changed by hand: restore the partition from time travel; or edit its document, unless "
    "that is retired, and the next run revises it.",
    "lost": "Restore the rows from time travel, or the documents from the database's point-in-time recovery.",
    "leaderless": "A run died: the next run of the job closes its record as ABANDONED.",
}


@click.command()
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--as-of", type=Moment(), help="What counts as now. Default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(jobs: tuple[str, ...], as_of: datetime | None, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Check source = archived + quarantined + pending, unique keys, valid rows, right sums. Changes nothing.

    \b
    Examples:
      golden-thread audit
      golden-thread audit trades --as-of 2021-07-01T00:00:00Z --json
    \b
    Exit codes: 0 it holds, 1 the audit failed, 3 it does not hold.
    """
    wanted = [job for job in chosen(jobs or ("all",)) if isinstance(job, Loop)]
    if others := [job.name for job in chosen([name for name in jobs if name != "all"]) if not isinstance(job, Loop)]:
        raise click.UsageError(f"{', '.join(others)} archives nothing; there are: {', '.join(loops())}, all")

    def work() -> int:
        settings, log = load(), Log(sys.stderr)
        reports = [Audit(loop, connect(settings, log), as_of).check() for loop in wanted]
        if as_json:
            show.as_json([report.as_dict() for report in reports])
        else:
            _print(reports)
        return 0 if all(report.passed for report in reports) else UNBALANCED

    sys.exit(guarded(Log(sys.stderr), work))


def _print(reports: list[Report]) -> None:
    show.as_table(
        "audit",
        ("job", "holds", "rows", "due", "archived", "quarantined", "pending", "orphaned", "retired", "off"),
        (
            (
                report.job,
                "yes" if report.passed else "NO",
                report.rows,
                report.due,
                report.archived,
                report.quarantined,
                report.pending.count,
                report.orphaned.count,
                report.retired,
                ", ".join(f"{name} {getattr(report, name).count}" for name in _ADVICE if getattr(report, name).count),
            )
            for report in reports
        ),
    )
    for report in reports:
        for name, advice in _ADVICE.items():
            if (finding := getattr(report, name)).count:
                click.echo(
                    f"{report.table}: {finding.count} {name}: {'; '.join(finding.examples)}\n  {advice}", err=True
                )
