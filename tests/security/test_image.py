"""The image: nobody in particular runs it, nothing in it can be written to, nothing in it is installed unlocked."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def values(instruction: str) -> list[str]:
    return [line.partition(" ")[2].strip() for line in LINES if line.startswith(f"{instruction} ")]


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert values("USER") == ["65532:65532"]
    assert LINES.index("USER 65532:65532") > max(n for n, line in enumerate(LINES) if line.startswith("FROM "))


def test_only_what_the_lock_names_by_hash_is_installed() -> None:
    (install,) = [run for run in values("RUN") if "pip install" in run]
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(install.split())
    assert install.count("install") == 1


def test_a_signal_reaches_the_job_itself() -> None:
    assert [re.match(r"\[.*\]$", command) is not None for command in values("CMD")] == [True]


def test_only_named_folders_reach_the_image() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == {"requirements.txt", "schemas", "shared", "jobs"}


def test_no_secret_can_be_baked_in() -> None:
    assert {name.partition("=")[0] for name in values("ARG")} == {"BASE_IMAGE", "GIT_HASH"}
