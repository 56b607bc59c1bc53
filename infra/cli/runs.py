"""`golden-thread runs`: run records."""

import click

from infra.cli import show, story
from infra.cli.completion import JobName
from schemas.run_record import RunRecord
from shared.documents import MAX_LIMIT, open_bookkeeping
from shared.records import may_be_a_run
from shared.runs import Runs
from shared.settings import load

_SHOWN = ("run_id", "job", "status", "started_at", "counts", "rejects_by_reason", "error")


@click.group(invoke_without_command=True)
@click.option("--job", type=JobName(), help="Only this job.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=20, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def command(ctx: click.Context, job: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """List runs, the newest first.

    \b
    Examples:
      golden-thread runs
      golden-thread runs --job trades --limit 5 --json
      golden-thread runs show RUN_ID
    """
    if ctx.invoked_subcommand:
        return
    settings = load()
    records = list(Runs(open_bookkeeping(settings), settings).recent(limit, job))
    if as_json:
        show.as_json(records)
        return
    show.as_table("", _SHOWN, ([_short(record, name) for name in _SHOWN] for record in records))


@command.command(name="show")
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show_one(run_id: str, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Tell one run: what ran, how it ended, what it found and moved, and what to do next. --json has every field.

    \b
    Example:
      golden-thread runs show trades-20210701T000000-0123456789ab
    """
    settings = load()
    record = Runs(open_bookkeeping(settings), settings).get(run_id) if may_be_a_run(run_id) else None
    if record is None:
        raise click.ClickException(f"no run {run_id!r}; `golden-thread runs` lists them")
    if as_json:
        show.as_json(record)
    else:
        (run_id, ending), *lines = story.of_run(RunRecord.model_validate(record))
        show.as_story(run_id, ending, lines)


def _short(record: dict[str, object], name: str) -> object:
    value = record.get(name)
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items() if part)
    return value
