"""The token that a job works with: taken back while it runs, it is refreshed; where there is no new one, the run ends.

Google's own credentials ask a metadata server of the test's for tokens, over HTTP, as they do on Cloud Run.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

import grpc
import pytest
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import ServiceUnavailable, Unauthorized
from google.auth.compute_engine import Credentials, _metadata
from google.auth.transport.grpc import AuthMetadataPlugin
from google.auth.transport.requests import Request
from google.cloud import bigquery

from schemas.run_record import Status
from shared.documents import Documents
from shared.settings import Settings, load
from shared.warehouse import Warehouse
from tests.emulator.wire_http import serving
from tests.simulation.listening import Listening

ANSWERED = [{"n": 1}]


@dataclass
class Google:
    """A metadata server, and a BigQuery that knows one answer and takes the last token only."""

    issued: int = 0
    gone: bool = False
    """Whether the metadata server knows no account any more."""
    deaf: bool = False
    """Whether BigQuery takes no token at all."""

    def answer(self, method: str, path: str, token: str | None, body: bytes) -> tuple[int, Any]:
        if path.startswith("/computeMetadata/"):
            return self._metadata(path)
        if self.deaf or token != f"Bearer token-{self.issued}":
            return 401, {"error": {"code": 401, "message": "Invalid Credentials"}}
        if method == "POST":
            return 200, {**json.loads(body), "status": {"state": "DONE"}, "statistics": {}}
        job = {"projectId": "test-project", "jobId": path.rpartition("/")[2]}
        found = {"schema": {"fields": [{"name": "n", "type": "INTEGER"}]}, "rows": [{"f": [{"v": "1"}]}]}
        return 200, {"jobComplete": True, "jobReference": job, "totalRows": "1", **found}

    def _metadata(self, path: str) -> tuple[int, Any]:
        if self.gone or "universe" in path:
            return 404, {}
        if path.endswith("/token"):
            self.issued += 1
            return 200, {"access_token": f"token-{self.issued}", "expires_in": 3600, "token_type": "Bearer"}
        return 200, {"email": "job@example.test", "scopes": ["all"], "aliases": ["default"]}


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, google: Google, *connection: Any) -> None:
        self._google = google
        super().__init__(*connection)

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, token = self.path.partition("?")[0], self.headers.get("Authorization")
        status, answer = self._google.answer(self.command, path, token, body)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _answer  # noqa: N815 - as the server calls them

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def google() -> Google:
    return Google()


@pytest.fixture
def address(google: Google, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(partial(_Handler, google)) as address:
        monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", address)
        yield address


@pytest.fixture
def settings() -> Settings:
    return load({"GOOGLE_CLOUD_PROJECT": "test-project", "RETRY_SECONDS": "1", "CALL_TIMEOUT_S": "10"})


@pytest.fixture
def warehouse(address: str, settings: Settings) -> Warehouse:
    there = ClientOptions(api_endpoint=f"http://{address}")
    client = bigquery.Client(project=settings.project, credentials=Credentials(), client_options=there)
    return Warehouse(client, settings)


def ask(warehouse: Warehouse) -> list[dict[str, Any]]:
    return list(warehouse.rows("SELECT 1 AS n"))


def test_a_token_that_is_not_taken_any_more_is_refreshed_once(google: Google, warehouse: Warehouse) -> None:
    assert ask(warehouse) == ANSWERED
    google.issued += 1

    assert ask(warehouse) == ANSWERED
    assert ask(warehouse) == ANSWERED

    assert google.issued == 3


def test_a_job_whose_new_tokens_are_not_taken_either_asks_for_no_more(google: Google, warehouse: Warehouse) -> None:
    assert ask(warehouse) == ANSWERED
    google.deaf = True

    with pytest.raises(Unauthorized):
        ask(warehouse)

    assert google.issued == 3


def test_a_run_that_gets_no_new_token_fails_with_everything_pending_and_the_next_one_goes_on(
    google: Google, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(warehouse) == ANSWERED
    google.issued, google.gone = google.issued + 1, True
    world = Listening.of_three_trades()

    with monkeypatch.context() as patched:
        parts = replace(world.parts(), warehouse=warehouse)
        patched.setattr(world, "parts", lambda: parts)
        record = world.one().record

    assert record is not None
    assert record.error is not None
    assert (record.status, record.error.type) == (Status.FAILED, "RefreshError")
    assert (record.counts.archived, record.counts.pending) == (0, record.counts.read)
    ((_, lease),) = world.documents("job_leases").values()
    assert (lease["owner"], lease.get("intent")) == (None, None)
    ((_, kept),) = world.documents("job_metadata").values()
    assert kept["status"] == "FAILED"
    after = world.one().record
    assert after is not None
    assert (after.status, after.counts.archived) == (Status.SUCCEEDED, 3)


def test_a_call_to_firestore_without_a_token_ends_in_time(google: Google, address: str, settings: Settings) -> None:
    google.gone = True
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        port = server.add_secure_port("127.0.0.1:0", grpc.local_server_credentials())
        server.start()
        token = grpc.metadata_call_credentials(AuthMetadataPlugin(Credentials(), Request()))
        credentials = grpc.composite_channel_credentials(grpc.local_channel_credentials(), token)
        with (
            grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel,
            pytest.raises(ServiceUnavailable) as error,
        ):
            Documents(settings, channel).server_time()
        server.stop(None)
    assert address in str(error.value)
