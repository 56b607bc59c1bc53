"""A stand-in for Google's provider, which cannot be had everywhere: it knows the schema, and no cloud.

Terraform itself does the checking: it asks a provider for its schema and for plans. With this one behind it, `terraform
validate` and `terraform plan` judge the real files without an account; what a provider checks beyond its schema, such
as the values that an argument may take, nobody checks here.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import msgpack

from tests.infra.extract import ADDRESS
from tests.infra.plugin_messages import PACKAGE, message
from tests.infra.provider import Schemas

_NESTING = {"single": 1, "list": 2}
_UNKNOWN = msgpack.ExtType(0, b"\x00")
"""How Terraform writes a value that only the service will tell."""
_THREADS = 4


@contextmanager
def stand_in(schemas: Schemas) -> Iterator[dict[str, str]]:
    """Serve a provider; yields the environment that makes Terraform use it in place of the real one."""
    with ThreadPoolExecutor(_THREADS) as threads:
        server = grpc.server(threads, handlers=[_Provider(schemas)], options=[("grpc.max_send_message_length", -1)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield {"TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: _reattach(port)})}
        finally:
            server.stop(grace=None).wait()


def _reattach(port: int) -> dict[str, Any]:
    address = {"Network": "tcp", "String": f"127.0.0.1:{port}"}
    return {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True, "Addr": address}


class _Provider(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc is untyped
    """Answers Terraform's questions."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._answers: dict[str, Callable[[bytes], Any]] = {
            "GetSchema": lambda _request: _described(schemas),
            "PrepareProviderConfig": message["ProviderConfig"].FromString,
            "ValidateResourceTypeConfig": lambda _request: message["Empty"](),
            "ValidateDataSourceConfig": lambda _request: message["Empty"](),
            "Configure": lambda _request: message["Empty"](),
            "PlanResourceChange": self._plan,
            "ReadDataSource": self._read,
            "Stop": lambda _request: message["Empty"](),
        }

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        service, _, name = details.method.strip("/").partition("/")
        answer = self._answers.get(name) if service == f"{PACKAGE}.Provider" else None
        if answer is None:
            return None  # unimplemented, which Terraform puts up with
        return grpc.unary_unary_rpc_method_handler(lambda request, _context: answer(request).SerializeToString())

    def _plan(self, request: bytes) -> Any:
        """Plan what was proposed; what the service fills in is unknown until then."""
        asked = message["PlanRequest"].FromString(request)
        state = self._filled(self._schemas.resources[asked.type_name], asked.proposed_new_state, _UNKNOWN)
        return message["Planned"](planned_state=state)

    def _read(self, request: bytes) -> Any:
        """Read a data source: whatever is looked up is there, and called so."""
        asked = message["ReadRequest"].FromString(request)
        return message["ReadAnswer"](state=self._filled(self._schemas.data[asked.type_name], asked.config, "found"))

    def _filled(self, block: Mapping[str, Any], given: Any, filling: object) -> Any:
        state = msgpack.unpackb(given.msgpack)
        if state is None:
            return given
        for name, attribute in block["attributes"].items():
            if attribute.get("computed") and state[name] is None:
                state[name] = filling if attribute["type"] == "string" or filling is _UNKNOWN else None
        return message["Value"](msgpack=msgpack.packb(state))


def _described(schemas: Schemas) -> Any:
    return message["Schemas"](
        provider=_schema(schemas.provider),
        resource_schemas=[{"key": name, "value": _schema(block)} for name, block in schemas.resources.items()],
        data_source_schemas=[{"key": name, "value": _schema(block)} for name, block in schemas.data.items()],
    )


def _schema(block: Mapping[str, Any]) -> Any:
    return message["Schema"](block=_block(block))


def _block(block: Mapping[str, Any]) -> Any:
    attributes = [
        message["Attribute"](
            name=name,
            type=json.dumps(one["type"]).encode(),
            **{rule: one.get(rule, False) for rule in ("required", "optional", "computed")},
        )
        for name, one in block["attributes"].items()
    ]
    nested = [_nested(name, one) for name, one in block["block_types"].items()]
    return message["Block"](attributes=attributes, block_types=nested)


def _nested(name: str, nested: Mapping[str, Any]) -> Any:
    limits = {limit: nested.get(limit, 0) for limit in ("min_items", "max_items")}
    block = _block(nested["block"])
    return message["NestedBlock"](type_name=name, block=block, nesting=_NESTING[nested["nesting_mode"]], **limits)
