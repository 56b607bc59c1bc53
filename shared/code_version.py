"""Which commit runs: the one baked into the image, else the one of the checkout this file is in, else `unknown`.

Every row and every run's record carries it, so that a number can be explained by the code that made it.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
UNKNOWN = "unknown"
DIRTY = "-dirty"
"""Ends the name of a commit from which the files that run differ."""
_PATIENCE_S = 5


class UntraceableCodeError(Exception):
    """Real money's history is not written by code that nobody can look up; no record was moved."""


def require_traceable(commit: str) -> None:
    """Make sure that the code that runs can be looked up.

    Raises:
        UntraceableCodeError: No commit is known, or the files differ from it, or what is named is none.
    """
    if not _COMMIT.fullmatch(commit):
        raise UntraceableCodeError(
            f"the commit of this code is {commit}; with ENVIRONMENT=prod every row must name the code that made it. "
            "Run an image that knows its commit (docker build --build-arg GIT_HASH=…), or a clean checkout. "
            "No record was moved."
        )


@cache
def commit_of(file: Path) -> str:
    """Ask git for the commit of a file's checkout, with `-dirty` at the end where tracked files differ from it.

    A file that its checkout does not track, such as one of a package installed below somebody's project, has none.
    """
    tracked = _git(file, "ls-files", "--error-unmatch", file.name)
    return (tracked and _git(file, "describe", "--always", "--abbrev=40", f"--dirty={DIRTY}", "--exclude=*")) or UNKNOWN


def _git(file: Path, *arguments: str) -> str:
    """Ask git where a file is; empty where there is no git, no checkout or no answer."""
    try:
        found = subprocess.run(  # noqa: S603 - constant commands
            ["git", *arguments],  # noqa: S607 - wherever git is
            cwd=file.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
