"""The stock Firestore client with less wrapping: the same requests and the same answers, made of raw messages.

The client wraps every value of every document in a class of its own, which is most of what a history costs. What
stands here does for plain values what the functions of the same names do, and leaves every other one to them.
"""

import copy
from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from google.api_core import datetime_helpers
from google.api_core.gapic_v1.method import DEFAULT
from google.cloud._helpers import _datetime_to_pb_timestamp
from google.cloud.firestore_v1 import _helpers, base_client, base_document, query
from google.cloud.firestore_v1 import client as stock_client
from google.cloud.firestore_v1.base_document import DocumentSnapshot
from google.protobuf.message import Message as RawMessage
from proto import Message  # type: ignore[import-untyped]  # published without types
from proto.datetime_helpers import DatetimeWithNanoseconds  # type: ignore[import-untyped]  # as above

from infra.local.firestore.messages import ArrayValue, Document, MapValue, Value, Write
from tests.simulation.substitution import Substitute

_set = object.__setattr__
_wrapping, _reading = Message.__init__, Message.__getattr__
_wrapped_value = _helpers.encode_value
_writes_of_set = _helpers.pbs_for_set_no_merge
_moment = DatetimeWithNanoseconds.from_timestamp_pb

_ENCODINGS: Mapping[type, Callable[[Any], Value]] = {
    type(None): lambda _: Value(null_value=0),
    bool: lambda value: Value(boolean_value=value),
    int: lambda value: Value(integer_value=value),
    float: lambda value: Value(double_value=value),
    str: lambda value: Value(string_value=value),
    datetime: lambda value: Value(timestamp_value=_datetime_to_pb_timestamp(value)),
    # The client reads times of documents into one class, and times of fields into another of the same name.
    DatetimeWithNanoseconds: lambda value: Value(timestamp_value=value.timestamp_pb()),
    datetime_helpers.DatetimeWithNanoseconds: lambda value: Value(timestamp_value=value.timestamp_pb()),
    list: lambda value: Value(array_value=ArrayValue(values=[encode_value(one) for one in value])),
    dict: lambda value: Value(map_value=MapValue(fields=_encoded(value))),
}
_LEAVES = _ENCODINGS.keys() - {dict}
"""What the client takes for a value as it stands; what tells the server to do something is in no list of a product."""
_TEXTS = frozenset((str, bytes))
_SCALARS = frozenset((type(None), bool, int, float, str, bytes))


def encode_value(value: Any) -> Value:
    """Write a value as the client does."""
    if encode := _ENCODINGS.get(type(value)):
        return encode(value)
    raw: Value = _wrapped_value(value)._pb  # noqa: SLF001 - the raw message of a wrapped one
    return raw


def _encoded(fields: Mapping[str, Any]) -> dict[str, Value]:
    return {name: encode_value(value) for name, value in fields.items()}


def writes_of_set(path: str, fields: Mapping[str, Any]) -> list[Any]:
    """Ask for a document to be written whole."""
    if not _is_plain(fields):
        written: list[Any] = _writes_of_set(path, fields)
        return written
    return [Write(update=Document(name=path, fields=_encoded(fields)))]


def _is_plain(fields: Mapping[str, Any]) -> bool:
    return all(type(one) in _LEAVES or (type(one) is dict and _is_plain(one)) for one in fields.values())


def snapshot_of_get(get_doc_response: Any, reference_map: dict[str, Any], client: Any) -> DocumentSnapshot[Any]:
    """Read the answer to a look-up of documents by name."""
    raw = get_doc_response._pb  # noqa: SLF001 - as above
    if raw.WhichOneof("result") == "found":
        reference = base_client._get_reference(raw.found.name, reference_map)  # noqa: SLF001 - the client's own
        return _snapshot(reference, raw.found, raw.read_time, client)
    reference = base_client._get_reference(raw.missing, reference_map)  # noqa: SLF001 - as above
    return DocumentSnapshot(reference, None, False, _moment(raw.read_time), None, None)


def snapshot_of_query(response_pb: Any, collection: Any, expected_prefix: str) -> DocumentSnapshot[Any] | None:
    """Read one answer to a query; None: it tells only how far the query has come."""
    raw = response_pb._pb  # noqa: SLF001 - as above
    if not raw.HasField("document"):
        return None
    reference = collection.document(_helpers.get_doc_id(raw.document, expected_prefix))
    return _snapshot(reference, raw.document, raw.read_time, collection._client)  # noqa: SLF001 - as above


def _snapshot(reference: Any, found: Any, read_time: Any, client: Any) -> DocumentSnapshot[Any]:
    fields = _helpers.decode_dict(found.fields, client)
    times = (_moment(one) for one in (read_time, found.create_time, found.update_time))
    return DocumentSnapshot(reference, fields, True, *times)


def deepcopy(value: Any) -> Any:
    """Copy what a document may hold."""
    match value:
        case dict() if type(value) is dict:
            return {name: deepcopy(one) for name, one in value.items()}
        case list() if type(value) is list:
            return [deepcopy(one) for one in value]
        case _:
            return value if type(value) in _ENCODINGS else copy.deepcopy(value)


def wrap(message: Message, mapping: Any = None, *, ignore_unknown_fields: bool = False, **fields: Any) -> None:
    """Make a wrapped message of what needs no conversion; the library's own way is there for the rest."""
    if mapping is None or (type(mapping) is dict and not fields):
        try:
            raw = message._meta.pb(**{name: _raw(one) for name, one in (mapping or fields).items()})  # noqa: SLF001 - its class
        except (TypeError, ValueError):
            pass
        else:
            _set(message, "_pb", raw)
            return
    _wrapping(message, mapping, ignore_unknown_fields=ignore_unknown_fields, **fields)


def _raw(value: Any) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is list or kind is tuple:
        return [_raw(one) for one in value]
    if isinstance(value, Message):
        return value._pb  # noqa: SLF001 - as above
    if isinstance(value, RawMessage):
        return value
    raise TypeError


def read(message: Message, name: str) -> Any:
    """Read a field of a wrapped message that is text; the library's own way is there for the rest."""
    value = getattr(message._pb, name, None)  # noqa: SLF001 - as above
    return value if type(value) in _TEXTS else _reading(message, name)


LEAN: tuple[Substitute, ...] = (
    (Message, "__init__", wrap),
    (Message, "__getattr__", read),
    (_helpers, "encode_value", encode_value),
    (_helpers, "pbs_for_set_no_merge", writes_of_set),
    (base_client, "_parse_batch_get", snapshot_of_get),
    (stock_client, "_parse_batch_get", snapshot_of_get),
    (query, "_query_response_to_snapshot", snapshot_of_query),
    (base_document, "copy", SimpleNamespace(deepcopy=deepcopy)),
)
"""What means something else while a simulation goes on."""


class LeanCall:
    """A method of the generated client with its own retries, without the deadlines and headers that nobody reads."""

    def __init__(self, full: Any) -> None:
        self._target = full._target  # noqa: SLF001 - as above
        self._retry = full._retry  # noqa: SLF001 - as above

    def __call__(self, request: Any, *, retry: Any = DEFAULT, **_: Any) -> Any:
        policy = self._retry if retry is DEFAULT else retry
        return policy(self._target)(request) if policy else self._target(request)
