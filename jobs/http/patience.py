"""Work that may go on when its request has been answered: the caller is told which runs began."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from threading import Event, Thread

from jobs.entry import Result
from schemas.run_record import RunRecord

Execute = Callable[[Callable[[RunRecord], None]], Iterator[Result]]
"""Runs jobs, and tells of each run that begins."""


class Work:
    """Some runs, one after the other, in a thread of their own.

    The thread ends with the process: a run that is cut off like this is closed and finished by the next one, as after
    any other death.
    """

    def __init__(self, execute: Execute) -> None:
        """Begin at once."""
        self.begun: list[RunRecord] = []
        """The records of the runs that began so far; the last one may still change."""
        self._told = Event()
        self._done: Future[list[Result]] = Future()
        Thread(target=self._do, args=(execute,), daemon=True).start()

    def _do(self, execute: Execute) -> None:
        try:
            self._done.set_result(list(execute(self._hear)))
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self._done.set_exception(error)
        finally:
            self._told.set()

    def _hear(self, record: RunRecord) -> None:
        self.begun.append(record)
        self._told.set()

    def within(self, seconds: float) -> list[Result] | None:
        """Wait for the results; None when they take longer, but not before a run began. Raises what broke the work.

        A dry run never begins, for nobody could ask for it later: its results are waited for.
        """
        wait_for([self._done], seconds)
        self._told.wait()
        return self._done.result() if self._done.done() else None
