"""Bring the local stack up and down: three servers on free loopback ports, remembered by process id.

State lives in one folder and survives `down` and `up`. Google's Firestore emulator keeps nothing by itself: its
documents are exported on `down` and imported on `up`, which gives them new update times, so the next run revises them.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from infra.local.atomic_file import replace_file
from infra.local.emulators import Firestore, docker_command, firestore_kind, sdk_command

PROJECT = "golden-thread-local"
SERVERS = ("firestore", "bigquery", "broker")
READY_WITHIN = 60.0
"""Seconds a server may take to start."""
LOG_LINES = 15
"""Lines of a server's log shown when it does not start."""
STOP_WITHIN = 10.0
"""Seconds a server may take to stop before it is killed."""


class StackError(Exception):
    """The stack could not be brought into the state asked for; the message says what to look at."""


class _UnreadableError(StackError):
    """What is up cannot be told."""


Say = Callable[[str], None]


def _hush(_text: str) -> None:
    """Tell nobody."""


class Server(BaseModel):
    """One running server."""

    model_config = ConfigDict(hide_input_in_errors=True)

    pid: int
    born: str
    """When the process started, by the system: a process id alone may be somebody else's after a restart."""
    ports: dict[str, int]

    @property
    def alive(self) -> bool:
        """Whether the process still runs; a child of ours that ended is collected on the way."""
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(self.pid, os.WNOHANG) != (0, 0):
                return False
        return born(self.pid) == self.born


class Running(BaseModel):
    """What `stack.json` remembers."""

    model_config = ConfigDict(hide_input_in_errors=True)

    firestore_kind: Firestore
    servers: dict[str, Server]

    def environment(self) -> dict[str, str]:
        """Build the variables that point a job at this stack."""
        firestore = self.servers["firestore"].ports["grpc"]
        bigquery, broker = self.servers["bigquery"].ports, self.servers["broker"].ports["http"]
        return {
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{firestore}",
            "BIGQUERY_EMULATOR_HOST": f"127.0.0.1:{bigquery['rest']}",
            "BIGQUERY_STORAGE_EMULATOR_HOST": f"127.0.0.1:{bigquery['grpc']}",
            "ALPACA_BASE_URL": f"http://127.0.0.1:{broker}",
            "ALPACA_DATA_URL": f"http://127.0.0.1:{broker}",
            "ALPACA_API_KEY": "local",
            "ALPACA_SECRET_KEY": "local",
            "TRIGGER": "local",
        }


def state_directory() -> Path:
    """Find where the stack keeps its state: GOLDEN_THREAD_STATE, else the user's state folder."""
    if named := os.environ.get("GOLDEN_THREAD_STATE"):
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "golden-thread"


class Stack:
    """The local stack in one state folder."""

    def __init__(self, directory: Path | None = None) -> None:
        """Look at `directory`, by default the user's."""
        self.directory = directory or state_directory()

    @property
    def _file(self) -> Path:
        return self.directory / "stack.json"

    def running(self) -> Running | None:
        """Read what is up; None when the stack is down, or not all of it is up.

        Raises:
            StackError: The stack file cannot be read.
        """
        remembered = self._remembered()
        if remembered is None or not set(SERVERS) <= remembered.servers.keys():
            return None
        return remembered if all(server.alive for server in remembered.servers.values()) else None

    def up(self, wanted: Firestore | None = None, say: Say = _hush) -> Running:
        """Start what is not up yet.

        Raises:
            StackError: A server did not start, and the message names its log; the stack is up with another Firestore
                than the one wanted; or its state can be neither read nor written.
        """
        if found := self.running():
            _require_kind(found.firestore_kind, wanted)
            return found
        self.down()
        kind = firestore_kind(wanted)
        servers: dict[str, Server] = {}
        try:
            for name in SERVERS:
                say(f"starting {name}" + (f" ({kind})" if name == "firestore" else ""))
                servers[name] = self._start_server(name, kind)
                self._remember(Running(firestore_kind=kind, servers=servers))
            for name, server in servers.items():
                self._wait_for(name, server)
        except OSError as error:
            self._end(servers)
            raise StackError(
                f"the stack did not start: {error}. Its state is kept in {self.directory}; GOLDEN_THREAD_STATE names "
                "another folder"
            ) from error
        except BaseException:
            self._end(servers)
            raise
        return Running(firestore_kind=kind, servers=servers)

    def stop(self, say: Say = _hush) -> None:
        """Stop every server by its process id; documents that only Google's emulator holds are lost."""
        if remembered := self._left(say):
            self._end(remembered.servers)

    def down(self, say: Say = _hush) -> bool:
        """Stop every server, keeping all state. Returns whether there was anything to stop.

        Raises:
            StackError: Everything is stopped, but the documents of Google's emulator could not be saved.
        """
        remembered = self._left(say)
        if remembered is None:
            return False
        try:
            self._save_documents(remembered)
        except (OSError, HTTPException) as error:
            self._end(remembered.servers)
            raise StackError(
                f"the stack is down, but its documents were not saved: {error!r}. {self.log_of('firestore')} may say "
                "why; `golden-thread local seed DIR` loads documents again"
            ) from error
        self._end(remembered.servers)
        return True

    def reset(self, say: Say = _hush) -> None:
        """Stop the stack and forget its state."""
        self.stop(say)
        # Only what the stack made: the folder's name comes from outside.
        for name in (*SERVERS, "logs"):
            shutil.rmtree(self.directory / name, ignore_errors=True)

    def log_of(self, name: str) -> Path:
        """Name the log file of a server."""
        return self.directory / "logs" / f"{name}.log"

    def _start_server(self, name: str, kind: Firestore) -> Server:
        match name:
            case "firestore":
                return self._start_firestore(kind)
            case "bigquery":
                return self._start_bigquery()
            case _:
                return self._start_broker()

    def _start_firestore(self, kind: Firestore) -> Server:
        (port,) = free_ports(1)
        if kind == "sdk":
            return self._start("firestore", sdk_command(port, self._exported()), {"grpc": port})
        if kind == "docker":
            return self._start("firestore", docker_command(port), {"grpc": port})
        data = self.directory / "firestore"
        data.mkdir(parents=True, exist_ok=True)
        arguments = ["--host", "127.0.0.1", "--port", str(port), "--data", str(data / "documents.sqlite")]
        return self._start("firestore", _module("infra.local.firestore", *arguments), {"grpc": port})

    def _start_bigquery(self) -> Server:
        rest, grpc = free_ports(2)
        arguments = ["--rest-port", str(rest), "--grpc-port", str(grpc), "--data-dir", str(self.directory / "bigquery")]
        return self._start("bigquery", _module("infra.local.bigquery", *arguments), {"rest": rest, "grpc": grpc})

    def _start_broker(self) -> Server:
        (port,) = free_ports(1)
        arguments = ["--port", str(port), "--data", str(self.directory / "broker")]
        return self._start("broker", _module("infra.local.broker", *arguments), {"http": port})

    def _start(self, name: str, command: Sequence[str], ports: dict[str, int]) -> Server:
        log = self.log_of(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            process = subprocess.Popen(  # noqa: S603 - our own command line
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
            )
        # The server outlives this process; the stack file remembers it.
        process.returncode = 0
        return Server(pid=process.pid, born=born(process.pid), ports=ports)

    def _wait_for(self, name: str, server: Server) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not all(_listens(port) for port in server.ports.values()):
            if not server.alive or time.monotonic() > deadline:
                last = self.log_of(name).read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
                raise StackError("\n".join((f"{name} did not start; the end of {self.log_of(name)}:", *last)))
            time.sleep(0.05)

    def _remember(self, running: Running) -> None:
        replace_file(self._file, running.model_dump_json(indent=2).encode())

    def _remembered(self) -> Running | None:
        """Read the stack file; None when there is none.

        Raises:
            StackError: It cannot be read.
        """
        try:
            return Running.model_validate_json(self._file.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValidationError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is damaged"
            raise _UnreadableError(
                f"{self._file} cannot be read ({why}), so what is up cannot be told; `golden-thread local down` "
                "removes it and keeps the stack's state, `golden-thread local reset` removes both"
            ) from None

    def _left(self, say: Say) -> Running | None:
        """Read what is to be stopped; a stack file that cannot be read names nothing, and goes."""
        try:
            return self._remembered()
        except _UnreadableError:
            self._forget()
            say(
                f"removed {self._file}, which could not be read: servers that it named may still run, and bear "
                f"{self.directory} in their command lines"
            )
            return None

    def _forget(self) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._file.unlink()

    def _end(self, servers: dict[str, Server]) -> None:
        for server in servers.values():
            if server.alive:
                os.kill(server.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN
        for server in servers.values():
            while server.alive and time.monotonic() < deadline:
                time.sleep(0.02)
            if server.alive:
                os.kill(server.pid, signal.SIGKILL)
        self._forget()

    def _exported(self) -> Path | None:
        found = sorted((self.directory / "firestore" / "export").glob("**/*.overall_export_metadata"))
        return found[-1] if found else None

    def _save_documents(self, running: Running) -> None:
        """Let Google's emulator write its documents down; the other ones keep them by themselves, or not at all."""
        firestore = running.servers.get("firestore")
        if running.firestore_kind == "sdk" and firestore is not None and firestore.alive:
            self._export_documents(firestore)

    def _export_documents(self, server: Server) -> None:
        """Ask Google's emulator to write its documents down; what it wrote before is replaced."""
        folder = self.directory / "firestore" / "export"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        body = {"database": f"projects/{PROJECT}/databases/(default)", "export_directory": str(folder)}
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.ports['grpc']}/emulator/v1/projects/{PROJECT}:export",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - a loopback address
            answer.read()


def _require_kind(running: Firestore, wanted: Firestore | None) -> None:
    """Refuse another Firestore than the one that is up: each kind keeps documents of its own.

    Raises:
        StackError: Another one is wanted.
    """
    if wanted not in {None, running}:
        raise StackError(
            f"the stack is up with Firestore {running}; `golden-thread local down`, then `golden-thread local up "
            f"--firestore {wanted}`, which has documents of its own"
        )


def born(pid: int) -> str:
    """Ask the system when a process started; empty when there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        # Field 22 counts clock ticks since boot; the name before it may hold spaces, but ends with a bracket.
        with contextlib.suppress(OSError, IndexError):
            return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
        return ""
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607 - constant but for the number
    return asked.stdout.strip()


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    with contextlib.ExitStack() as sockets:
        held = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]
