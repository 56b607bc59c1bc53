"""`golden-thread audit`: does the thread hold?"""

import sys
from collections.abc import Sequence
from datetime import datetime

import click

from infra.cli import completion, show
from jobs.entry import DONE, UNBALANCED, Moment, chosen
from jobs.registry import all_jobs, loops
from shared.audit import Audit
from shared.audit_findings import Kind
from shared.audit_report import PARTS, Report
from shared.jobs import Job
from shared.log import Log
from shared.parts import connect
from shared.settings import load


@click.command()
@click.argument("names", nargs=-1, metavar="[JOB|TABLE]...", shell_complete=completion.jobs)
@click.option("--as-of", type=Moment(), help="What counts as now. Default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, complete.")
def command(names: tuple[str, ...], as_of: datetime | None, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Check source = archived + quarantined + pending, unique keys, valid rows, right sums. Changes nothing.

    Also: rows true to their documents, runs that counted rightly, leases that somebody holds.

    \b
    Examples:
      golden-thread audit
      golden-thread audit trades fact_rejected_signals
      golden-thread audit trades --as-of 2021-07-01T00:00:00Z --json
    \b
    Exit codes: 0 it holds (what is pending or orphaned is said), 1 the audit failed, 2 usage, 3 it does not hold.
    """
    wanted = audited(names)
    settings, log = load(), Log(sys.stderr)
    reports = [Audit(job, connect(settings, log.labelled(job=job.name)), as_of).check() for job in wanted]
    if as_json:
        show.as_json([report.as_dict() for report in reports])
    else:
        _print(reports)
    sys.exit(DONE if all(report.passed for report in reports) else UNBALANCED)


def audited(names: Sequence[str]) -> list[Job]:
    """Find the jobs to audit, by their names or by their tables; all of them when none is named.

    Raises:
        click.UsageError: No such job or table; lists those there are.
    """
    of_table = {loop.table: name for name, loop in loops().items()}
    everything = tuple(all_jobs())
    listed = [one for name in names for one in (everything if name == "all" else (of_table.get(name, name),))]
    try:
        return chosen(listed or everything)
    except click.UsageError as error:
        raise click.UsageError(f"{error.message}; or a table: {', '.join(of_table)}") from None


def _print(reports: Sequence[Report]) -> None:
    for report in reports:
        title = f"{report.job}: {'holds' if report.passed else 'DOES NOT HOLD'}"
        if report.job in loops():
            show.as_table(title, ("counted", "number", "digest"), _counted(report))
        else:
            click.echo(f"{title} (lease and records of runs)")
        click.echo(shown(report))
    failed = [report.job for report in reports if not report.passed]
    click.echo(f"The thread does not hold: {', '.join(failed)}." if failed else "The thread holds.")


def shown(report: Report) -> str:
    """Write what was found, each with its examples and, on a line of its own, what to do next."""
    return "".join(_finding(report, kind) for kind in Kind if report.findings[kind].count) + _imbalance(report)


def _finding(report: Report, kind: Kind) -> str:
    finding = report.findings[kind]
    more = "; …" if finding.count > len(finding.examples) else ""
    word = "OFF" if kind.is_off else "said"
    return (
        f"{word}: {kind} {finding.count}: {show.harmless('; '.join(finding.examples))}{more}\n  {report.advice(kind)}\n"
    )


def _imbalance(report: Report) -> str:
    if not report.unbalanced:
        return ""
    return "OFF: the source is not archived + quarantined + pending, by count or by digest: see what is ahead.\n"


def _counted(report: Report) -> list[tuple[str, int, str]]:
    """List what was counted."""
    pending = report.findings[Kind.PENDING].count
    numbers = dict(zip(PARTS, (report.due, report.archived, report.quarantined, pending), strict=True))
    balance = [(name, number, str(getattr(report, f"{name}_digest"))) for name, number in numbers.items()]
    return [("rows", report.rows, ""), *balance, ("retired", report.retired, "")]
