"""The emulator, assembled and served."""

import asyncio
import signal
import socket
from pathlib import Path

from bqemulator import server
from bqemulator.config import LogFormat, LogLevel, PersistenceMode, Settings

from infra.local.bigquery import strictness, table_resource, turns, typed_values
from infra.local.bigquery.patching import replace
from infra.local.bigquery.storage import NoTimeTravel, SingleThreadEngine


async def serve(host: str, rest_port: int, grpc_port: int, data_dir: Path | None) -> None:
    """Serve on one interface until SIGTERM or SIGINT; say on stdout when, and where, it is ready.

    Raises:
        OSError: A port is taken.
    """
    for port in (rest_port, grpc_port):
        _require_free(host, port)
    emulator = _assembled(_settings(host, rest_port, grpc_port, data_dir))
    stop = asyncio.Event()
    await emulator.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"bigquery ready rest={emulator.rest_url} grpc={emulator.grpc_endpoint}", flush=True)  # noqa: T201  # the ready line
    await stop.wait()
    await emulator.stop()


def _require_free(host: str, port: int) -> None:
    """Two gRPC servers may share a port, each taking some of the calls; that is never what is wanted here."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(error.errno, f"port {port} on {host} is taken; another emulator may be running") from error


class _Emulator(server.EmulatorServer):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        table_resource.add_columns_with_schema(self._catalog, self._engine)


def _assembled(settings: Settings) -> server.EmulatorServer:
    replace(server, "DuckDBEngine", lambda _: SingleThreadEngine)
    replace(server, "SnapshotManager", lambda _: NoTimeTravel)
    typed_values.install()
    table_resource.install()
    strictness.install()
    turns.install()  # last: it wraps the handler that strictness puts in
    return _Emulator(settings)


def _settings(host: str, rest_port: int, grpc_port: int, data_dir: Path | None) -> Settings:
    return Settings(
        rest_host=host,
        rest_port=rest_port,
        grpc_host=host,
        grpc_port=grpc_port,
        persistence_mode=PersistenceMode.PERSISTENT if data_dir else PersistenceMode.EPHEMERAL,
        data_dir=data_dir,
        time_travel_retention_days=0,
        query_cache_ttl_seconds=0,
        enable_format_extensions=False,  # another download
        log_level=LogLevel.WARNING,
        log_format=LogFormat.CONSOLE,
    )
