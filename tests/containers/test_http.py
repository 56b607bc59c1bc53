"""The same image over HTTP: functions-framework, with a read-only root, on the loopback interface."""

import json
import urllib.request
from typing import Any

import pytest

from tests.containers.conftest import READY_WITHIN_S, answers
from tests.containers.engine import GIT_HASH, compose
from tests.containers.stack import LOCALHOST, Containers
from tests.stack import AS_OF


@pytest.fixture
def address(containers: Containers, docker_services: Any) -> str:  # noqa: ARG001 - jobs need the servers
    started = compose("up", "--detach", "--no-build", "http")
    assert started.returncode == 0, started.stderr
    at = f"http://{LOCALHOST}:{docker_services.port_for('http', 8080)}"
    docker_services.wait_until_responsive(check=answers(f"{at}/health"), timeout=READY_WITHIN_S, pause=0.2)
    return at


def test_a_post_runs_a_job_in_the_container_and_nothing_misses_a_writable_file_system(address: str) -> None:
    body = json.dumps({"job": "strategies", "options": {"as_of": AS_OF}}).encode()
    request = urllib.request.Request(f"{address}/", body, {"Content-Type": "application/json"})  # noqa: S310 - a loopback address
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
        (run,) = json.load(answer)["runs"]
    assert (run["job"], run["status"], run["git_hash"]) == ("strategies", "SUCCEEDED", GIT_HASH)
    said = compose("logs", "http").stdout
    assert run["run_id"] in said
    assert "ERROR" not in said
