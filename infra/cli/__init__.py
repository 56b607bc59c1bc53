"""The command line. Commands are imported when they are used, so that `--help` is quick."""

import importlib
import os
import signal
import sys
from types import FrameType
from typing import Any

import click
from click.shell_completion import CompletionItem

_COMMANDS = {
    "audit": "Check that every document is archived, quarantined or pending, once.",
    "bench": "Measure what moving trades costs, against the least it can cost and against other ways.",
    "check": "Send marked records through the whole thread, in a corner of their own, and remove them.",
    "demo": "Bring up the local stack, load a month of demo data, run every job twice, show the results.",
    "doctor": "Show the settings and what they reach: databases, tables, broker, leases, last runs.",
    "jobs": "List the jobs.",
    "local": "The local stack: Firestore, BigQuery and a stand-in broker on this machine.",
    "quarantine": "Documents that were refused, and why.",
    "query": "Ask the warehouse a saved question, or one in SQL.",
    "report": "Write one page about it all: is the thread whole, and how are we doing?",
    "run": "Run jobs.",
    "runs": "What ran, and how it ended.",
    "schema": "Tables and their models.",
    "shards": "Into how many parts each table is split, so that several runs fill it at once.",
}


_WITH_STACKS_OF_THEIR_OWN = frozenset({"bench", "demo", "local"})
"""Commands that bring stacks up and down, and so must not need to know what is up."""


class _Lazy(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"infra.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Turn what can be expected to go wrong outside this program into one line."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            if (told := _explained(error)) is None:
                raise
            raise told from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands without importing them, options as any group does."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(name, help=what) for name, what in _COMMANDS.items() if name.startswith(incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


def _explained(error: BaseException) -> click.ClickException | None:
    """Say what went wrong and what to do next, so that no service's answer steers the terminal; None of a mistake."""
    from infra.local.emulators import NoEmulatorError  # noqa: PLC0415 - all of these are needed here only
    from infra.local.fixtures import FixtureError  # noqa: PLC0415
    from infra.local.stack import StackError  # noqa: PLC0415
    from jobs.entry import EXPECTED  # noqa: PLC0415 - imports every client library
    from shared.interrupt import InterruptedRunError  # noqa: PLC0415
    from shared.log import STEERING, without_credentials  # noqa: PLC0415
    from shared.next_steps import next_step  # noqa: PLC0415

    kind = type(error).__name__
    if isinstance(error, (StackError, NoEmulatorError, FixtureError)):
        # They say by themselves what to do next.
        return click.ClickException(str(error))
    if not isinstance(error, (*EXPECTED, InterruptedRunError)):
        return None
    told = str(error) if isinstance(error, InterruptedRunError) else f"{kind}: {error}"
    lines = [line.translate(STEERING) for line in without_credentials(told).splitlines()]
    return click.ClickException("\n".join((*lines, f"Next: {next_step(kind)}")))


def start() -> None:
    """Run the command line as a program: told to stop, it first takes down what it brought up. `run` does more."""
    signal.signal(signal.SIGTERM, _leave)
    main(prog_name="golden-thread")


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="golden-thread")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Move trading history from hot storage (Firestore, Alpaca) to cold storage (BigQuery) and keep it true.

    \b
    Examples:
      golden-thread demo
      golden-thread local up && golden-thread local seed DIR && golden-thread run all
      golden-thread run trades --as-of 2021-07-01T00:00:00Z --dry-run
      golden-thread query "SELECT strategy_id, SUM(pnl_usd) AS pnl FROM fact_trades
                           WHERE ds >= '2021-01-01' GROUP BY strategy_id"

    Shell completion: eval "$(_GOLDEN_THREAD_COMPLETE=bash_source golden-thread)"; zsh and fish likewise.

    Settings come from the environment. Where none are given and a local stack is up, commands use that stack.
    """
    if ctx.invoked_subcommand not in _WITH_STACKS_OF_THEIR_OWN:
        adopt_local_stack()


def adopt_local_stack() -> None:
    """Point this process at the running local stack when the environment names no project and no emulator."""
    named = ("GOOGLE_CLOUD_PROJECT", "FIRESTORE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")
    if any(os.environ.get(name) for name in named):
        return
    from infra.local.stack import Stack  # noqa: PLC0415 - only needed without settings

    if running := Stack().running():
        os.environ.update({**running.environment(), **_given(running.environment())})
        if sys.stderr.isatty():
            click.echo("using the local stack", err=True)


def _given(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name in environment if (value := os.environ.get(name))}
