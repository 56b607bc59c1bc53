import json
from itertools import chain

import pytest

from shared.environment import PAPER_URL
from shared.settings import Settings, SettingsError, load

PROJECT = {"GOOGLE_CLOUD_PROJECT": "test-project"}
ONE = {"ALPACA_API_KEY_ONE": "PKCANARYONE", "ALPACA_SECRET_KEY_ONE": "canary/secret+one"}
TWO = {"ALPACA_API_KEY_TWO": "PKCANARYTWO", "ALPACA_SECRET_KEY_TWO": "canary/secret+two"}
SECRETS = list(chain(ONE.values(), TWO.values()))


def accounts(names: str, **changes: str) -> Settings:
    return load({**PROJECT, "ALPACA_ACCOUNTS": names, **ONE, **TWO, **changes})


def test_an_environment_that_names_no_account_has_one_without_a_name() -> None:
    found = load({**PROJECT, "ALPACA_API_KEY": "key", "ALPACA_SECRET_KEY": "secret"})

    assert [(one.name, one.base_url) for one in found.accounts] == [("", PAPER_URL)]
    assert list(found.secrets) == []


def test_what_is_too_short_for_a_key_is_a_word_that_may_be_written() -> None:
    found = accounts("one", ALPACA_API_KEY_ONE="local", ALPACA_SECRET_KEY_ONE="longer-than-a-word")  # noqa: S106 - an example

    assert list(found.secrets) == ["longer-than-a-word"]
    assert found.redacted("local: longer-than-a-word") == "local: ***"


def test_keys_may_be_missing_for_a_run_that_asks_no_broker() -> None:
    assert list(load(PROJECT).secrets) == []


def test_the_line_break_that_a_secret_was_typed_in_with_is_no_part_of_it() -> None:
    found = accounts(" one\n", **{name: f"{value}\n" for name, value in ONE.items()})

    assert list(found.secrets) == list(ONE.values())
    assert list(load({**PROJECT, "ALPACA_API_KEY": "\n", "ALPACA_SECRET_KEY": " "}).secrets) == []
    assert load({**PROJECT, "ALPACA_API_KEY": "\n"}).alpaca_api_key is None


def test_each_account_has_its_own_keys_and_may_have_its_own_host() -> None:
    found = accounts(" one, two ,", ALPACA_BASE_URL="http://usual:1", ALPACA_BASE_URL_TWO="http://other:2")

    assert [(one.name, one.base_url) for one in found.accounts] == [
        ("one", "http://usual:1"),
        ("two", "http://other:2"),
    ]
    assert list(found.secrets) == SECRETS


def test_named_accounts_stand_in_place_of_the_one_without_a_name() -> None:
    found = accounts("two", ALPACA_API_KEY="key", ALPACA_SECRET_KEY="secret")  # noqa: S106 - no secret, an example

    assert [one.name for one in found.accounts] == ["two"]


@pytest.mark.parametrize(
    ("names", "changes", "said"),
    [
        ("one,two", {"ALPACA_SECRET_KEY_TWO": ""}, "names two, but ALPACA_SECRET_KEY_TWO is not set"),
        ("three", {}, "names three, but ALPACA_API_KEY_THREE and ALPACA_SECRET_KEY_THREE is not set"),
        ("one,two,one", {}, "names an account twice"),
        ("one,t-wo", {}, "t-wo: write letters, digits and underscores"),
        ("one,2", {}, "2: write letters, digits and underscores"),
        ("one two", {}, "one two: write letters"),
        ("one", {"ALPACA_BASE_URL_ONE": "http://host/v2"}, "base_url"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_with_it(names: str, changes: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        accounts(names, **changes)

    assert said in str(caught.value)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_names_that_differ_in_case_only_are_one_account_named_twice() -> None:
    with pytest.raises(SettingsError, match="twice"):
        accounts("one,ONE")


def test_what_is_public_holds_no_secret() -> None:
    shown = json.dumps(accounts("one,two").public())

    assert '"name": "one"' in shown
    assert not [secret for secret in SECRETS if secret in shown]


def test_secrets_are_taken_out_of_texts_even_where_one_holds_another() -> None:
    keys = {"ALPACA_API_KEY_ONE": "PKCANARY", "ALPACA_SECRET_KEY_ONE": "PKCANARY/and/more"}
    nested = accounts("one", **keys)

    assert nested.redacted("PKCANARY/and/more of PKCANARY") == "*** of ***"
