"""`golden-thread check`: the thread proves itself."""

import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from infra.cli import show
from infra.local.price_path import give_prices
from jobs.check.hops import Hop, State
from jobs.check.verdict import BAD, Verdict, check
from shared.interrupt import stop_on_signals
from shared.log import Log
from shared.settings import load


@click.command()
@click.option("--strict", is_flag=True, help="A hop over its target fails the check; by default it is only said.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(*, strict: bool, as_json: bool) -> None:
    """Send marked records through hot storage, loops, tables and views, hold every value to what it must be.

    It works in a dataset of its own (CHECK_DATASET) and in collections that begin with check_, and removes what it
    wrote; what a killed check left is removed by the next one. Targets are settings: CHECK_HOT_WRITE_MS,
    CHECK_ORDER_MS, CHECK_COLD_S. Where the first broker account is one of paper, one order far off the market is placed
    and cancelled; with real money never.

    \b
    Examples:
      golden-thread check
      golden-thread check --strict --json
    \b
    Exit codes: 0 every hop is good (a slow one is said, one that the settings leave out too; also when another check
    is under way), 1 a hop is broken, or slow with --strict, 2 usage, 3 what arrived is not what was sent.
    """
    stop_on_signals()
    settings = load()
    if give_prices(settings):
        click.echo("gave the stand-in broker a price path: it had none of the last days", err=True)
    verdict = check(settings, Log(sys.stderr))
    if as_json:
        show.as_json(_as_dict(verdict))
    else:
        _print(verdict)
    sys.exit(verdict.exit_code(strict=strict))


def _as_dict(verdict: Verdict) -> dict[str, object]:
    return {
        "check": verdict.record.run_id,
        "status": verdict.record.status.value,
        "dataset": verdict.record.table,
        "hops": [asdict(hop) for hop in verdict.hops],
    }


def _print(verdict: Verdict) -> None:
    if verdict.skipped:
        click.echo("Another check is under way: this one did nothing. One that was killed is over within a minute.")
        return
    lines = ((hop.name, hop.state.value, _ms(hop.seconds), _ms(hop.target_s), hop.detail) for hop in verdict.hops)
    show.as_table(verdict.record.run_id, ("hop", "", "ms", "target", "what"), lines)
    click.echo("".join(line for hop in verdict.hops for line in _explained(hop)), nl=False)
    bad = [hop.name for hop in verdict.hops if hop.state in BAD]
    slow = [hop.name for hop in verdict.hops if hop.state is State.SLOW]
    if slow:
        click.echo(f"Over its target: {', '.join(slow)}.")
    click.echo(f"The thread is broken: {', '.join(bad)}." if bad else "The thread holds.")


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _explained(hop: Hop) -> Iterator[str]:
    """Tell of a bad hop what was expected, what was found, and what to do."""
    if hop.state in BAD:
        yield f"{hop.name} {hop.state.value}\n"
        for what, text in (("expected", hop.expected), ("found", hop.found), ("what to do", hop.advice)):
            yield f"  {what}: {show.harmless(text)}\n"
