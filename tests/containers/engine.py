"""Docker's command line, and what has to be there for these tests."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "compose.yaml", Path(__file__).parent / "compose.yaml")
PROJECT = "golden-thread-tested"
IMAGE = "golden-thread:tested"
GIT_HASH = "tested"
"""The commit that the image believes to hold."""
BASES = ("python:3.11-slim-bookworm", "gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators")
"""The public images that everything here is made of."""
HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=512m")
PATIENCE_S = 600


def docker(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command of Docker's and keep what it says."""
    return subprocess.run(  # noqa: S603 - our own command line
        ["docker", *arguments],  # noqa: S607 - wherever it is installed
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command of Docker Compose on the tested project."""
    files = [part for file in FILES for part in ("--file", str(file))]
    return docker("compose", *files, "--project-name", PROJECT, *arguments)


def missing() -> str | None:
    """What these tests cannot do without; None when all of it is there."""
    if shutil.which("docker") is None or docker("info").returncode:
        return "no Docker engine"
    if docker("compose", "version").returncode:
        return "no Docker Compose"
    absent = [base for base in BASES if docker("image", "inspect", base).returncode and docker("pull", base).returncode]
    return f"neither here nor to be had: {', '.join(absent)}" if absent else None
