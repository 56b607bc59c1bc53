"""Live through histories: `python -m tests.simulation --histories 100000`; one again, step by step: `--seed N`."""

import os
import sys
from time import monotonic

import click

from tests.simulation.histories import History
from tests.simulation.search import broken_in, search

_TOLD_EVERY = 1_000


@click.command()
@click.option("--histories", default=100_000, show_default=True, help="how many")
@click.option("--first-seed", default=0, show_default=True, help="where they begin")
@click.option("--processes", default=os.cpu_count() or 1, show_default=True, help="over how many processes")
@click.option("--enough", default=5, show_default=True, help="after how many broken ones to stop")
@click.option("--seed", type=int, help="tell this one instead")
def main(histories: int, first_seed: int, processes: int, enough: int, seed: int | None) -> None:
    """Exit with 1 when a history broke a promise; each comes with the command that replays it."""
    seeds = range(first_seed, first_seed + histories)
    sys.exit(_search(seeds, processes, enough) if seed is None else _tell(seed))


def _tell(seed: int) -> int:
    history = History(seed)
    broken = broken_in(history)
    click.echo(broken or "\n".join(history.told))
    return 1 if broken else 0


def _search(seeds: range, processes: int, enough: int) -> int:
    began, done, broken = monotonic(), 0, 0
    for share in search(seeds, processes):
        done += len(share.seeds)
        broken += len(share.broken)
        click.echo("".join(f"{one}\n" for one in share.broken), nl=False)
        if done % _TOLD_EVERY == 0 or done == len(seeds):
            pace = done / (monotonic() - began)
            click.echo(f"seeds {seeds[0]} to {share.seeds[-1]}: {done} histories, {broken} broken, {pace:.1f} a second")
        if broken >= enough:
            break
    return 1 if broken else 0


if __name__ == "__main__":
    main()
