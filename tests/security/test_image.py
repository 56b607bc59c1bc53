"""The images: nobody in particular runs them, nothing is written to them, nothing is installed unlocked."""

import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JOBS, EMULATORS = "Dockerfile", "infra/local/Dockerfile"
BOTH = pytest.mark.parametrize("name", [JOBS, EMULATORS])
LOADED = """
import importlib, pkgutil, sys
import jobs, jobs.http, schemas, shared
for package in (jobs, schemas, shared):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import alpaca.data.historical, alpaca.data.historical.option, alpaca.trading.client
from google.cloud import bigquery_storage_v1, firestore_v1
mapped = [line.split()[-1] for line in open("/proc/self/maps") if "/site-packages/" in line]
files = [module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
print("\\n".join({path.partition("/site-packages/")[2] for path in [*mapped, *files] if "/site-packages/" in path}))
"""
"""A program that imports all that a job may import, and tells which files of packages that took."""


def lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def values(instruction: str, name: str = JOBS) -> list[str]:
    return [line.partition(" ")[2].strip() for line in lines(name) if line.startswith(f"{instruction} ")]


@BOTH
def test_the_image_runs_as_nobody_in_particular(name: str) -> None:
    assert values("USER", name) == ["65532:65532"]
    last_stage = max(number for number, line in enumerate(lines(name)) if line.startswith("FROM "))
    assert lines(name).index("USER 65532:65532") > last_stage


@BOTH
def test_only_what_a_lock_names_by_hash_is_installed(name: str) -> None:
    (install,) = [run for run in values("RUN", name) if " install " in run and "pip" in run]
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(install.split())
    assert install.split().count("install") == 1


@BOTH
def test_a_signal_reaches_the_program_itself(name: str) -> None:
    assert values("ENTRYPOINT", name) == ['["python", "-m"]']
    assert [re.fullmatch(r'\["[^\]]+"\]', command) is not None for command in values("CMD", name)] == [True]


@BOTH
def test_the_classic_builder_can_build_it(name: str) -> None:
    whole = "\n".join(lines(name))
    assert not re.search(r"^#\s*syntax\s*=", whole, re.MULTILINE | re.IGNORECASE)
    assert "<<" not in whole
    assert not re.search(r"--mount|--link|--chmod", whole)
    assert set(re.findall(r"--from=(\S+)", whole)) == {"build"}


@BOTH
def test_the_base_is_pinned_to_a_release_of_python_and_debian(name: str) -> None:
    assert values("ARG", name)[0] == "BASE_IMAGE=python:3.11-slim-bookworm"
    assert {base.split()[0] for base in values("FROM", name)} == {"${BASE_IMAGE}"}


def test_only_named_folders_reach_a_build() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert rules[0] == "*"
    admitted = {rule[1:] for rule in rules if rule.startswith("!")}
    assert admitted == {"requirements.txt", "requirements-local.txt", "schemas", "shared", "jobs", "infra"}


def test_the_image_of_the_jobs_holds_what_jobs_need_and_no_more() -> None:
    copied = {source.split()[0] for source in values("COPY") if not source.startswith("--from")}
    assert copied == {"requirements.txt", "schemas", "shared", "jobs"}


def test_no_secret_can_be_baked_in() -> None:
    assert {name.partition("=")[0] for name in values("ARG")} == {"BASE_IMAGE", "GIT_HASH"}


def test_what_was_built_is_told_last_so_that_commits_share_their_layers() -> None:
    told = [number for number, line in enumerate(lines(JOBS)) if "GIT_HASH" in line and not line.startswith("#")]
    assert min(told) > max(number for number, line in enumerate(lines(JOBS)) if line.startswith(("COPY", "RUN")))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_that_a_job_imports_is_stripped_from_the_image() -> None:
    loaded = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-W", "ignore", "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"pyarrow", "pandas", "numpy"} <= {path.split("/")[0] for path in loaded}
    assert [path for path in loaded if is_stripped(path)] == []


@pytest.mark.parametrize(
    "path", ["pandas/tests/series/__init__.py", "numpy/lib/tests/data/a.npy", "pyarrow/_s3fs.so", "pyarrow/include/a.h"]
)
def test_what_no_job_imports_is_stripped(path: str) -> None:
    assert is_stripped(path)


def is_stripped(path: str) -> bool:
    """Whether the Dockerfile removes a file of the packages; it removes paths, and folders called tests of some."""
    (strip,) = [run for run in values("RUN") if "rm -rf" in run]
    removed, found = re.findall(r"rm -rf ([^&]+?) +&&", strip), re.findall(r"find (.+?) -type d -name tests", strip)
    patterns = [pattern for group in removed for pattern in group.split()]
    parents = ["/".join(path.split("/")[: depth + 1]) for depth in range(len(path.split("/")))]
    tested = path.partition("/")[0] in " ".join(found).split() and "tests" in path.split("/")[:-1]
    return tested or any(fnmatchcase(parent, pattern) for pattern in patterns for parent in parents)
