"""Turns the rows of a query into serialized `RunQueryResponse` messages.

A message on the wire is its fields one after the other, in any order; so a stored document, already bytes, only needs
the field header in front and the fields that all responses share behind it.
"""

from collections.abc import Iterator

from infra.local.firestore.clock import to_timestamp
from infra.local.firestore.messages import RunQueryResponse
from infra.local.firestore.query import Plan, projected
from infra.local.firestore.readings import Reading
from infra.local.firestore.rows import Row

_DOCUMENT_HEADER = b"\x0a"  # field 1, length-delimited
_SEVEN_BITS = 0x7F
_MORE = 0x80


def responses(wanted: Plan, rows: Iterator[Row], reading: Reading) -> Iterator[bytes]:
    """The response stream: every message carries the read time, an empty result is one message with nothing else."""
    read_time = to_timestamp(reading.snapshot.micros)
    if reading.begun:
        yield RunQueryResponse(transaction=reading.begun).SerializeToString()
    shared = RunQueryResponse(read_time=read_time).SerializeToString()
    last = RunQueryResponse(read_time=read_time, done=True).SerializeToString()
    row = next(rows, None)
    if row is None:
        yield last
        return
    skipped = RunQueryResponse(skipped_results=wanted.offset).SerializeToString()
    while row is not None:
        following = next(rows, None)
        yield _framed(wanted, row) + skipped + (last if following is None else shared)
        skipped = b""
        row = following


def _framed(wanted: Plan, row: Row) -> bytes:
    body = row.body if wanted.projection is None else projected(row, wanted.projection)
    return _DOCUMENT_HEADER + _varint(len(body)) + body


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > _SEVEN_BITS:
        encoded.append(number & _SEVEN_BITS | _MORE)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
