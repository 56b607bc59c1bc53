"""The messages of Terraform's plugin protocol 5 that a provider is asked in, built without a compiler.

Source: https://github.com/hashicorp/terraform/blob/main/docs/plugin-protocol/tfplugin5.proto. Only the fields that the
stand-in reads or fills; Protocol Buffers skip the others.
"""

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

PACKAGE = "tfplugin5"
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Value": {"msgpack": (1, "bytes")},
    "Schema": {"version": (1, "int64"), "block": (2, "Block")},
    "Block": {"version": (1, "int64"), "attributes": (2, "Attribute*"), "block_types": (3, "NestedBlock*")},
    "Attribute": {
        "name": (1, "string"),
        "type": (2, "bytes"),
        "required": (4, "bool"),
        "optional": (5, "bool"),
        "computed": (6, "bool"),
    },
    "NestedBlock": {
        "type_name": (1, "string"),
        "block": (2, "Block"),
        "nesting": (3, "int64"),
        "min_items": (4, "int64"),
        "max_items": (5, "int64"),
    },
    # A map is a list of entries on the wire.
    "SchemaEntry": {"key": (1, "string"), "value": (2, "Schema")},
    "Schemas": {
        "provider": (1, "Schema"),
        "resource_schemas": (2, "SchemaEntry*"),
        "data_source_schemas": (3, "SchemaEntry*"),
    },
    "Empty": {},
    "ProviderConfig": {"config": (1, "Value")},
    "PlanRequest": {"type_name": (1, "string"), "proposed_new_state": (3, "Value")},
    "Planned": {"planned_state": (1, "Value")},
    "ReadRequest": {"type_name": (1, "string"), "config": (2, "Value")},
    "ReadAnswer": {"state": (1, "Value")},
}
_KINDS = {
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int64": FieldDescriptorProto.TYPE_INT64,
}


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="plugin.proto", package=PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            message.field.append(_field(field, number, kind))
    return file


def _field(name: str, number: int, kind: str) -> FieldDescriptorProto:
    label = FieldDescriptorProto.LABEL_REPEATED if kind.endswith("*") else FieldDescriptorProto.LABEL_OPTIONAL
    plain = kind.rstrip("*")
    field = FieldDescriptorProto(name=name, number=number, label=label)
    if plain in _KINDS:
        field.type = _KINDS[plain]
    else:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{PACKAGE}.{plain}"
    return field


def _classes() -> dict[str, Any]:
    pool = DescriptorPool()
    pool.Add(_file())
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in _MESSAGES}


message = _classes()
"""Message classes by name."""
