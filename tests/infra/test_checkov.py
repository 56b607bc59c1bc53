"""What a security scanner says of the Terraform files. `make .venv/checkov/.installed` brings it."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.infra import files
from tests.infra.extract import PROJECT

SCANNER = PROJECT / ".venv" / "checkov" / "bin" / "python"
_EXCEPTION = re.compile(r"#checkov:skip=(\w+):")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SCANNER.exists(), reason="checkov is not installed: `make .venv/checkov/.installed`"),
]


def scan(folder: Path, texts: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    for path, text in texts.items():
        (folder / Path(path).name).write_text(text, encoding="utf-8")
    command = [str(SCANNER), "-m", "checkov.main", "--directory", str(folder), "--framework", "terraform"]
    return subprocess.run(  # noqa: S603 - our own environment
        [*command, "--skip-download", "--quiet", "--compact"], capture_output=True, text=True, check=False, timeout=300
    )


def test_the_scanner_finds_nothing_that_is_not_reasoned_in_place(tmp_path: Path) -> None:
    scanned = scan(tmp_path, files.read())

    assert scanned.returncode == 0, scanned.stdout
    assert "Failed checks: 0" in scanned.stdout


def test_the_scanner_finds_a_table_that_anybody_may_read(tmp_path: Path) -> None:
    texts, path = files.read(), "infra/gcp/iam_bigquery.tf"
    granted = "member     = google_service_account.job[each.value.job].member"
    assert granted in texts[path]
    scanned = scan(tmp_path, {**texts, path: texts[path].replace(granted, 'member     = "allUsers"')})

    assert scanned.returncode == 1
    assert "google_bigquery_table_iam_member.reads" in scanned.stdout


def test_each_exception_is_from_something_that_the_scanner_finds(tmp_path: Path) -> None:
    texts = files.read()
    exceptions = {name for text in texts.values() for name in _EXCEPTION.findall(text)}
    scanned = scan(tmp_path, {path: _EXCEPTION.sub("# ", text) for path, text in texts.items()})

    assert len(exceptions) > 0
    assert {name for name in exceptions if name not in scanned.stdout} == set()
