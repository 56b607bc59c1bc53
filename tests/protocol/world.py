"""Everything that is not an attempt: requests on their way, the servers, the hot side and the retire job."""

from collections.abc import Iterator

from tests.protocol.guards import Guards
from tests.protocol.state import DUPLICATED, OVERWRITTEN, DocumentAt, Layout, Move, Stream, StreamAt


class World:
    """The adversary. It needs no budget but for the hot side's events."""

    def __init__(self, layout: Layout, guards: Guards) -> None:
        self._layout = layout
        self._guards = guards

    def moves(self, state: bytes) -> Iterator[Move]:
        """All that can happen to the state while every attempt stands still."""
        for stream in self._layout.streams:
            if state[stream.status]:
                yield from self._stream_moves(state, stream)
        for document in self._layout.documents:
            if state[document.updates]:
                yield from self._late_updates(state, document)
            if state[Layout.EVENTS]:
                yield from self._hot_moves(state, document)
            yield from self._retire(state, document)

    def commit(self, state: bytes, stream: StreamAt) -> bytes:
        """A BatchCommit arrives: the rows of an open stream show at once and together."""
        if state[stream.status] == Stream.COMMITTED and not self._guards.stream_commits_once:
            return self._committed_again(state, stream)
        if state[stream.status] != Stream.OPEN:
            return state
        after = bytearray(state)
        for document, offset in zip(self._layout.documents, stream.revisions, strict=True):
            if state[offset]:
                after[document.row] = DUPLICATED if state[document.row] else state[offset]
                after[document.run] = stream.number
                after[offset] = 0
        after[stream.status] = Stream.COMMITTED
        return bytes(after)

    def update(self, state: bytes, document: DocumentAt, revision: int) -> bytes:
        """An UPDATE of one key arrives."""
        if self._guards.update_compares_revision and state[document.row] >= revision:
            return state
        after = bytearray(state)
        after[document.row] = revision
        if not self._guards.update_keeps_run_id:
            after[document.run] = OVERWRITTEN
        return bytes(after)

    def updates_sent(self, state: bytes, document: DocumentAt) -> list[int]:
        """The revisions that UPDATEs of this key carry, newest first."""
        mask = state[document.updates]
        return [revision for revision in reversed(range(mask.bit_length())) if mask >> revision & 1]

    def _stream_moves(self, state: bytes, stream: StreamAt) -> Iterator[Move]:
        if state[stream.sent]:
            after = self.commit(state, stream)
            if after != state:
                yield "the commit of {}'s stream arrives", stream.name, after
        if state[stream.status] in {Stream.OPEN, Stream.DRAFT}:
            yield "the uncommitted stream of {} vanishes", stream.name, self._vanished(state, stream)
        if state[stream.status] == Stream.COMMITTED:
            forgotten = bytearray(state)
            forgotten[stream.status] = Stream.FORGOTTEN
            yield "the server forgets the committed stream of {}", stream.name, bytes(forgotten)

    def _vanished(self, state: bytes, stream: StreamAt) -> bytes:
        after = bytearray(state)
        after[stream.status] = Stream.GONE
        after[stream.sent] = 0
        for offset in stream.revisions:
            after[offset] = 0
        return bytes(after)

    def _committed_again(self, state: bytes, stream: StreamAt) -> bytes:
        after = bytearray(state)
        for document in self._layout.documents:
            if state[document.run] == stream.number:
                after[document.row] = DUPLICATED
        return bytes(after)

    def _late_updates(self, state: bytes, document: DocumentAt) -> Iterator[Move]:
        for revision in self.updates_sent(state, document):
            after = self.update(state, document, revision)
            if after != state:
                yield f"the UPDATE of {{}} to revision {revision} arrives", document.name, after

    def _hot_moves(self, state: bytes, document: DocumentAt) -> Iterator[Move]:
        after = bytearray(state)
        after[Layout.EVENTS] -= 1
        after[document.newest] = after[document.live] = state[document.newest] + 1
        yield f"the hot side {'edits' if state[document.live] else 'creates'} {{}}", document.name, bytes(after)
        if state[document.live]:
            after[document.newest] = state[document.newest]
            after[document.live] = 0
            yield "the hot side deletes {}", document.name, bytes(after)

    def _retire(self, state: bytes, document: DocumentAt) -> Iterator[Move]:
        live, row = state[document.live], state[document.row]
        if live and row and (live == row or not self._guards.retire_has_precondition):
            after = bytearray(state)
            after[document.retired] = live
            after[document.live] = 0
            yield "retire deletes {}", document.name, bytes(after)
