"""`python -m tests.mutation [--sample N] [--seed S] [GROUP…]`: how many mutants the tests kill, and which live on.

mutmut makes the mutants; they are tried here, in forks of one session per group, because its own runner collects the
tests anew for each. Needs requirements-mutation.txt.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutation.equivalents import stale
from tests.mutation.groups import ABOUT_THE_TEXT, GROUPS, Group
from tests.mutation.mutant import Mutant
from tests.mutation.mutants import prepare
from tests.mutation.score import Score
from tests.mutation.trial import MUTANTS

ENOUGH = 0.85
"""Share of the mutants that a group's tests have to kill."""


def main() -> None:
    """Report on some groups, or on all; the exit code says whether their tests kill enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("groups", nargs="*", metavar="GROUP", choices=[*GROUPS, []], help=", ".join(GROUPS))
    parser.add_argument("--sample", type=int, help="try so many mutants of each group, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    asked = parser.parse_args()
    scores = [judge(name, asked.sample, asked.seed) for name in asked.groups or GROUPS]
    sys.exit(any(score.share < ENOUGH for score in scores))


def judge(name: str, sample: int | None, seed: int) -> Score:
    """Try the mutants of a group and print what came of it."""
    begun, group = time.monotonic(), GROUPS[name]
    with tempfile.TemporaryDirectory() as scratch:
        made = prepare(group, Path(scratch))
        if gone := stale(group.files, made):
            raise SystemExit(f"equivalent.toml lists what is no mutant any more: {gone}")
        drawn = made if sample is None else random.Random(seed).sample(made, min(sample, len(made)))  # noqa: S311 - no secret
        score = Score(drawn, outcomes(group, drawn, Path(scratch)))
    which = f"{len(drawn)} of {len(made)} mutants" + (f", drawn with seed {seed}" if len(drawn) < len(made) else "")
    sys.stdout.write(f"{score.survivors}{name}: {which}: {score}, in {time.monotonic() - begun:.0f} s\n")
    sys.stdout.flush()
    return score


def outcomes(group: Group, mutants: list[Mutant], project: Path) -> dict[str, str]:
    """Try the mutants in a copy of the project: name -> killed, timeout, survived or no tests."""
    listed = project / "mutants.txt"
    listed.write_text("\n".join(mutant.name for mutant in mutants), encoding="utf-8")
    options = ["-q", "-p", "tests.mutation.trial", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--tb=native"]
    # The command is this interpreter and tests of this project.
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", *options, *(f"--deselect={one}" for one in ABOUT_THE_TEXT), *group.tests],
        cwd=project,
        env={**os.environ, MUTANTS: str(listed)},
        check=True,
    )
    found: dict[str, str] = json.loads(listed.with_suffix(".json").read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    main()
