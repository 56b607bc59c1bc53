"""Which commit runs, by git's word about the file that asks."""

import subprocess
from pathlib import Path

import pytest

from shared.code_version import DIRTY, UNKNOWN, UntraceableCodeError, commit_of, require_traceable

NOBODY = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false")


def git(checkout: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *NOBODY, *arguments], cwd=checkout, check=True, capture_output=True, text=True)  # noqa: S603, S607 - a repository of this test
    return done.stdout.strip()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in the only commit of a checkout."""
    file = tmp_path / "code.py"
    file.write_text("one = 1\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "--quiet", "--message=all of it")
    git(tmp_path, "tag", "v1")
    commit_of.cache_clear()
    return file


def test_the_commit_of_a_clean_checkout_is_named_whole(file: Path) -> None:
    assert commit_of(file) == git(file.parent, "rev-parse", "HEAD")


def test_files_that_no_commit_holds_do_not_make_a_checkout_dirty(file: Path) -> None:
    (file.parent / "notes.txt").write_text("mine", encoding="utf-8")

    assert commit_of(file) == git(file.parent, "rev-parse", "HEAD")


def test_a_checkout_that_was_edited_is_dirty(file: Path) -> None:
    file.write_text("one = 2\n", encoding="utf-8")

    assert commit_of(file) == git(file.parent, "rev-parse", "HEAD") + DIRTY


def test_a_package_installed_below_somebody_s_project_is_not_of_their_commit(file: Path) -> None:
    installed = file.parent / "site-packages" / "settings.py"
    installed.parent.mkdir()
    installed.write_text("two = 2\n", encoding="utf-8")

    assert commit_of(installed) == UNKNOWN


def test_where_there_is_no_git_no_commit_is_known(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert commit_of(file) == UNKNOWN


@pytest.mark.parametrize(
    "commit", [UNKNOWN, "4b825dc642cb6eb9a060e54bf8d69288fbee4904" + DIRTY, "local", "main", "4b825dc"]
)
def test_code_that_nobody_can_look_up_is_refused_with_what_to_do(commit: str) -> None:
    with pytest.raises(UntraceableCodeError, match=rf"{commit}.*ENVIRONMENT=prod.*GIT_HASH"):
        require_traceable(commit)


def test_code_of_a_commit_is_let_through() -> None:
    require_traceable("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
