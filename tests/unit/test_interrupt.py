"""Where in the program SIGTERM becomes an exception: a process of its own is told to stop at a chosen place."""

import subprocess
import sys
from textwrap import dedent

BEGINNING = """
    import signal
    import threading

    from shared.interrupt import InterruptedRunError, stop_on_signals

    stop_on_signals()
"""


def output_of(script: str) -> str:
    """What a script says after it was told to stop."""
    command = [sys.executable, "-c", dedent(BEGINNING) + dedent(script)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our interpreter


def test_a_library_lets_go_of_its_lock_before_the_run_hears_that_it_must_stop() -> None:
    script = """
        class Lock:
            def __init__(self):
                self.lock = threading.Lock()

            def __enter__(self):
                return self.lock.__enter__()

            def __exit__(self, *error):
                signal.raise_signal(signal.SIGTERM)
                return self.lock.__exit__(*error)

        lock = Lock()
        try:
            with lock:
                pass
            threading.Event().wait()
        except InterruptedRunError as stop:
            print(stop, lock.lock.locked())
    """
    assert output_of(script) == "stopped by SIGTERM False\n"


def test_a_library_is_not_disturbed_although_the_next_look_comes_before_the_last_one_is_over() -> None:
    script = """
        # As if the machine had stood still in the handler, until its timer ran out.
        handler = {"__name__": "shared.interrupt", "set_timer": signal.setitimer, "times": iter((1e-6, 0.01, 0.01, 0))}
        signal.setitimer = eval("lambda which, _: set_timer(which, next(times))", handler)
        lock = threading.Lock()

        def release():
            signal.raise_signal(signal.SIGTERM)
            lock.release()

        try:
            lock.acquire()
            release()
            threading.Event().wait()
        except InterruptedRunError as stop:
            print(stop, lock.locked())
    """
    assert output_of(script) == "stopped by SIGTERM False\n"


def test_code_of_ours_hears_it_at_once() -> None:
    script = """
        ours = compile("signal.raise_signal(signal.SIGINT); went_on = True", "ours", "exec")
        names = {"__name__": "shared.somewhere", "signal": signal}
        try:
            exec(ours, names)
        except InterruptedRunError as stop:
            print(stop, "went_on" in names)
    """
    assert output_of(script) == "stopped by SIGINT False\n"


def test_calls_that_are_too_short_for_anybody_to_stand_still_are_the_last_ones() -> None:
    script = """
        from shared.retrying import persistently

        made = []

        def call():
            made.append(1)
            if len(made) == 2:
                signal.raise_signal(signal.SIGTERM)

        try:
            while True:
                persistently(1, call)
        except InterruptedRunError as stop:
            print(stop, len(made))
    """
    assert output_of(script) == "stopped by SIGTERM 2\n"


def test_it_is_heard_once_so_that_what_was_begun_can_be_cleared_away() -> None:
    script = """
        from shared.interrupt import heed, was_interrupted

        try:
            signal.raise_signal(signal.SIGTERM)
            heed()
        except InterruptedRunError:
            heed()
            print(was_interrupted())
    """
    assert output_of(script) == "True\n"


def test_a_program_that_ends_by_itself_before_it_hears_of_it_ends_well() -> None:
    script = """
        handler = {"__name__": "elsewhere", "signal": signal}
        exec(compile("signal.raise_signal(signal.SIGTERM)", "elsewhere", "exec"), handler)
    """
    assert output_of(script) == ""


def test_a_library_that_computes_for_ever_is_stopped() -> None:
    script = """
        try:
            signal.raise_signal(signal.SIGTERM)
            while True:
                pass
        except InterruptedRunError as stop:
            print(stop)
    """
    assert output_of(script) == "stopped by SIGTERM\n"
