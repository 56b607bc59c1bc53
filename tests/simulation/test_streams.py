"""The product's own streams against the simulated service: what is counted, and what an answer to a commit means."""

import pytest

from schemas.trades import PositionDocument, Trade
from shared.fingerprint import Fingerprint
from shared.stream import WriteStreams
from tests.simulation.world import World
from tests.unit.samples import built, candidate, evidence


@pytest.fixture
def world() -> World:
    return World(0)


@pytest.fixture
def streams(world: World) -> WriteStreams:
    return world.parts().streams


def rows(*names: str) -> list[Trade]:
    row = built("trades", candidate(PositionDocument), evidence())
    return [row.model_copy(update={"trade_id": name}) for name in names]


def test_a_stream_counts_what_was_appended_in_whatever_portions(streams: WriteStreams) -> None:
    stream, every = streams.open(Trade), rows("p-1", "p-2", "p-3")

    stream.append(every[:1])
    first = stream.bytes
    stream.append(every[1:])
    stream.finalize()

    assert (stream.n, stream.fingerprint) == (3, Fingerprint().including(every))
    assert 0 < first < stream.bytes


def test_a_stream_that_the_service_does_not_hold_is_missing_however_it_says_so(
    world: World, streams: WriteStreams
) -> None:
    stream = streams.open(Trade)
    world.dataset.streams[stream.name].forgotten = True

    assert streams.commit(Trade, stream.name).missing
    assert streams.commit(Trade, f"{stream.name}99").missing


def test_a_stream_that_lost_rows_is_not_published(world: World, streams: WriteStreams) -> None:
    stream = streams.open(Trade)
    stream.append(rows("p-1", "p-2"))
    world.dataset.streams[stream.name].rows.pop()

    with pytest.raises(RuntimeError, match="the stream holds 1 rows, 2 were appended; nothing was committed"):
        stream.finalize()
