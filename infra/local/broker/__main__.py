"""Runs the stand-in broker: `python -m infra.local.broker --port N --data DIR`."""

import logging
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import click
from werkzeug.serving import make_server

from infra.local.broker.app import Venue
from infra.local.broker.conduct import Conduct
from infra.local.broker.limits import RateLimit
from infra.local.broker.line import Line
from infra.local.broker.routes import ROUTES
from infra.local.broker.store import Store
from infra.local.fixtures import FixtureError


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The interface to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), required=True, help="0 takes a free one; the ready line names it."
)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), required=True, help="Fixture directory to keep."
)
@click.option("--rate-limit", type=click.IntRange(min=1), help="Refuse more requests a minute, for each key and host.")
def main(host: str, port: int, data: Path, rate_limit: int | None) -> None:
    """Serve fixture data on one interface as Alpaca would, until SIGTERM."""
    # Failures still reach stderr; a line for every request would drown them.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    try:
        store = Store(data)
    except FixtureError as error:
        raise click.ClickException(str(error)) from error
    conduct = Conduct()
    venue = Venue(store, conduct, RateLimit(rate_limit, time.time), ROUTES)
    server = make_server(host, port, Line(venue.respond, conduct), threaded=True)
    signal.signal(signal.SIGTERM, _stop)
    click.echo(f"stand-in broker ready on http://{host}:{server.port}")
    server.serve_forever()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
