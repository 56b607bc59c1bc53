"""The runbook's commands: `golden-thread` on the local stack, `gcloud` as far as its parser goes."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlglot

from jobs.registry import RUN_ALL
from tests.emulator.builders import position, put
from tests.emulator.promises import read_table
from tests.emulator.test_account_truth import holding, seed
from tests.shell_blocks import shell_blocks
from tests.stack import LocalStack

ROOT = Path(__file__).parents[2]
RUNBOOK, CLOUD_SETUP = ROOT / "infra" / "README.md", ROOT / "infra" / "gcp" / "README.md"
TIME_TRAVEL = re.compile(r"FOR SYSTEM_TIME AS OF TIMESTAMP '[^']+'")
PARSED = re.compile(r"do not currently have an active account|could not be refreshed|credentials", re.IGNORECASE)
"""What gcloud says once it has understood a command and turns to its server."""
GCLOUD_PATIENCE_S = 60


def commands(text: str) -> list[list[str]]:
    """The words of each command in the text's shell blocks, loops unrolled to their body, variables as they stand."""
    lines = re.sub(r" #.*", "", "".join(shell_blocks(text)).replace("\\\n", " "))
    lexed = shlex.shlex(lines, posix=True, punctuation_chars=";\n")
    lexed.whitespace, lexed.whitespace_split, lexed.commenters = " \t", True, ""
    found: list[list[str]] = [[]]
    for word in lexed:
        if set(word) <= {";", "\n"}:
            found.append([])
        elif word not in {"do", "done"}:
            found[-1].append(word)
    return [one for one in found if one and one[0] not in {"for", "export"}]


def filled(words: list[str], values: Mapping[str, str]) -> list[str]:
    """Put values in the place of variables; one that is not told is an error."""
    return [re.sub(r"\$([A-Z_]+)", lambda name: values[name[1]], word) for word in words]


def without_time_travel(words: list[str]) -> list[str]:
    """Bqemulator knows the present only."""
    return [TIME_TRAVEL.sub("", word) for word in words]


def of(program: str, *pages: Path) -> list[list[str]]:
    """The commands of one program, in the order of the pages, each once."""
    texts = [page.read_text(encoding="utf-8") for page in pages or (RUNBOOK,)]
    found = [one for text in texts for one in commands(text) if one[0] == program]
    return [one for place, one in enumerate(found) if one not in found[:place]]


CLOUD = {
    "ENVIRONMENT": "paper",
    "REGION": "us-central1",
    "GOOGLE_CLOUD_PROJECT": "my-project",
    "FIRESTORE_BOOKKEEPING_DATABASE": "golden-thread-paper",
    "BUCKET": "my-bucket",
    "POSITION": "position-0001",
    "RUN_ID": "trades-20260131T001500-0123456789ab",
    "JOB": "trades",
    "DIGEST": "sha256:" + 64 * "0",
}


@pytest.mark.slow
@pytest.mark.parametrize("words", of("gcloud", RUNBOOK, CLOUD_SETUP), ids=" ".join)
def test_gcloud_understands_the_command(words: list[str], tmp_path: Path) -> None:
    said = offline(filled(words, CLOUD), tmp_path)
    # A setting of its own it just writes down.
    assert said.returncode == 0 or (said.returncode == 1 and PARSED.search(said.stderr)), said.stderr


@pytest.mark.slow
def test_gcloud_would_not_understand_a_misspelt_one(tmp_path: Path) -> None:
    words = ["gcloud", "run", "jobs", "execute", "gt-paper-trades", "--regio=us-central1", "--project=my-project"]
    assert offline(words, tmp_path).returncode == 2


def offline(words: list[str], configuration: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of gcloud's that knows no account, so that it ends where its server would begin."""
    if shutil.which("gcloud") is None:
        pytest.skip("no gcloud here: the parser is not asked")
    # As after `gcloud config set project`, with which the setting up begins.
    settings = {"CLOUDSDK_CONFIG": str(configuration), "CLOUDSDK_CORE_PROJECT": "my-project"}
    return subprocess.run(  # noqa: S603 - a command of our own runbook
        words,
        env={**os.environ, **settings, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=GCLOUD_PATIENCE_S,
    )


@pytest.fixture
def day(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """Two trades in the table, one document in quarantine."""
    seed(stack, tmp_path, holding("PA1", "100"))
    put(stack, "live_positions", *(position(number, trade_type="THEORETICAL") for number in (1, 2)))
    put(stack, "live_positions", position(3, qty="NaN"))
    assert stack.command("schema", "apply").returncode == 0
    stack.run("trades")
    return stack


@pytest.fixture
def loss(day: LocalStack) -> LocalStack:
    """One of the trades is gone, and there is a copy of the table as it was."""
    (copied,) = [words for words in of("golden-thread") if TIME_TRAVEL.search(words[-1])]
    assert day.command(*without_time_travel(copied[1:])).returncode == 0
    day.rows("DELETE FROM fact_trades WHERE ds >= '2000-01-01' AND trade_id = 'position-0002'")
    return day


@pytest.mark.slow
def test_every_command_of_golden_thread_does_what_the_runbook_says(day: LocalStack) -> None:
    run = day.run("trades")
    values = {
        "RUN_ID": run.run_id,
        "DOCUMENT": "live_positions/position-0003",
        "POSITION": "position-0001",
    }
    for words in of("golden-thread"):
        done = day.command(*without_time_travel(filled(words[1:], values)))
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"


def test_rows_that_are_gone_come_back_once(loss: LocalStack) -> None:
    (restore,) = [words for words in of("golden-thread") if "INSERT INTO" in words[-1]]
    for _ in range(2):
        assert loss.command(*restore[1:]).returncode == 0
    assert [row["trade_id"] for row in read_table(loss)] == ["position-0001", "position-0002"]
    assert loss.command("audit", "trades").returncode == 0


def test_the_copy_from_time_travel_is_a_statement_that_bigquery_knows() -> None:
    (copied,) = [words[-1] for words in of("golden-thread") if TIME_TRAVEL.search(words[-1])]
    source = sqlglot.parse_one(copied, read="bigquery").find(sqlglot.exp.Version)
    assert source is not None
    assert isinstance(source.parent, sqlglot.exp.Table)
    assert (source.name, source.parent.name) == ("TIMESTAMP", "fact_trades")


def test_every_alert_points_at_a_heading_that_is_there() -> None:
    anchors = {heading.lower().replace(" ", "-") for heading in headings()}
    pointed = set(re.findall(r"runbook_url\}#([a-z0-9-]+)", (ROOT / "infra/gcp/alerts.tf").read_text(encoding="utf-8")))
    assert pointed
    assert pointed <= anchors


def headings() -> Iterator[str]:
    yield from re.findall(r"^#+ (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_jobs_after_a_broken_day_are_those_of_run_all_in_its_order() -> None:
    (listed,) = re.findall(r"^for JOB in (.+); do$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(listed.split()) == RUN_ALL


def test_tags_that_the_runbook_lets_move_are_held_again() -> None:
    held = [words[-1] for words in of("gcloud") if words[1:4] == ["artifacts", "repositories", "update"]]
    assert held == ["--no-immutable-tags", "--immutable-tags"]
    assert "immutable_tags = true" in (ROOT / "infra/gcp/artifact_registry.tf").read_text(encoding="utf-8")


def test_an_image_built_by_hand_knows_its_commit_and_is_pushed_under_the_tag_it_has() -> None:
    built, pushed, told = of("docker", CLOUD_SETUP)
    assert "--build-arg=GIT_HASH=$(git" in built
    assert "ARG GIT_HASH" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert {f"--tag={pushed[-1]}", pushed[-1]} <= {*built, told[-1]}


def test_every_error_that_the_runbook_names_can_be_raised() -> None:
    named = set(re.findall(r"`(\w+Error)`", RUNBOOK.read_text(encoding="utf-8")))
    raised = {
        name for path in (ROOT / "shared").glob("*.py") for name in re.findall(r"class (\w+Error)\(", path.read_text())
    }
    assert named
    assert named <= raised
