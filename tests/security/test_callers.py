"""Who may run jobs over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.exceptions import TransportError

from shared.callers import CallerRefusedError, require_caller
from shared.settings import Settings, load
from tests.security.tokens import AUDIENCE, CALLER, Signer, served

ENVIRONMENT = {"GOOGLE_CLOUD_PROJECT": "test-project"}
LONG_AGO = 1_600_000_000


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="module")
def certificates(signer: Signer) -> Iterator[str]:
    with served(signer.certificates) as address:
        yield address


@pytest.fixture
def settings(certificates: str) -> Settings:
    return load(
        {
            **ENVIRONMENT,
            "HTTP_AUDIENCE": AUDIENCE,
            "HTTP_CALLERS": f"other@example.com, {CALLER}",
            "HTTP_CERTS_URL": certificates,
        }
    )


def refused(header: str | None, settings: Settings) -> int:
    with pytest.raises(CallerRefusedError) as error:
        require_caller(header, settings)
    assert header is None or header.rpartition(" ")[2] not in str(error.value)
    return error.value.status


def test_a_caller_on_the_list_is_known_by_its_token(signer: Signer, settings: Settings) -> None:
    assert require_caller(f"Bearer {signer.token()}", settings) == CALLER


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"aud": "https://another.example"}, 401),
        ({"iss": "https://accounts.example"}, 401),
        ({"exp": LONG_AGO, "iat": LONG_AGO - 3600}, 401),
        ({"email": "somebody@example.com"}, 403),
        ({"email": None}, 403),
        ({"email_verified": False}, 403),
        ({"email_verified": "true"}, 403),
    ],
    ids=str,
)
def test_a_token_with_another_claim_is_refused(
    claims: dict[str, Any], status: int, signer: Signer, settings: Settings
) -> None:
    assert refused(f"Bearer {signer.token(**claims)}", settings) == status


def test_nobody_is_asked_for_certificates_on_account_of_a_token_that_claims_nothing_good(signer: Signer) -> None:
    unreachable = {"HTTP_AUDIENCE": AUDIENCE, "HTTP_CALLERS": CALLER, "HTTP_CERTS_URL": "http://127.0.0.1:9/certs"}
    settings = load({**ENVIRONMENT, **unreachable})
    assert refused(f"Bearer {signer.token(email='somebody@example.com')}", settings) == 403
    assert refused("Bearer a.b.c", settings) == 401
    with pytest.raises(TransportError):
        require_caller(f"Bearer {signer.token()}", settings)


def test_a_token_signed_by_somebody_else_is_refused(settings: Settings) -> None:
    assert refused(f"Bearer {Signer().token()}", settings) == 401


def test_a_token_without_its_signature_is_refused(signer: Signer, settings: Settings) -> None:
    assert refused(f"Bearer {signer.token().rpartition('.')[0]}.SIGNATURE_REMOVED", settings) == 401


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer not-a-token", "Bearer a.b.c"])
def test_a_request_without_a_token_is_refused(header: str | None, settings: Settings) -> None:
    with pytest.raises(CallerRefusedError) as error:
        require_caller(header, settings)
    assert error.value.status == 401


@pytest.mark.parametrize("variable", ["HTTP_AUDIENCE", "HTTP_CALLERS"])
def test_nobody_may_run_jobs_unless_it_is_set_who_may(variable: str, signer: Signer, certificates: str) -> None:
    given = {**ENVIRONMENT, "HTTP_AUDIENCE": AUDIENCE, "HTTP_CALLERS": CALLER, "HTTP_CERTS_URL": certificates}
    with pytest.raises(CallerRefusedError, match="HTTP_AUDIENCE and HTTP_CALLERS"):
        require_caller(f"Bearer {signer.token()}", load({**given, variable: ""}))


def test_a_platform_that_knows_its_callers_is_believed_when_the_settings_say_so() -> None:
    assert require_caller(None, load({**ENVIRONMENT, "HTTP_AUTHENTICATION": "platform"})) == "platform"
