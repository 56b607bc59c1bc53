"""Which environment a run belongs to, and that money, paper and their history are never mixed.

The trading host tells real money from paper: Alpaca serves live accounts at one host and paper accounts at another, and
keys of one are refused by the other. A dataset says whose history it holds by its label `environment`, which
`golden-thread schema apply` and Terraform write when they make it.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

Environment = Literal["dev", "paper", "prod"]
"""dev and paper trade nothing real; prod does."""
LIVE_URL = "https://api.alpaca.markets"
PAPER_URL = "https://paper-api.alpaca.markets"
LABEL = "environment"
"""The dataset's label."""


class MixedEnvironmentsError(Exception):
    """The run and the dataset belong to different environments; no record was moved."""


class Account(Protocol):
    """What is looked at of a broker's account."""

    @property
    def name(self) -> str:
        """As the settings spell it."""

    @property
    def api_key(self) -> SecretStr | None:
        """Key id; None for a run that asks no broker."""

    @property
    def base_url(self) -> str:
        """Trading host."""


def is_live(url: str) -> bool:
    """Tell whether a trading host is the one of real money, in whatever way its address is spelt."""
    return _host(url) == _host(LIVE_URL)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")


_KEYS_OF = {_host(PAPER_URL): "AK", _host(LIVE_URL): "PK"}
"""How key ids begin that a host refuses: live ones with AK, paper ones with PK (alpacahq/alpaca-trade-api-go#17)."""


def contradictions(environment: Environment | None, accounts: Iterable[Account]) -> Iterator[str]:
    """Say what in the settings mixes real money with paper. An account without keys is asked nothing, and counts not.

    Never tells a key, not even how it begins.
    """
    asked = [(one, one.api_key) for one in accounts if one.api_key]
    for one, key in asked:
        live, what = is_live(one.base_url), f"account {one.name}" if one.name else "the broker account"
        if key.get_secret_value().startswith(_KEYS_OF.get(_host(one.base_url), "\0")):
            yield f"{what} has {'paper' if live else 'live'} keys for {one.base_url}"
        if environment is not None and live != (environment == "prod"):
            yield f"{what} is at {one.base_url}, which is not for ENVIRONMENT={environment}"
    if len({is_live(one.base_url) for one, _ in asked}) > 1:
        yield "live and paper accounts are named together; give each kind a dataset and settings of its own"


def mismatch(label: str | None, environment: Environment | None, accounts: Iterable[Account]) -> str | None:
    """Say why a run must not touch a dataset with this label; None when it may, or when the dataset bears none."""
    if label is None:
        return None
    if environment is not None:
        return None if environment == label else f"ENVIRONMENT={environment}"
    live = {is_live(one.base_url) for one in accounts if one.api_key}
    return None if live <= {label == "prod"} else f"the broker account is {'live' if True in live else 'paper'}"
