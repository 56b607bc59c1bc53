"""What goes on around the runs of a history: the engine writes, the broker posts, time passes. And what follows."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.local.fixtures import write_broker
from jobs.registry import loops
from tests.emulator.builders import account
from tests.emulator.fees import coin_fee, dollar_fee, exit_price, fills, seed_broker
from tests.faults.stores import Look, Stores
from tests.faults.story import Day
from tests.faults.universe import SIZE, Write, refused
from tests.stack import LocalStack

_AGE = (
    "UPDATE {} SET archived_at = TIMESTAMP '2021-09-02T00:00:00Z', revised_at = IF(revised_by IS NULL, NULL, "
    "TIMESTAMP '2021-09-02T00:00:00Z') WHERE ds >= '2000-01-01'"
)


class Surroundings:
    """The engine and the broker of one history."""

    def __init__(self, stack: LocalStack, stores: Stores, directory: Path) -> None:
        """Let the broker know every order that there will be, and its executions, but no fee."""
        self._stack = stack
        self._stores = stores
        self._directory = directory / "day"
        self._written: list[Write] = []
        numbers = range(1, SIZE + 1)
        seed_broker(stack, directory, numbers, (one for n in numbers for one in fills(n, exit_price(n))))

    def begin(self, day: Day) -> None:
        """Let a day begin."""
        self.write(day.writes)
        charged = [fee(number) for number in day.charged for fee in (coin_fee, _dollar_fee)]
        self._directory.mkdir(exist_ok=True)
        write_broker(self._directory, {"account": account(str(100 + day.number)), "activities": charged})
        self._stack.seed(self._directory)

    def age(self) -> None:
        """Let all that is archived be archived long ago."""
        for table in self._stores.tables():
            self._stack.rows(_AGE.format(table))

    def write(self, writes: Sequence[Write]) -> None:
        """Write as the engine does."""
        batch = self._stores.hot.batch()
        for write in writes:
            reference = self._stores.hot.document(write.path)
            batch.delete(reference) if write.fields is None else batch.set(reference, dict(write.fields))
        batch.commit()
        self._written += writes

    def refused(self, look: Look) -> dict[str, str]:
        """What must be in quarantine now: what is broken, of the collections whose jobs ran."""
        ran = {run["job"] for run in look.runs}
        read = {loop.source for name, loop in loops().items() if name in ran}
        return {path: why for path, why in refused(iter(self._written)).items() if path.partition("/")[0] in read}

    def lost(self, look: Look) -> Iterator[str]:
        """Tell which documents are gone that the engine did not delete, and that have no receipt."""
        newest = {write.path: write for write in self._written}
        receipts = {one["path"] for one in look.receipts}
        for path, write in newest.items():
            left = path in look.sources[path.partition("/")[0]]
            if write.fields is not None and not left and path not in receipts:
                yield f"{path} is gone without a receipt"


def _dollar_fee(number: int) -> dict[str, object]:
    return dollar_fee(number, exit_price(number))
