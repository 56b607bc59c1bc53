"""The pipeline's YAML files: read, and held to the public schemas that check-jsonschema carries."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
CLOUD_BUILD, COMPOSE = "cloudbuild", "compose-spec"


def read(name: str) -> Any:
    """Read one YAML file of the project."""
    return parsed((ROOT / name).read_text(encoding="utf-8"))


def parsed(text: str) -> Any:
    """Parse YAML, merges applied."""
    return YAML(typ="safe").load(text)


def written(document: Any, path: Path) -> Path:
    """Write a document down."""
    YAML(typ="safe").dump(document, path)
    return path


def faults(path: Path, schema: str) -> str:
    """What a schema has to say about a file; nothing when it fits."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", "--color=never"]
    checked = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)  # noqa: S603 - our own command line
    return checked.stdout + checked.stderr if checked.returncode else ""
