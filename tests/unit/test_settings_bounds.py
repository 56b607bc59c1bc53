"""What the environment may say in numbers and addresses: what no run could work with is refused before one begins."""

import pytest

from shared.settings import Settings, SettingsError, load


def settings(**given: str) -> Settings:
    return load({"GOOGLE_CLOUD_PROJECT": "some-project", **given})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # Every signal without a size of its own would be quarantined for it.
        ("THEORETICAL_NOTIONAL_USD", "1e40"),
        ("THEORETICAL_NOTIONAL_USD", "1e-12"),
        # No date is left to reckon with.
        ("REJECTED_AFTER_DAYS", "800000"),
        ("EXPIRED_AFTER_HOURS", "99999999"),
        ("FEE_GIVE_UP_DAYS", "9999999"),
        ("FEE_RESTATE_DAYS", "1000000"),
        ("RETIRE_AFTER_DAYS", "1000000"),
        ("INTENT_GONE_AFTER_HOURS", "inf"),
        ("LEASE_SECONDS", "99999999999999"),
        # gRPC takes it for no time at all.
        ("CALL_TIMEOUT_S", "inf"),
        # A service that stays away would never end the run.
        ("RETRY_SECONDS", "inf"),
    ],
)
def test_a_number_that_no_run_could_work_with_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name}: Input should be (less|greater) than or equal to "):
        settings(**{name: value})


@pytest.mark.parametrize(
    "name", ["FIRESTORE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "BIGQUERY_STORAGE_EMULATOR_HOST"]
)
@pytest.mark.parametrize("value", ["http://localhost:8080", "localhost", "localhost:8080/", "user@localhost:8080"])
def test_an_emulator_is_named_by_host_and_port(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        settings(**{name: value})


@pytest.mark.parametrize("value", ["127.0.0.1:8080", "firestore:8080", "[::1]:8080"])
def test_an_emulator_may_be_anywhere(value: str) -> None:
    assert settings(FIRESTORE_EMULATOR_HOST=value).firestore_emulator_host == value
