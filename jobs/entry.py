"""How a job is started: `python -m jobs.<name>` in a container, `golden-thread run` by hand. One command for both."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click
from google.auth.exceptions import GoogleAuthError

from jobs import check
from jobs.registry import ONLY_BY_NAME, all_jobs
from schemas.document import EARLIEST, LATEST
from schemas.run_record import RunError, RunRecord, Status
from shared.broker_calls import BrokerError
from shared.collecting import collect_seldom
from shared.documents import MAX_LIMIT, OutOfOrderError
from shared.environment import MixedEnvironmentsError
from shared.interrupt import InterruptedRunError, stop_on_signals
from shared.jobs import Job
from shared.lease import SplitError
from shared.log import Log, Severity
from shared.next_steps import next_step
from shared.pacing import Pace
from shared.parts import Parts, connect
from shared.preview import Preview, preview
from shared.records import begin, redacted
from shared.retirement import Retirement
from shared.retrying import UNAVAILABLE
from shared.run import run
from shared.settings import Settings, SettingsError, load
from shared.shards import WHOLE, Shard, of_task
from shared.survey import Options
from shared.tables import SchemaDriftError
from shared.values import NoRevisionError

DONE, FAILED, UNBALANCED = 0, 1, 3
"""Exit codes; 2 is click's, for wrong usage."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far an as-of time may lie ahead of this machine's clock, at most."""

Result = RunRecord | Preview

EXPECTED: tuple[type[Exception], ...] = (
    SettingsError,
    SchemaDriftError,
    MixedEnvironmentsError,
    OutOfOrderError,
    NoRevisionError,
    BrokerError,
    GoogleAuthError,
    SplitError,
    *UNAVAILABLE,
)
"""What goes wrong outside this program: one line, no traceback."""


class Moment(click.ParamType[datetime]):
    """RFC 3339 with an offset, for instance 2021-07-01T00:00:00Z."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse a moment; one without an offset is refused."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write 2021-07-01T00:00:00Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no offset from UTC; write {moment.isoformat()}Z", param, ctx)
        if not EARLIEST <= moment < LATEST:
            self.fail(f"{value!r} lies outside 2000 to 2099, and so would what is recorded of the run", param, ctx)
        return moment.astimezone(UTC)


class Day(click.ParamType[date]):
    """A UTC date, for instance 2021-07-01."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse a date."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write 2021-07-01", param, ctx)


def days_before(day: date, days: int) -> date:
    """Go some days back, to the first one of the calendar at most."""
    return date.fromordinal(max(1, day.toordinal() - days))


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of all kinds of jobs; a job says which of them it takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_TAKEN_BY_ALL = frozenset({"as_of", "dry_run"})
_OPTIONS = (
    click.option("--as-of", type=Moment(), help="What counts as now: decides what is due. Default: now."),
    click.option("--ds", type=Day(), help="Only this partition."),
    click.option("--since", type=Day(), help="Only this partition and later ones."),
    click.option("--until", type=Day(), help="Only this partition and earlier ones."),
    click.option("--limit", type=click.IntRange(1, MAX_LIMIT), help="At most this many due documents."),
    click.option("--dry-run", is_flag=True, help="Write nothing; show what would be written."),
    click.option("--refresh", is_flag=True, help="Let an account snapshot replace the day's first one."),
    click.option("--delete", is_flag=True, help="Really delete; for retire, a dry run without it, also on a schedule."),
    click.option("--position", metavar="ID", help="Only this document of live_positions; for price-patch."),
    click.option("--json", "as_json", is_flag=True, help="Print results as JSON."),
)


def options_of(given: dict[str, Any], jobs: Sequence[Job]) -> Options:
    """Turn command-line options into those of a run of some jobs.

    Raises:
        click.UsageError: --ds together with --since or --until, an empty range, or an option no job takes.
    """
    taken = _TAKEN_BY_ALL.union(*(job.takes for job in jobs))
    if idle := [f"--{name}" for name, value in given.items() if value and name not in taken]:
        raise click.UsageError(f"{', '.join(idle)} means nothing to {', '.join(job.name for job in jobs)}")
    day, since, until = given["ds"], given["since"], given["until"]
    if day and (since or until):
        raise click.UsageError("--ds names one partition; leave out --since and --until")
    if since and until and since > until:
        raise click.UsageError(f"--since {since} lies after --until {until}")
    return Options(
        as_of=given["as_of"],
        since=day or since,
        until=day or until,
        limit=given["limit"],
        dry_run=given["dry_run"],
        refresh=given["refresh"],
        position=given["position"],
        delete=given["delete"],
    )


def require_come(options: Options, settings: Settings) -> None:
    """Hold a run that writes to an as-of time that has come: a row is made for good of what has happened so far.

    Where BigQuery is an emulator, fixtures are as young as they say.

    Raises:
        click.UsageError: The time lies ahead.
    """
    if options.as_of is None or options.dry_run or settings.on_emulator:
        return
    if options.as_of > datetime.now(UTC) + CLOCKS_DIFFER:
        raise click.UsageError("--as-of lies ahead, and what is due then is not over yet; --dry-run shows what it is")


def chosen(names: Sequence[str]) -> list[Job]:
    """Find jobs by name; `all` is every job in the order of `run all`.

    Raises:
        click.UsageError: No such job; lists those there are.
    """
    known = all_jobs()
    wanted = [name for name in known if name not in ONLY_BY_NAME]
    unique = dict.fromkeys(one for name in names for one in (wanted if name == "all" else [name]))
    if unknown := [name for name in unique if name not in known]:
        other = f"; {check.NAME} is a command: `golden-thread {check.NAME}`" if check.NAME in unknown else ""
        raise click.UsageError(f"no job {', '.join(unknown)}; there are: {', '.join(known)}, all{other}")
    return [known[name] for name in unique]


def execute(
    jobs: Sequence[Job],
    options: Options,
    settings: Settings,
    log: Log,
    begun: Callable[[RunRecord], None] = lambda _: None,
) -> Iterator[Result]:
    """Run jobs one after the other; a failed one does not stop the rest, an interrupted one does.

    Whoever cannot wait for a result is told by `begun` of each run that begins.
    """
    pace = Pace(settings.broker_calls_per_minute)
    collect_seldom()

    def connected(job: Job) -> Parts:
        return replace(connect(settings, log.labelled(job=job.name), pace), begun=begun)

    for job in jobs:
        parts = connected(job)
        if _is_dry(job, options):
            yield _previewed(job, options, parts)
            continue
        own, left = _own(job, options, parts), options.limit
        for shard in own:
            if left == 0:
                parts.log.event("the limit is reached", limit=options.limit, left_out=shard.of(job.lease))
                break
            # What a run cost is counted by its parts, so each has its own.
            record = run(job, replace(options, shard=shard, limit=left), parts if shard is own[0] else connected(job))
            yield record
            if record.status is Status.INTERRUPTED:
                return
            left = None if left is None else left - record.counts.read


def _own(job: Job, options: Options, parts: Parts) -> list[Shard]:
    """List the shards of a job's table that fall to this task; a job that is not split falls to the first one.

    Raises:
        click.UsageError: The shards are several tasks', of which none knows how much of a limit the others use up.
    """
    settings = parts.settings
    try:
        shards = parts.leases.of(job.lease)
    except UNAVAILABLE:
        # The run meets the same trouble, and puts it on record.
        return [WHOLE]
    if options.limit is not None and min(len(shards), settings.task_count) > 1:
        raise click.UsageError(
            f"--limit cannot be shared out: {settings.task_count} tasks fill {job.table}, which has {len(shards)} "
            "shards; start one task, or leave it out"
        )
    own = of_task(shards, settings.task_index, settings.task_count)
    if not own:
        parts.log.event("nothing for this task", task=settings.task_index, tasks=settings.task_count)
    return own


def _is_dry(job: Job, options: Options) -> bool:
    """A dry run is asked for, or the job deletes and nobody said that it shall."""
    return options.dry_run or (isinstance(job, Retirement) and not options.delete)


def _previewed(job: Job, options: Options, parts: Parts) -> Result:
    try:
        result = preview(job, replace(options, dry_run=True), parts)
        parts.log.event("dry run", **result.record.model_dump(exclude={"settings"}))
    except Exception as error:  # noqa: BLE001 - whatever happened, the other jobs get their turn and the exit code says so
        message = redacted(str(error), parts)
        parts.log.event(f"{type(error).__name__}: {message}", Severity.ERROR)
        record = begin(job, options, parts)
        record.status, record.error = Status.FAILED, RunError(type=type(error).__name__, message=message)
        return record
    return result


def records_of(results: Sequence[Result]) -> list[RunRecord]:
    """Take the record of each result."""
    return [one.record if isinstance(one, Preview) else one for one in results]


def exit_code(results: Sequence[Result]) -> int:
    """Find the worst exit code of some results."""
    codes = [DONE]
    for record in records_of(results):
        if record.error and record.error.type == "BalanceError":
            codes.append(UNBALANCED)
        elif record.status in {Status.FAILED, Status.INTERRUPTED}:
            codes.append(FAILED)
    return max(codes)


def guarded(log: Log, work: Callable[[], int]) -> int:
    """Do work and turn what can be expected to go wrong before a run begins into one line and exit code 1."""
    try:
        return work()
    except EXPECTED as error:
        kind = type(error).__name__
        log.event(f"{kind}: {error}", Severity.ERROR, next_step=next_step(kind))
    except InterruptedRunError as stop:
        log.event(str(stop), Severity.ERROR, next_step=next_step(type(stop).__name__))
    return FAILED


def main(job: Job) -> None:
    """Run one job as a container does: events as JSON lines on standard output."""
    module = f"python -m jobs.{job.name.replace('-', '_')}"
    examples = f"\b\nExamples:\n  {module}\n  {module} --as-of 2021-07-01T00:00:00Z --dry-run"

    @click.command(name=job.name, help=f"{job.summary}.\n\n{examples}")
    @run_options
    def command(as_json: bool, **given: Any) -> None:  # noqa: FBT001 - click passes it by name
        options = options_of(given, [job])
        log = Log(sys.stderr if as_json else sys.stdout)
        stop_on_signals()

        def work() -> int:
            settings = load()
            require_come(options, settings)
            results = list(execute([job], options, settings, log))
            if as_json:
                click.echo("\n".join(as_text(one) for one in results))
            return exit_code(results)

        sys.exit(guarded(log, work))

    command()


def as_text(result: Result) -> str:
    """Write a result as JSON; a preview with its rows and rejects."""
    if isinstance(result, RunRecord):
        return result.model_dump_json()
    return json.dumps(
        {
            **result.record.model_dump(mode="json"),
            "new": [row.model_dump(mode="json") for row in result.new],
            "revised": [row.model_dump(mode="json") for row in result.revised],
            "rejects": [
                {"path": one.source.path, "reason": one.reason.value, "errors": [vars(f) for f in one.faults]}
                for one in result.rejects
            ],
            "open_intent": result.open_intent,
        }
    )
