"""Validation errors of no model show what they refused: it could be a secret, or a document."""

import importlib
import pkgutil
from collections.abc import Iterator

from pydantic import BaseModel

import infra
import jobs
import schemas
import shared

PACKAGES = (jobs, shared, schemas, infra)
ELSEWHERE = {"infra.bench.dlt_merge"}
"""Runs in an environment of its own, and imports what this one lacks."""
OURS = {package.__name__ for package in PACKAGES}


def models() -> set[type[BaseModel]]:
    """Every model of the project, in every module but those that are programs."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__") and module.name not in ELSEWHERE:
                importlib.import_module(module.name)
    return {model for model in _heirs(BaseModel) if model.__module__.split(".")[0] in OURS}


def _heirs(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for heir in model.__subclasses__():
        yield heir
        yield from _heirs(heir)


def test_no_model_shows_the_input_it_refuses() -> None:
    found = models()
    assert len(found) > 20
    assert {model.__qualname__ for model in found if not model.model_config.get("hide_input_in_errors")} == set()
