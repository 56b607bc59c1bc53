"""Filling a stack from elsewhere: an emulator, and nothing else."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.local.fill import main


def test_only_an_emulator_is_ever_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "real-project")
    said = CliRunner().invoke(main, ["--invent", str(tmp_path)])
    assert said.exit_code == 2
    assert "fixtures never go anywhere else" in said.output
    assert list(tmp_path.iterdir()) == []
