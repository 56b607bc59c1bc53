"""`golden-thread run`: run jobs by hand."""

import sys
from typing import Any

import click

from infra.cli import completion, show
from jobs.entry import Result, as_text, chosen, execute, exit_code, options_of, records_of, require_come, run_options
from schemas.run_record import RunRecord
from shared.interrupt import stop_on_signals
from shared.log import Log
from shared.preview import Preview
from shared.settings import load

SAMPLE = 10
"""Rows of each kind that a dry run shows in a table; --json shows all."""


@click.command()
@click.argument("jobs", nargs=-1, required=True, metavar="JOB...|all", shell_complete=completion.jobs)
@run_options
def command(jobs: tuple[str, ...], as_json: bool, **given: Any) -> None:  # noqa: FBT001 - click passes it by name
    """Run jobs, one after the other; a failed one does not stop the rest.

    \b
    Examples:
      golden-thread run all
      golden-thread run trades --as-of 2021-07-01T00:00:00Z
      golden-thread run trades rejected-signals --ds 2021-06-30 --dry-run
      golden-thread run price-patch --position ID --dry-run
    \b
    Exit codes: 0 done (also PARTIAL and SKIPPED), 1 failed or interrupted, 2 usage, 3 the balance did not hold.
    """
    wanted = chosen(jobs)
    options = options_of(given, wanted)
    settings = load()
    require_come(options, settings)
    stop_on_signals()
    results = []
    for result in execute(wanted, options, settings, Log(sys.stderr)):
        results.append(result)
        if as_json:
            click.echo(as_text(result))
        elif isinstance(result, Preview):
            _show_preview(result)
    if not as_json:
        show_results(results)
    sys.exit(exit_code(results))


def show_results(results: list[Result]) -> None:
    """Print one line per run."""
    records = records_of(results)
    show.as_table(
        "dry run: nothing was written" if any(one.dry_run for one in records) else "runs",
        ("job", "status", "read", "archived", "already", "revised", "quarantined", "pending", "found", "error"),
        (_line(record) for record in records),
    )


def _line(record: RunRecord) -> tuple[object, ...]:
    counts = record.counts
    found = {**record.rejects_by_reason, **record.outcomes}
    reasons = ", ".join(f"{reason} {n}" for reason, n in sorted(found.items()))
    error = f"{record.error.type}: {record.error.message}" if record.error else ""
    numbers = (counts.read, counts.archived, counts.already, counts.revised, counts.quarantined, counts.pending)
    return (record.job, record.status.value, *numbers, reasons, error)


def _show_preview(result: Preview) -> None:
    row_key = result.record.table
    for title, rows in (("would be archived", result.new), ("would be revised", result.revised)):
        if rows:
            keys = rows[0].TABLE.key
            own = [name for name in type(rows[0]).model_fields if name not in keys][:8]
            names = [*keys, *own]
            sample = ([getattr(row, name) for name in names] for row in rows[:SAMPLE])
            show.as_table(f"{row_key}: {len(rows)} {title}", names, sample)
    if result.rejects:
        lines = ((one.source.path, one.reason.value, one.faults[0].message) for one in result.rejects[:SAMPLE])
        show.as_table(f"{len(result.rejects)} would be quarantined", ("document", "reason", "why"), lines)
    if changes := result.record.changes:
        show.as_table(
            f"{len(changes)} prices would be patched",
            ("document", "field", "old", "new", "order"),
            ((one.path, one.field, one.old, one.new, one.evidence) for one in changes[:SAMPLE]),
        )
    if result.open_intent:
        click.echo(f"The commit of run {result.open_intent} is not settled; a real run settles it first.", err=True)
