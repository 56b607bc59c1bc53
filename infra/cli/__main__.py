"""`python -m infra.cli`: the command line without its console script."""

from infra.cli import start

start()
