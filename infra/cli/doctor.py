"""`golden-thread doctor`: the settings, and what they reach."""

import sys
from dataclasses import asdict

import click

from infra.cli import show
from infra.doctor import Finding, State, examine, in_haste, stated
from jobs.entry import DONE, FAILED
from shared.log import Log
from shared.parts import connect
from shared.settings import load


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Show the settings, secrets masked, and what they reach: databases, tables, broker, leases, last runs.

    \b
    Examples:
      golden-thread doctor
      golden-thread doctor --json
    \b
    Exit codes: 0 everything answers (warnings are said), 1 something does not, or differs from its model.
    """
    settings = load()
    # Looked at in haste; what is shown is what a run would have.
    findings = list(examine(connect(in_haste(settings), Log(sys.stderr))))
    if as_json:
        show.as_json({"settings": stated(settings), "findings": [asdict(one) for one in findings]})
    else:
        show.as_table("settings", ("variable", "value"), stated(settings).items())
        _print(findings)
    sys.exit(FAILED if any(one.state is State.FAILED for one in findings) else DONE)


def _print(findings: list[Finding]) -> None:
    lines = ((one.state.value, one.what, one.detail, one.advice) for one in findings)
    show.as_table("what they reach", ("", "what", "found", "what to do"), lines)
