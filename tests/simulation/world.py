"""A world to run jobs in: one seed, one clock, and servers that live in this process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient

from jobs.registry import all_jobs, loops
from schemas.run_record import RunRecord
from shared import lease, records
from shared.broker import Broker
from shared.documents import Documents
from shared.lease import Leases
from shared.log import Log, Severity
from shared.parts import Parts
from shared.quarantine import Quarantine
from shared.retrying import persistently
from shared.run import run
from shared.runs import Runs
from shared.settings import Settings
from shared.shards import Shard, shards
from shared.stream import WriteStreams
from shared.survey import Options
from shared.tables import Tables
from shared.warehouse import Warehouse
from tests.emulator.builders import START
from tests.simulation.bigquery import Client, Dataset, WriteClient
from tests.simulation.broker import LocalCaller, Venue
from tests.simulation.firestore import PROJECT, Engine, connect
from tests.simulation.heartbeat import Heartbeats
from tests.simulation.lean_client import LEAN
from tests.simulation.network import Fault, Network, Process
from tests.simulation.substitution import Substitute, substituted
from tests.simulation.versions import moment_of
from tests.simulation.virtual_time import VirtualTime
from tests.sizes import Sizes

BEGINNING = START + timedelta(hours=30)
RETIRE_AFTER_DAYS = 1


class Brief(Settings):
    """Settings whose copy in each run's record is empty: writing it down would be a third of a run's cost here."""

    def public(self) -> dict[str, Any]:
        return {}


_SETTINGS = Brief.model_validate(
    {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "ALPACA_API_KEY": "key",
        "ALPACA_SECRET_KEY": "secret",
        "SCHEMA_CHANGES": "additive",
        "RETRY_SECONDS": "5",
        "GIT_HASH": "simulated",
        "RETIRE_AFTER_DAYS": str(RETIRE_AFTER_DAYS),
    }
)


class Silence(Log):
    """Nobody listens."""

    def labelled(self, **_: str) -> "Silence":
        return self

    def event(self, message: str, severity: Severity = Severity.INFO, **fields: Any) -> None:
        """Say nothing."""


_REALLY = Options(delete=True)
_ENGINE_WAITS_S = 300.0
"""Simulated; the locks of a dead transaction last for a minute."""


@dataclass(frozen=True)
class Errand:
    """One run to be: its job, what it is told, and which faults it meets at which of its calls."""

    job: str
    options: Options = _REALLY
    faults: Mapping[int, Fault] = field(default_factory=dict)

    def __str__(self) -> str:
        """The job, and of which shard."""
        return self.options.shard.of(self.job)


@dataclass(frozen=True)
class Ended:
    """One run that was."""

    errand: Errand
    record: RunRecord | None
    """None: it was killed."""
    disturbed: bool
    """Whether it met a fault, another run, or what a dead one left locked."""


class World:
    """Everything a history happens in."""

    def __init__(self, seed: int, *, lean: bool = True, sizes: Sizes | None = None) -> None:
        """Begin with nothing; `lean` or with all that the stock client does, which ends alike and takes longer.

        Runs take as much at once as `sizes` say, or as much as they usually do.
        """
        self.chance = Random(seed)  # noqa: S311 - a seed that replays
        self.time = VirtualTime(BEGINNING)
        self.network = Network(self.time, self.chance)
        self.firestore = Engine(self.network)
        self.dataset = Dataset(self.network)
        self.venue = Venue(self.network)
        self.clock: Callable[[], datetime] = self.time.now
        """That of the machine that runs are on."""
        self.clients = connect(self.firestore, lean=lean)
        names = Random(seed)  # noqa: S311 - as above
        self._settings = _SETTINGS.model_copy(update={"page_size": sizes.page}) if sizes else _SETTINGS
        self._parts_of: dict[str, int] = {}
        """Lease → into how many shards its table is split."""
        self._governed = False
        self._substitutes: tuple[Substitute, ...] = (
            *(LEAN if lean else ()),
            *(sizes.substitutes if sizes else ()),
            (lease, "threading", Heartbeats(self.network)),
            (records, "uuid", SimpleNamespace(uuid4=lambda: UUID(int=names.getrandbits(128)))),
        )
        self.ended: list[Ended] = []
        self.deleted: set[tuple[str, datetime]] = set()
        """What the sources deleted themselves: path and moment."""

    @contextmanager
    def governed(self) -> Iterator[None]:
        """Let clients and runs live by this world's clock, chance and leanness; once more inside changes nothing."""
        if self._governed:
            yield
            return
        with substituted(self._substitutes), self.time.governing(self.chance):
            self._governed = True
            try:
                yield
            finally:
                self._governed = False

    def run(self, *errands: Errand, restlessness: float = 0.2) -> list[Ended]:
        """Run one job, or several at once: in which order their calls go is decided by the seed."""
        with self.governed():
            tasks = [partial(self._run, errand, len(errands) > 1) for errand in errands]
            if len(tasks) == 1:
                tasks[0]()
            else:
                self.network.turns.run(tasks, restlessness)
        return self.ended[-len(errands) :]

    def split(self, job: str, count: int) -> None:
        """Split the table of a loop, as somebody does by the command line."""
        with self.governed():
            self.parts().leases.split(loops()[job].lease, count)
        self._parts_of[loops()[job].lease] = count

    def shards(self, job: str) -> list[Shard]:
        """What a job started once has to fill, one after the other; the whole where nothing is split."""
        return shards(self._parts_of.get(all_jobs()[job].lease, 1))

    def _run(self, errand: Errand, crowded: bool) -> None:  # noqa: FBT001 - one of two facts about an errand
        process, haunted = Process(errand.faults), self.firestore.haunted
        record: RunRecord | None = None
        with self.network.of(process):
            try:
                record = run(all_jobs()[errand.job], errand.options, self.parts())
            except BaseException:
                # The client rolls back on its way out, and what that raises takes the place of the death.
                if not process.dead:
                    raise
        disturbed = crowded or haunted or bool(process.met)
        self.ended.append(Ended(errand, None if process.dead else record, disturbed))

    def parts(self) -> Parts:
        """Connect a run."""
        settings, clients = self._settings, self.clients
        client = cast("bigquery.Client", Client(self.dataset))
        return Parts(
            settings=settings,
            firestore=clients.stock,
            documents=Documents(settings, clients.channel),
            bookkeeping=Documents(settings, clients.channel),
            leases=Leases(clients.stock, settings),
            quarantine=Quarantine(clients.stock, settings),
            runs=Runs(clients.stock, settings),
            warehouse=Warehouse(client, settings),
            tables=Tables(client, settings),
            streams=WriteStreams(settings, cast("BigQueryWriteClient", WriteClient(self.dataset))),
            broker=Broker(settings, LocalCaller(settings, self.network, self.venue)),
            log=Silence(),
            pause=self.time.sleep,
            clock=self.clock,
        )

    def put(self, collection: str, name: str, fields: Mapping[str, Any]) -> None:
        """Write a document as the engine does, past all faults, and again while a dead run's transaction locks it."""
        with self.governed():
            reference = self.clients.stock.collection(collection).document(name)
            persistently(_ENGINE_WAITS_S, lambda: reference.set(dict(fields)))

    def delete(self, collection: str, name: str) -> None:
        """Delete a document as the engine does."""
        past = len(self.firestore.store.history)
        with self.governed():
            reference = self.clients.stock.collection(collection).document(name)
            persistently(_ENGINE_WAITS_S, reference.delete)
        moments = [moment_of(*one) for one in self.firestore.store.history[past:]]
        self.deleted |= {(one.path, one.at) for one in moments}

    def documents(self, collection: str) -> dict[str, tuple[datetime, dict[str, Any]]]:
        """What a collection holds: id → update time and fields."""
        with self.governed():
            found = self.clients.stock.collection(collection).get()
        return {one.id: (cast("datetime", one.update_time), one.to_dict() or {}) for one in found}


def statuses(ended: Sequence[Ended]) -> list[str]:
    """How runs ended."""
    return [one.record.status.value if one.record else "KILLED" for one in ended]
