"""Statements that run for longer than one call may take."""

from types import SimpleNamespace
from typing import Any

import pytest
import requests.exceptions

from shared import warehouse
from shared.settings import Settings
from shared.warehouse import Warehouse


class SlowClient:
    """What `Warehouse` calls of BigQuery's client; its jobs answer as the client's do while they run."""

    total_bytes_billed = 0

    def __init__(self, *troubles: BaseException) -> None:
        self._troubles = list(troubles)
        self.sent = 0

    def query(self, _statement: str, **_: Any) -> "SlowClient":
        self.sent += 1
        return self

    def result(self, **_: Any) -> Any:
        if self._troubles:
            raise self._troubles.pop(0)
        return [{"n": 1}]


def asked(client: Any) -> list[dict[str, Any]]:
    settings: Any = SimpleNamespace(project="p", dataset="d", call_timeout_s=0.1, retry_seconds=0.0)
    assert {*vars(settings)} <= {*Settings.model_fields}
    return list(Warehouse(client, settings).rows("SELECT 1 AS n"))


def unanswered() -> TimeoutError:
    error = TimeoutError()
    error.__cause__ = requests.exceptions.ReadTimeout()
    return error


def test_a_statement_may_run_for_longer_than_one_call_and_is_sent_once() -> None:
    client = SlowClient(TimeoutError(), TimeoutError(), TimeoutError())

    assert asked(client) == [{"n": 1}]
    assert client.sent == 1


def test_a_statement_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "MAX_JOB_S", 0.0)

    with pytest.raises(TimeoutError):
        asked(SlowClient(TimeoutError(), TimeoutError()))


def test_a_call_that_is_not_answered_is_no_statement_that_runs() -> None:
    with pytest.raises(TimeoutError):
        asked(SlowClient(unanswered()))
