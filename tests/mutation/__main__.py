"""`python -m tests.mutation [--sample N] [GROUP…]`: how many mutants the tests kill, and what the others changed.

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
from collections import Counter
from pathlib import Path

from tests.mutation.groups import ABOUT_THE_TEXT, GROUPS, Group
from tests.mutation.mutants import Mutant, prepare
from tests.mutation.trial import MUTANTS

KILLED = {"killed", "timeout"}


_SEED = 4


def main() -> None:
    """Report on some groups, or on all."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("groups", nargs="*", metavar="GROUP", choices=[*GROUPS, []])
    parser.add_argument("--sample", type=int, help="try so many mutants of each group, drawn at random")
    asked = parser.parse_args()
    for name in asked.groups or GROUPS:
        with tempfile.TemporaryDirectory() as scratch:
            mutants = prepare(GROUPS[name], Path(scratch))
            if asked.sample and asked.sample < len(mutants):
                mutants = random.Random(_SEED).sample(mutants, asked.sample)  # noqa: S311 - a sample, no secret
            report(name, mutants, outcomes(GROUPS[name], mutants, Path(scratch)))


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


def report(name: str, mutants: list[Mutant], found: dict[str, str]) -> None:
    """Print the survivors and the score."""
    for mutant in mutants:
        if found[mutant.name] not in KILLED:
            sys.stdout.write(f"{found[mutant.name]}: {mutant.name}\n{mutant.change}\n\n")
    counts = Counter(found.values())
    killed = sum(counts[one] for one in KILLED)
    sys.stdout.write(f"{name}: {killed} of {len(mutants)} mutants killed, {killed / len(mutants):.1%} {dict(counts)}\n")


if __name__ == "__main__":
    main()
