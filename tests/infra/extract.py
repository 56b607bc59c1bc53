"""Takes the provider's schema for the resources that infra/gcp uses out of a package that carries all of it.

`make provider-schema` runs it. The package is the Python binding of Google's provider for CDK for Terraform: 49 MB,
whose `.jsii` lists every argument of every resource, generated from the provider's own schema. Only the extract is
kept, in the format of `terraform providers schema -json`, so the real thing can take its place.

What the binding does not tell: limits on numbers and texts, which arguments exclude each other, and sets from lists.
"""

import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
EXTRACT = Path(__file__).parent / "provider_schema.json"
ADDRESS = "registry.terraform.io/hashicorp/google"
_USED = re.compile(r'^(resource|data) "(google_\w+)"', re.MULTILINE)
_CLASS = {"resource": "", "data": "Data"}
_TYPES = {"string": "string", "number": "number", "boolean": "bool"}

Assembly = Mapping[str, Mapping[str, Any]]
"""The binding's types by full name."""


def used() -> set[tuple[str, str]]:
    """Find what the Terraform files use: (resource or data, type)."""
    files = sorted((PROJECT / "infra" / "gcp").glob("*.tf"))
    return {found for path in files for found in _USED.findall(path.read_text(encoding="utf-8"))}


def load(wheel: Path) -> tuple[str, Assembly]:
    """Read the provider's version and the binding's types out of its wheel."""
    with zipfile.ZipFile(wheel) as outer:
        name = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        packed = outer.read(name)
    with tarfile.open(fileobj=io.BytesIO(packed)) as inner:
        package, assembly = (_json(inner, f"package/{name}") for name in ("package.json", ".jsii"))
    return package["cdktf"]["provider"]["version"], assembly["types"]


def _json(archive: tarfile.TarFile, name: str) -> Any:
    file = archive.extractfile(name)
    if file is None:
        raise FileNotFoundError(name)
    return json.load(file)


def extract(version: str, types: Assembly) -> dict[str, Any]:
    """Describe every used resource and data source as `terraform providers schema -json` does."""
    classes = {one["fqn"].rsplit(".", 1)[1]: one for one in types.values() if one["kind"] == "class"}
    found: dict[str, dict[str, Any]] = {"resource": {}, "data": {}}
    for kind, name in sorted(used()):
        camel = "".join(word.title() for word in name.split("_")[1:])
        full = f"DataGoogle{camel}" if kind == "data" else camel
        found[kind][name] = {"version": 0, "block": _resource(classes[full], types)}
    provider = _block(types[f"{classes['GoogleProvider']['fqn']}Config"], types)
    schemas = {
        "provider": {"version": 0, "block": provider},
        "resource_schemas": found["resource"],
        "data_source_schemas": found["data"],
    }
    return {"format_version": "1.0", "provider_version": version, "provider_schemas": {ADDRESS: schemas}}


def _resource(resource: Mapping[str, Any], types: Assembly) -> dict[str, Any]:
    """Describe a resource: its arguments, and the attributes that the service fills in."""
    block = _block(types[f"{resource['fqn']}Config"], types)
    for name, kind in _computed(resource):
        if name not in block["block_types"]:
            block["attributes"].setdefault(name, {"type": kind, "computed": True})
    # An id can be given in the binding only because CDK for Terraform knows no attribute that is computed only.
    block["attributes"]["id"] = {"type": "string", "optional": True, "computed": True}
    return block


def _computed(resource: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for one in resource["properties"]:
        if not one.get("static") and not one["name"].endswith("Input"):
            yield _snake(one["name"]), _type(one["type"]) or "string"


def _block(struct: Mapping[str, Any], types: Assembly) -> dict[str, Any]:
    """Describe a block by the binding's struct: what has a struct of its own is a nested block."""
    attributes: dict[str, Any] = {}
    blocks: dict[str, Any] = {}
    for one in struct.get("properties", ()):
        name, needed = _argument(one), not one.get("optional", False)
        if (kind := _type(one["type"])) is not None:
            attributes[name] = {"type": kind, "required" if needed else "optional": True, **_values(one)}
        else:
            blocks[name] = _nested(one["type"], types, needed)
    return {"attributes": attributes, "block_types": blocks}


def _nested(declared: Mapping[str, Any], types: Assembly, needed: bool) -> dict[str, Any]:  # noqa: FBT001 - internal
    structs = [name for name in _named(declared) if name in types]
    if not structs:
        raise TypeError(f"neither a value nor a block: {declared}")
    listed = "union" in declared and "collection" in json.dumps(declared)
    limits = {"min_items": int(needed)} | ({} if listed else {"max_items": 1})
    mode = "single" if structs[0].endswith("Timeouts") else "list"
    return {"nesting_mode": mode, "block": _block(types[structs[0]], types), **(limits if mode == "list" else {})}


def _named(declared: Any) -> Iterator[str]:
    """List every type that a declaration names, however deep."""
    for match in re.findall(r'"fqn": "([^"]+)"', json.dumps(declared)):
        if not match.startswith("cdktf."):
            yield match


def _type(declared: Mapping[str, Any]) -> Any:
    """Name an attribute's type as Terraform does; None for a struct."""
    if "primitive" in declared:
        return _TYPES.get(declared["primitive"], "dynamic")
    if "collection" in declared:
        element = _type(declared["collection"]["elementtype"])
        kind = "map" if declared["collection"]["kind"] == "map" else "list"
        return None if element is None else [kind, element]
    if "union" in declared:
        kinds = [_type(one) for one in declared["union"]["types"] if one.get("fqn") != "cdktf.IResolvable"]
        return next((kind for kind in kinds if kind is not None), None)
    return {"cdktf.StringMap": ["map", "string"], "cdktf.IResolvable": "bool"}.get(declared["fqn"])


def _argument(one: Mapping[str, Any]) -> str:
    """Spell an argument as Terraform does: the link to the provider's manual says how."""
    linked = re.search(r"/docs(?:/[\w-]+/\w+)?#(\w+) ", one.get("docs", {}).get("remarks", ""))
    return linked[1] if linked else _snake(one["name"])


def _values(one: Mapping[str, Any]) -> dict[str, Any]:
    """List the values that an argument may take, where the manual does; beyond Terraform's own format."""
    told = re.search(r"Possible values: \[([^\]]+)\]", " ".join(one.get("docs", {}).values()))
    return {"values": json.loads(f"[{told[1]}]")} if told else {}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


if __name__ == "__main__":
    EXTRACT.write_text(json.dumps(extract(*load(Path(sys.argv[1]))), indent=1) + "\n", encoding="utf-8")
