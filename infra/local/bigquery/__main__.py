"""``python -m infra.local.bigquery``: run until SIGTERM or SIGINT."""

import argparse
import asyncio
import logging
import sys
import warnings
from pathlib import Path

from infra.local.bigquery.patching import UnexpectedEmulatorError, require_versions


def main() -> None:
    """Start the emulator, print one line when it is ready, and stop with 0 when told to."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.bigquery", description="BigQuery on one interface")
    parser.add_argument("--host", default="127.0.0.1", help="the interface to listen on")
    parser.add_argument("--rest-port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--grpc-port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--data-dir", type=Path, help="keep committed data here; without it everything is in memory")
    options = parser.parse_args()
    try:
        require_versions()
        _quieten()
        # bqemulator logs while it is being imported, so logging has to be set up first.
        from infra.local.bigquery.emulator import serve  # noqa: PLC0415

        asyncio.run(serve(options.host, options.rest_port, options.grpc_port, options.data_dir))
    except (UnexpectedEmulatorError, OSError) as error:
        sys.exit(f"bigquery: {error}")


def _quieten() -> None:
    from bqemulator.config import LogFormat, LogLevel  # noqa: PLC0415  # see main
    from bqemulator.observability.logging_ import configure_logging  # noqa: PLC0415

    configure_logging(level=LogLevel.WARNING, fmt=LogFormat.CONSOLE)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # names each clause of DDL that DuckDB does without
    # DuckDB 2 advises bqemulator on every query how to copy less.
    warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)


if __name__ == "__main__":
    main()
