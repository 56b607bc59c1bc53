"""SIGTERM to a job that is process 1 of its container: it records INTERRUPTED within the grace of Cloud Run."""

import json
import subprocess
from dataclasses import replace
from time import monotonic
from typing import Any

from google.cloud import firestore

from shared.documents import open_firestore
from tests.containers.engine import compose, docker
from tests.containers.stack import Containers
from tests.emulator.builders import position

GRACE_S = 8
KILLED_AFTER_S = 30
"""Longer than the grace, so that a kill cannot be taken for an end in time."""


def test_docker_stop_ends_a_run_in_time_and_on_the_record(containers: Containers, docker_services: Any) -> None:
    corner = replace(containers, project="test-interrupted")
    client = open_firestore(corner.settings())
    client.document("live_positions/position-0001").set(position(1))
    hold_the_broker()
    container = corner.start("jobs.trades")
    try:
        docker_services.wait_until_responsive(check=lambda: statuses(client) == ["RUNNING"], timeout=60, pause=0.1)
        told = monotonic()
        docker("stop", "--time", str(KILLED_AFTER_S), container)
        took = monotonic() - told
        code = docker("inspect", "--format={{.State.ExitCode}}", container).stdout.strip()
    finally:
        docker("rm", "--force", container)
        release_the_broker()
    assert (code, statuses(client)) == ("1", ["INTERRUPTED"])
    assert took < GRACE_S


def statuses(client: firestore.Client) -> list[str]:
    return [(one.to_dict() or {})["status"] for one in client.collection("job_metadata").stream()]


def hold_the_broker() -> None:
    """Let every request to the broker hang, longer than the test lasts."""
    administer("faults", {"faults": [{"path": "/v*", "kind": "hang", "seconds": 60, "times": 100}]})


def release_the_broker() -> None:
    """Take its faults away, and its data with them."""
    administer("reset", {})


def administer(what: str, body: Any) -> subprocess.CompletedProcess[str]:
    """Speak to the broker's administration, which listens to its own loopback interface only."""
    posted = f"'http://127.0.0.1:9080/_admin/{what}', {json.dumps(body)!r}.encode()"
    program = f"import urllib.request as u; u.urlopen({posted})"
    told = compose("exec", "-T", "broker", "python", "-c", program)
    assert told.returncode == 0, told.stderr
    return told
