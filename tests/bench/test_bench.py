"""The bench, small: every contender does its work, and what it took is compared within each repeat."""

import importlib.util
import json
import subprocess
import sys
from typing import Any

import pytest

from infra.bench.documents import positions
from infra.bench.environment import missing
from infra.bench.measured import Measured
from infra.bench.report import lines, ratios
from infra.bench.series import NAMES
from shared.documents import open_firestore
from tests.stack import LocalStack

DOCUMENTS = 200


def _measured(contender: str, cpu_s: float) -> Measured:
    return Measured(contender=contender, documents=1000, cpu_s=cpu_s, wall_s=2.0, peak_bytes=2**20)


def benched(*arguments: str) -> dict[str, Any]:
    """What the command found out, once."""
    command = [sys.executable, "-m", "infra.cli", "bench", "--documents", str(DOCUMENTS), "--repeats", "1", "--json"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - our own command line
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_contender_moves_every_document() -> None:
    found = benched("--firestore", "embedded")
    assert [one["contender"] for one in found["contenders"]] == [name for name in NAMES if name not in missing()]
    # A drain counts messages; the last one of a stream may carry no document.
    assert {one["documents"] - DOCUMENTS for one in found["contenders"][1:]} == {0}
    assert {(one["of"], one["to"]) for one in found["ratios"]} >= {
        ("ours", "floor"),
        ("stock", "ours"),
    }


@pytest.mark.slow
@pytest.mark.skipif("dlt" in missing(), reason="dlt is not installed: `make .venv/.bench`")
def test_dlt_moves_every_document_and_is_held_against_ours() -> None:
    found = benched("--firestore", "embedded", "--only", "dlt", "--only", "ours")
    assert {one["contender"]: one["documents"] for one in found["contenders"]} == {"dlt": DOCUMENTS, "ours": DOCUMENTS}
    assert [(one["of"], one["to"]) for one in found["ratios"]] == [("ours", "dlt")]


def test_dlt_needs_nothing_of_the_jobs_nor_of_their_libraries() -> None:
    script = """
import sys, types
sys.modules["dlt"] = types.ModuleType("dlt")
import infra.bench.dlt_merge
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - a constant
    imported = set(done.stdout.split())
    assert "infra.bench.dlt_merge" in imported
    assert not imported & {"jobs", "schemas", "alpaca", "pyarrow", "google.cloud.bigquery", "duckdb", "simplejson"}


def test_dlt_is_not_in_this_environment() -> None:
    assert importlib.util.find_spec("dlt") is importlib.util.find_spec("simplejson") is None


def test_ratios_are_taken_within_each_repeat_so_that_a_busy_moment_cancels_out() -> None:
    quiet = [_measured("floor", 0.1), _measured("ours", 0.3)]
    busy = [_measured("floor", 1.0), _measured("ours", 2.0)]
    slower = [_measured("floor", 0.2), _measured("ours", 0.5)]
    (compared,) = ratios([quiet, busy, slower])
    assert compared.value == pytest.approx(2.5)
    assert list(compared.spread) == pytest.approx([2.0, 3.0])


def test_medians_are_of_each_contender_by_itself() -> None:
    repeats = [[_measured("floor", cpu)] for cpu in (0.1, 0.9, 0.2)]
    (line,) = lines(repeats)
    assert [line.cpu_us, line.per_second, line.peak_mib] == pytest.approx([200, 500, 1])


def test_the_same_seed_makes_the_same_documents() -> None:
    assert list(positions(5, seed=3)) == list(positions(5, seed=3))
    assert list(positions(5, seed=3)) != list(positions(5, seed=4))


def test_documents_have_thirty_fields_and_about_a_kilobyte(stack: LocalStack) -> None:
    reference = open_firestore(stack.settings()).collection("live_positions").document("one")
    ((_, fields),) = positions(1, seed=1)
    reference.set(fields)
    (document,) = stack.parts().documents.named("live_positions", ["one"])
    assert len(document.fields) == 30
    assert 900 < document.size < 1500
