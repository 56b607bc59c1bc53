"""The schema of Google's provider, as far as infra/gcp uses it; `make provider-schema` takes it anew."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.infra.extract import ADDRESS, EXTRACT

Block = Mapping[str, Any]
"""`attributes` and `block_types`, as in `terraform providers schema -json`."""


@dataclass(frozen=True)
class Schemas:
    """What a provider takes."""

    version: str
    provider: Block
    resources: Mapping[str, Block]
    data: Mapping[str, Block]


@cache
def schemas() -> Schemas:
    """Read the extract."""
    whole = json.loads(EXTRACT.read_text(encoding="utf-8"))
    google = whole["provider_schemas"][ADDRESS]
    resources, data = (
        {name: one["block"] for name, one in google[kind].items()}
        for kind in ("resource_schemas", "data_source_schemas")
    )
    return Schemas(whole["provider_version"], google["provider"]["block"], resources, data)
