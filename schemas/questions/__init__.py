"""Saved questions: a file of this folder is one, for each view at least the one of its own name.

A file begins with a comment: the question in one line, what the answer shows, and how many days back it goes when
nobody says. The query takes the parameters @since and @until, both included, as its filter on ds.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from schemas.views import leading_comment

_REACH = re.compile(r"Without --since: the last (\d+) days\.")


@dataclass(frozen=True)
class Question:
    """One saved question."""

    name: str
    question: str
    """In one line."""
    details: str
    """What the answer shows."""
    days: int
    """How many days it goes back from --until when --since is not given."""
    sql: str


def read(path: Path) -> Question:
    """Read a saved question from its file.

    Raises:
        ValueError: It does not begin with its comment.
    """
    sql = path.read_text(encoding="utf-8")
    question, details = leading_comment(path.name, sql)
    reach = _REACH.search(details)
    if reach is None:
        raise ValueError(f"{path.name}: end the comment with: Without --since: the last N days.")
    return Question(path.stem, question, details[: reach.start()].strip(), int(reach[1]), sql)


QUESTIONS: tuple[Question, ...] = tuple(map(read, sorted(Path(__file__).parent.glob("*.sql"))))


def question_named(name: str) -> Question:
    """Find a saved question by its name, with hyphens or underscores.

    Raises:
        KeyError: No such question; the message lists those there are.
    """
    for question in QUESTIONS:
        if question.name == name.replace("-", "_"):
            return question
    raise KeyError(f"no saved question {name}; there are {', '.join(question.name for question in QUESTIONS)}")
