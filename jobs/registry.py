"""Every job by name: a file in this folder with a LOOP is one."""

import importlib
import pkgutil
from functools import cache
from typing import Any

import jobs
from shared.loop import Loop

RUN_ALL = ("strategies", "trades", "rejected-signals", "expired-signals", "account-snapshot", "fee-patch")
"""The order of `run all`: versions before the trades that refer to them, fees last. A loop not named here runs
before the fees."""

ONLY_BY_NAME = frozenset({"price-patch", "retire"})
"""Jobs that `run all` leaves out."""


@cache
def loops() -> dict[str, Loop[Any, Any]]:
    """Find all loops: name → loop, in the order of `run all`."""
    found = [loop for module in pkgutil.iter_modules(jobs.__path__) if (loop := _loop(module.name))]
    order = {name: position for position, name in enumerate(RUN_ALL)}
    found.sort(key=lambda loop: (order.get(loop.name, len(RUN_ALL) - 1.5), loop.name))
    return {loop.name: loop for loop in found}


def _loop(module: str) -> Loop[Any, Any] | None:
    if module in {"registry", "entry"}:
        return None
    loop = getattr(importlib.import_module(f"jobs.{module}"), "LOOP", None)
    return loop if isinstance(loop, Loop) else None
