"""The wire, for tests that inject faults, and the option that replays one of them."""

import pytest

from tests.emulator.conftest import _wire, wire, wired

__all__ = ["_wire", "wire", "wired"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault", help="replay one fault: job/site/kind, as a failure prints it")
