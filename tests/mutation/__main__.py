"""`python -m tests.mutation [GROUP…]`: how many mutants the tests kill, and what the others changed.

mutmut makes the mutants; they are tried here, in forks of one session per group, because its own runner collects the
tests anew for each. Needs requirements-mutation.txt.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.mutation.groups import GROUPS, Group
from tests.mutation.mutants import Mutant, prepare
from tests.mutation.trial import MUTANTS

KILLED = {"killed", "timeout"}


def main(names: list[str]) -> None:
    """Report on some groups, or on all."""
    for name in names or GROUPS:
        with tempfile.TemporaryDirectory() as scratch:
            mutants = prepare(GROUPS[name], Path(scratch))
            report(name, mutants, outcomes(GROUPS[name], mutants, Path(scratch)))


def outcomes(group: Group, mutants: list[Mutant], project: Path) -> dict[str, str]:
    """Try the mutants in a copy of the project: name -> killed, timeout, survived or no tests."""
    listed = project / "mutants.txt"
    listed.write_text("\n".join(mutant.name for mutant in mutants), encoding="utf-8")
    options = ["-q", "-p", "tests.mutation.trial", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
    # The command is this interpreter and tests of this project.
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", *options, *group.tests],
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
    main(sys.argv[1:])
