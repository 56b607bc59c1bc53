"""The demo's own page: of an invented month the thread is whole, and the newcomer has something to open."""

from pathlib import Path

from click.testing import CliRunner

from infra.cli.demo import command
from tests.report.reading import tables


def test_the_demo_writes_its_report(tmp_path: Path) -> None:
    out = tmp_path / "demo.html"
    done = CliRunner().invoke(command, ["--firestore", "embedded", "--report", str(out)])
    page = out.read_text(encoding="utf-8")

    assert done.exit_code == 0, done.output
    assert "The thread is whole." in page
    assert len(tables(page)) > 10
