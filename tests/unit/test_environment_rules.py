"""Money and paper are never mixed: what the settings may say together, and which dataset they may touch."""

import itertools
from typing import Any

import pytest

from shared.environment import LIVE_URL, PAPER_URL, mismatch
from shared.settings import Settings, SettingsError, load

LIVE, PAPER = "AKTESTTESTTESTTEST01", "PKTESTTESTTESTTEST01"
SECRET = "not-a-real-secret-at-all"  # noqa: S105 - as it says


def settings(url: str = PAPER_URL, key: str = PAPER, **more: str) -> Settings:
    given = {"ALPACA_BASE_URL": url, "ALPACA_API_KEY": key, "ALPACA_SECRET_KEY": SECRET}
    return load({"GOOGLE_CLOUD_PROJECT": "some-project", **given, **more})


@pytest.mark.parametrize(
    ("url", "key", "environment"),
    [
        (PAPER_URL, PAPER, ""),
        (PAPER_URL, PAPER, "dev"),
        (PAPER_URL, PAPER, "paper"),
        (LIVE_URL, LIVE, ""),
        (LIVE_URL, LIVE, "prod"),
        (LIVE_URL, "CKTESTTESTTESTTEST01", "prod"),
        ("http://127.0.0.1:4711", PAPER, "dev"),
    ],
)
def test_what_belongs_together_is_taken(url: str, key: str, environment: str) -> None:
    assert settings(url, key, ENVIRONMENT=environment).environment == (environment or None)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"url": LIVE_URL, "key": PAPER}, "has paper keys for https://api.alpaca.markets"),
        ({"url": PAPER_URL, "key": LIVE}, "has live keys for https://paper-api.alpaca.markets"),
        ({"url": LIVE_URL, "key": LIVE, "ENVIRONMENT": "paper"}, "not for ENVIRONMENT=paper"),
        ({"url": LIVE_URL, "key": LIVE, "ENVIRONMENT": "dev"}, "not for ENVIRONMENT=dev"),
        ({"url": PAPER_URL, "key": PAPER, "ENVIRONMENT": "prod"}, "not for ENVIRONMENT=prod"),
        ({"ENVIRONMENT": "production"}, "ENVIRONMENT"),
    ],
    ids=str,
)
def test_what_contradicts_itself_is_refused_and_no_key_is_told(given: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(**given)
    assert named in str(refused.value)
    assert not any(key in str(refused.value) for key in (LIVE, PAPER, SECRET))


@pytest.mark.parametrize(
    "url", ["https://api.alpaca.markets:443", "https://API.Alpaca.markets", "https://api.alpaca.markets.", LIVE_URL]
)
def test_the_host_of_real_money_is_known_however_it_is_spelt(url: str) -> None:
    with pytest.raises(SettingsError, match="not for ENVIRONMENT=paper"):
        settings(url, LIVE, ENVIRONMENT="paper")
    with pytest.raises(SettingsError, match="has paper keys for"):
        settings(url, PAPER)
    assert settings(url, LIVE, ENVIRONMENT="prod").environment == "prod"
    assert mismatch("paper", None, settings(url, LIVE).accounts) == "the broker account is live"


def test_live_and_paper_accounts_are_never_named_together() -> None:
    accounts = {"ALPACA_ACCOUNTS": "day,swing", "ALPACA_BASE_URL_DAY": LIVE_URL}
    keys = {f"ALPACA_{what}_KEY_{name}": SECRET for what in ("API", "SECRET") for name in ("DAY", "SWING")}
    with pytest.raises(SettingsError, match="live and paper accounts are named together"):
        settings(**accounts, **keys)


def test_a_run_that_asks_no_broker_may_belong_to_any_environment() -> None:
    for environment in ("dev", "paper", "prod"):
        assert load({"GOOGLE_CLOUD_PROJECT": "some-project", "ENVIRONMENT": environment}).environment == environment


@pytest.mark.parametrize(("label", "environment"), [*itertools.product(("dev", "paper", "prod"), repeat=2)])
def test_a_run_of_a_named_environment_touches_its_own_dataset_alone(label: str, environment: Any) -> None:
    assert (mismatch(label, environment, ()) is None) == (label == environment)


@pytest.mark.parametrize(
    ("label", "url", "key", "why"),
    [
        ("prod", LIVE_URL, LIVE, None),
        ("paper", LIVE_URL, LIVE, "the broker account is live"),
        ("dev", LIVE_URL, LIVE, "the broker account is live"),
        ("prod", PAPER_URL, PAPER, "the broker account is paper"),
        ("paper", PAPER_URL, PAPER, None),
        (None, LIVE_URL, LIVE, None),
    ],
)
def test_without_a_named_environment_the_broker_s_host_decides(
    label: str | None, url: str, key: str, why: str | None
) -> None:
    assert mismatch(label, None, settings(url, key).accounts) == why


def test_a_run_without_keys_and_without_an_environment_may_touch_any_dataset() -> None:
    assert mismatch("prod", None, load({"GOOGLE_CLOUD_PROJECT": "some-project"}).accounts) is None
