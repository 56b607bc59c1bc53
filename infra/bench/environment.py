"""Where a contender runs: here, but for dlt.

dlt brings simplejson, with which requests reads the broker's JSON in another way, so it never enters this environment.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

DLT = "dlt"
_OF_ITS_OWN = Path(sys.prefix) / ".bench"
_CHECKOUT = Path(__file__).parents[2]


def missing() -> dict[str, str]:
    """Name the contenders that cannot be measured here, with what to do about it."""
    if (_OF_ITS_OWN / ".installed").exists():
        return {}
    return {DLT: "`make .venv/.bench` brings it, into an environment of its own"}


def python_for(contender: str) -> str:
    """Find the Python that has what a contender imports."""
    return str(_OF_ITS_OWN / "bin" / "python") if contender == DLT else sys.executable


def variables_for(contender: str) -> Mapping[str, str]:
    """Name the variables that it needs besides those of the stack."""
    return {"PYTHONPATH": str(_CHECKOUT), "RUNTIME__DLTHUB_TELEMETRY": "false"} if contender == DLT else {}
