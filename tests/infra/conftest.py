"""Terraform with a provider that needs no account."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.infra.extract import PROJECT
from tests.infra.plugin import stand_in
from tests.infra.provider import schemas
from tests.infra.workspace import MISSING, TERRAFORM, Workspace


@pytest.fixture(scope="session")
def _provider() -> Iterator[dict[str, str]]:
    if TERRAFORM is None:
        pytest.skip(MISSING)
    with stand_in(schemas()) as environment:
        yield environment


@pytest.fixture
def workspace_of(_provider: dict[str, str], tmp_path: Path) -> Callable[[Path], Workspace]:
    """Makes a workspace of a project's files."""
    return lambda project: Workspace.of(tmp_path / "terraform", _provider, project)


@pytest.fixture
def workspace(workspace_of: Callable[[Path], Workspace]) -> Workspace:
    """A workspace of this project's files, for a test to change."""
    return workspace_of(PROJECT)


@pytest.fixture(scope="session")
def unchanged(_provider: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace of this project's files, for tests that only look."""
    return Workspace.of(tmp_path_factory.mktemp("terraform") / "root", _provider)
