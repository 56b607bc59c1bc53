"""The README from top to bottom: its commands in their order on a stack of their own, and where its links lead."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.shell_blocks import shell_blocks

ROOT = Path(__file__).parents[2]
PAGES = sorted(page for page in ROOT.rglob("*.md") if not set(page.relative_to(ROOT).parts) & {".venv", ".git"})
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATIENCE_S = 300

Shell = Callable[[str], subprocess.CompletedProcess[str]]


def section(title: str) -> str:
    """The first shell block under a heading of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return shell_blocks(text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0])[0]


def commands(block: str) -> list[str]:
    """Its lines without comments."""
    lines = (re.sub(r"\s+# .*", "", line).strip() for line in block.replace("\\\n", " ").splitlines())
    return [line for line in lines if line]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in the project's environment, with no setting of this system but a state folder."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {"PATH": path, "HOME": str(tmp_path), "GOLDEN_THREAD_STATE": str(tmp_path / "state")}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - a line of our own README
            ["/bin/bash", "-euo", "pipefail", "-c", line],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    yield run
    run("golden-thread local reset")


@pytest.mark.slow
def test_daily_use_goes_as_the_readme_says(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").touch()
    for line in commands(section("Daily use")):
        done = shell(_with_names(line, shell))
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "trades.parquet").exists()


def _with_names(line: str, shell: Shell) -> str:
    """Put what a reader would put: a folder, a document that is there, a run that was."""
    if "RUN_ID" in line:
        line = line.replace("RUN_ID", json.loads(shell("golden-thread runs --json").stdout)[0]["run_id"])
    if "/ID" in line or " ID " in line:
        (refused, *_) = json.loads(shell("golden-thread quarantine list --job trades --json").stdout)
        line = line.replace("live_positions/ID", refused["path"])
        line = line.replace("--position ID", f"--position {refused['path'].partition('/')[2]}")
    # A bench of 2000 documents takes a minute, and its sense is tested elsewhere.
    return line.replace("--documents 2000", "--documents 100")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [one for one in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in one]
    for target in targets:
        path, _, heading = unquote(target).partition("#")
        found = page.parent / path if path else page
        assert found.exists(), target
        if heading:
            assert heading in set(map(_anchor, found.read_text(encoding="utf-8").splitlines())), target


def _anchor(line: str) -> str:
    """What GitHub makes of a heading."""
    text = line.lstrip("#").strip().lower() if line.startswith("#") else ""
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def test_a_heading_is_made_an_anchor_as_github_does() -> None:
    assert _anchor("## No successful run in 26 hours") == "no-successful-run-in-26-hours"
