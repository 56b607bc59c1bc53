"""The venue's directory: what has been seeded so far, kept across restarts."""

from pathlib import Path
from threading import Lock

from infra.local.broker.ledger import Ledger, checked, merged, open_ledger
from infra.local.broker.series import BarShelf, merge_bars
from infra.local.exact_json import JsonObject
from infra.local.fixtures import Bar, bar_files, read_bars, read_broker, write_bars, write_broker


class Store:
    """Owns a directory of the fixture layout and the ledger made of it.

    A request works on the ledger it met when it arrived; seeding puts another in its place.
    """

    def __init__(self, directory: Path) -> None:
        """Open the directory, or begin an empty one.

        Raises:
            FixtureError: What it holds is malformed.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._seeding = Lock()
        self.ledger = self._load()

    def seed(self, fixture: Path) -> Ledger:
        """Add a fixture directory to what is there.

        Everything is read and joined before anything is written, so a malformed fixture changes nothing. Each file is
        then replaced whole, `broker.json` last: after a crash in between, seeding again completes it.

        Raises:
            FixtureError: The directory is missing, malformed, or does not fit to what is there.
        """
        with self._seeding:
            broker = merged(checked(read_broker(self._directory)), checked(read_broker(fixture)))
            bars = self._joined_bars(fixture)
            open_ledger(broker, BarShelf({}))
            for symbol, joined in bars.items():
                write_bars(self._directory, symbol, joined)
            self._replace(broker)
        return self.ledger

    def put_order(self, order: JsonObject) -> None:
        """Add one order, or replace the one with its id."""
        with self._seeding:
            self._replace(merged(checked(read_broker(self._directory)), checked({"orders": [order]})))

    def reset(self) -> Ledger:
        """Forget everything."""
        with self._seeding:
            for path in bar_files(self._directory).values():
                path.unlink()
            self._replace({})
        return self.ledger

    def _replace(self, broker: JsonObject) -> None:
        write_broker(self._directory, broker)
        self.ledger = self._load()

    def _joined_bars(self, fixture: Path) -> dict[str, list[Bar]]:
        present = bar_files(self._directory)
        added = {symbol: read_bars(path) for symbol, path in bar_files(fixture).items()}
        return {
            symbol: merge_bars(symbol, read_bars(present[symbol]) if symbol in present else [], bars)
            for symbol, bars in added.items()
        }

    def _load(self) -> Ledger:
        return open_ledger(checked(read_broker(self._directory)), BarShelf(bar_files(self._directory)))
