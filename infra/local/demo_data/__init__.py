"""A month of a small trading team, invented: bars, documents good and bad, and the broker's view of it all.

Everything follows from a seed: the same seed gives the same files, byte for byte. The month is September 2026, seen
from `AS_OF`. `generate` writes a fixture directory; `expectations` says what an archive of it must come to.
"""

from pathlib import Path

from infra.local.demo_data.broker_state import broker_state
from infra.local.demo_data.demo import make_demo
from infra.local.demo_data.expectations import Expectations, ExpectedTrade, expect
from infra.local.demo_data.sessions import AS_OF, MONTH_END, MONTH_START
from infra.local.fixtures import FixtureError, write_bars, write_broker, write_collection

__all__ = ["AS_OF", "MONTH_END", "MONTH_START", "Expectations", "ExpectedTrade", "expectations", "generate"]


def generate(directory: Path, seed: int = 1) -> None:
    """Write the fixture directory, in place of files of the same name.

    Raises:
        FixtureError: It cannot be written.
    """
    demo = make_demo(seed)
    try:
        for symbol, bars in demo.market.bars.items():
            write_bars(directory, symbol, bars)
        for collection in demo.collections:
            write_collection(directory, collection.name, sorted(collection.documents.items()))
        write_broker(directory, broker_state(seed, demo.market, demo.cast))
    except OSError as error:
        raise FixtureError(f"{directory} cannot be written: {error.strerror}") from error


def expectations(seed: int = 1) -> Expectations:
    """What the jobs must make of the fixture with this seed, as of `AS_OF`."""
    return expect(make_demo(seed))
