"""Every job by name: a file in this folder with a LOOP, a PATCH or a RETIREMENT is one."""

import importlib
import pkgutil
from functools import cache
from typing import Any

import jobs
from shared.jobs import Job
from shared.loop import Loop

RUN_ALL = (
    "strategies",
    "trades",
    "rejected-signals",
    "expired-signals",
    "account-snapshot",
    "fee-patch",
    "job-runs",
)
"""The order of `run all`: versions before the trades that refer to them, then fees, and last the records of all these
runs. A loop not named here runs before the fees."""

ONLY_BY_NAME = frozenset({"price-patch", "retire"})
"""Jobs that `run all` leaves out."""


@cache
def all_jobs() -> dict[str, Job]:
    """Find all jobs: name → loop or patch, in the order of `run all`; those that it leaves out come last."""
    found = [job for module in pkgutil.iter_modules(jobs.__path__) if (job := _job(module.name))]
    order = {name: position for position, name in enumerate(RUN_ALL)} | {name: len(RUN_ALL) for name in ONLY_BY_NAME}
    unnamed = order["fee-patch"] - 0.5
    found.sort(key=lambda job: (order.get(job.name, unnamed), job.name))
    return {job.name: job for job in found}


def loops() -> dict[str, Loop[Any, Any]]:
    """Find the archival loops: name → loop, in the order of `run all`."""
    return {name: job for name, job in all_jobs().items() if isinstance(job, Loop)}


def _job(module: str) -> Job | None:
    if module in {"registry", "entry", "http"}:
        return None
    found = importlib.import_module(f"jobs.{module}")
    named = (getattr(found, name, None) for name in ("LOOP", "PATCH", "RETIREMENT"))
    return next((job for job in named if job is not None), None)
