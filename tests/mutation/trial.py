"""A pytest plugin that tries mutants, each in a fork of one session that has collected all tests and run none.

Which tests reach a function is learnt first, in a fork too, so that no server, thread or channel of a test is ever
shared. A mutant is tried on the tests that reach it, the quickest first, until one fails.
"""

import gc
import json
import os
import resource
import signal
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

MUTANTS = "MUTANTS"
"""Variable that names the file of the mutants' names; the outcomes go beside it."""
_PATIENCE_S = 120
"""How long a trial may take that waits for something which never comes."""

Reaching = tuple[float, int]
"""How long a test takes, seconds, and its number."""
_LONGEST_S = 5
"""How long the tests of one mutant may take in all; what none of them notices counts as survived."""
_EXAMPLES = 30
_ASKED = "_hypothesis_internal_use_settings"


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try every mutant instead of running the tests."""
    file = Path(os.environ[MUTANTS])
    for item in session.items:
        _hurry(item)
    session.config.pluginmanager.unregister(name="terminalreporter")
    gc.freeze()
    learnt = in_fork(lambda: _learn(session))
    if not isinstance(learnt, dict):
        raise SystemExit(f"the tests fail without a mutant: {learnt}")
    outcomes: dict[str, str] = {}
    for mutant in file.read_text(encoding="utf-8").split():
        reaching = learnt.get(mutant.partition("__mutmut_")[0], [])
        outcomes[mutant] = _try(session, mutant, reaching)
        file.with_suffix(".json").write_text(json.dumps(outcomes), encoding="utf-8")
    return True


def _hurry(item: pytest.Item) -> None:
    """Let a property look at few examples, and not shrink what it finds."""
    test = getattr(item, "obj", None)
    test = getattr(test, "__func__", test)
    if asked := getattr(test, _ASKED, None):
        few = min(asked.max_examples, _EXAMPLES)
        hurried = settings(asked, max_examples=few, database=None, phases=[Phase.explicit, Phase.generate])
        setattr(test, _ASKED, hurried)


def _learn(session: pytest.Session) -> dict[str, list[Reaching]] | str:
    """Run all tests once: function -> the tests that reach it, the quickest first."""
    found: dict[str, list[Reaching]] = {}
    set_mutant_under_test("stats")
    for number, item in enumerate(session.items):
        begun = time.process_time()
        # On a busy machine a test that waits may fail once.
        if _fails(session, item) and _fails(session, item):
            return item.nodeid
        for function in state()._stats:  # noqa: SLF001 - how mutmut's own runner reads it
            found.setdefault(function, []).append((time.process_time() - begun, number))
        state()._stats.clear()  # noqa: SLF001 - as above
    return {function: _affordable(sorted(reaching)) for function, reaching in found.items()}


def _affordable(reaching: list[Reaching]) -> list[Reaching]:
    """Keep the quickest tests, as many as fit the time that one mutant may take."""
    spent = accumulate(seconds for seconds, _ in reaching)
    return [one for one, until in zip(reaching, spent, strict=True) if until <= _LONGEST_S]


def _try(session: pytest.Session, mutant: str, reaching: list[Reaching]) -> str:
    """Try one mutant; the test that kills it comes first for the next mutant of that function."""
    if not reaching:
        return "no tests"

    def trial() -> int | None:
        signal.alarm(_PATIENCE_S)
        set_mutant_under_test(mutant)
        return next((place for place, one in enumerate(reaching) if _kills(session, one)), None)

    place = in_fork(trial)
    if isinstance(place, int):
        reaching.insert(0, reaching.pop(place))
        return "killed"
    return "survived" if place is None else str(place)


def _kills(session: pytest.Session, one: Reaching) -> bool:
    """Run one test; an endless loop ends the process."""
    seconds, number = one
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + 10 * seconds) + 4, resource.RLIM_INFINITY))
    return _fails(session, session.items[number])


def _fails(session: pytest.Session, item: pytest.Item) -> bool:
    before = session.testsfailed
    item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
    return session.testsfailed > before


def in_fork(work: Callable[[], Any]) -> Any:
    """Work in a forked process and hand back what it returns; "timeout" if it ends in another way."""
    ours, theirs = os.pipe()
    if child := os.fork():
        os.close(theirs)
        with os.fdopen(ours, "rb") as said:
            answer = said.read()
        os.waitpid(child, 0)
        return json.loads(answer) if answer else "timeout"
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        with os.fdopen(theirs, "w") as said:
            json.dump(work(), said)
    finally:
        os._exit(0)
