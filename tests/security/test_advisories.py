"""The check of the locks against advisories tells clean from vulnerable from not asked."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECK = Path(__file__).parents[2] / ".ci" / "advisories"
CLEAN = {"name": "one", "version": "1.0", "vulns": []}
SKIPPED = {"name": "two", "skip_reason": "Dependency not found on PyPI"}
VULNERABLE = {"name": "three", "version": "3.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["3.1"]}]}


@pytest.mark.parametrize(
    ("packages", "code"),
    [([CLEAN, SKIPPED], 0), ([CLEAN, VULNERABLE], 1), ([SKIPPED], 2), (None, 2)],
    ids=["clean", "vulnerable", "nobody could be asked", "no answer"],
)
def test_silence_is_not_taken_for_health(packages: list[dict[str, Any]] | None, code: int, tmp_path: Path) -> None:
    said = "" if packages is None else json.dumps({"dependencies": packages, "fixes": []})
    # pip-audit needs the internet, so what it would say stands in its place: the JSON that its manual shows.
    (tmp_path / "pip_audit.py").write_text(f"print({said!r})", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    checked = subprocess.run([sys.executable, CHECK], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert checked.returncode == code, checked.stderr
    assert ("PYSEC-2026-1, fixed in 3.1" in checked.stdout) == (code == 1)
    assert ("NOT CHECKED" in checked.stdout.splitlines()[-1]) == (code == 2)
    # Every lock is asked about, in whatever it ends.
    locks = {path.name for path in CHECK.parents[1].glob("requirements*.txt")}
    assert {line.partition(":")[0] for line in checked.stdout.splitlines()} >= locks
