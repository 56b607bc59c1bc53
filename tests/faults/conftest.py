"""The wire, for tests that inject faults."""

from tests.emulator.conftest import _wire, wire, wired

__all__ = ["_wire", "wire", "wired"]
