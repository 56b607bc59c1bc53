"""The whole environment, read once and validated at start."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from shared.code_version import commit_of
from shared.environment import PAPER_URL, Environment, contradictions

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
"""Names that become part of SQL; nothing else ever does."""
HostUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s@]+$")]
"""The client appends version and path itself; with a path here every call would be a 404."""
HostAndPort = Annotated[str, StringConstraints(pattern=r"^[^/\s@]+:[0-9]{1,5}$")]
"""Of an emulator; with a scheme before it every call would go to a host called http."""
SHORTEST_SECRET = 8
"""Characters. Alpaca's keys have 20 and more; what is shorter is a word such as the local stack's, found everywhere."""
_ACCOUNT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}", re.ASCII)
_KEYS_OF_ACCOUNT = ("ALPACA_API_KEY", "ALPACA_SECRET_KEY")
_SECRET_OF_ACCOUNT = {"api_key", "secret_key"}
CheckDataset = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,56}_check$")]
"""The check empties the dataset it works in, so that one must be unmistakable."""
_CENTURY = 36_525
"""Days. No two times that a record may state lie further apart, and with much more no date is left to reckon with."""
_HOUR = 3600
"""Seconds, as many as a run has."""
DatabaseId = Annotated[str, StringConstraints(pattern=r"^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$")]
CollectionPrefix = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_-]{0,30}[_-])?$")]
ProjectId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]


def _listed(names: object) -> object:
    """Part a comma-separated text."""
    return [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else names


class SettingsError(Exception):
    """The environment is incomplete or wrong; the message names each variable."""


class BrokerAccount(BaseModel):
    """How to reach one account at the broker."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    """As ALPACA_ACCOUNTS spells it; empty for the only account of an environment that names none."""
    api_key: SecretStr | None
    secret_key: SecretStr | None
    base_url: HostUrl


class Settings(BaseModel):
    """Everything a run can be told from outside."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True, hide_input_in_errors=True)

    project: ProjectId = Field(alias="GOOGLE_CLOUD_PROJECT")
    """Google Cloud project."""
    environment: Environment | None = Field(None, alias="ENVIRONMENT")
    """dev, paper or prod: holds broker and dataset to each other. Without it the broker's host decides."""
    dataset: Identifier = Field("trading", alias="BIGQUERY_DATASET")
    """BigQuery dataset."""
    location: str = Field("US", alias="BIGQUERY_LOCATION")
    """Where the dataset is created."""
    firestore_database: DatabaseId = Field("(default)", alias="FIRESTORE_DATABASE")
    """Firestore database of the source documents."""
    firestore_bookkeeping_database: DatabaseId | None = Field(None, alias="FIRESTORE_BOOKKEEPING_DATABASE")
    """Firestore database of leases, run records and quarantine. Default: that of the source documents. Where it is
    another one, a job that only archives needs no right to write where the trading engine writes."""
    collection_prefix: CollectionPrefix = Field("", alias="COLLECTION_PREFIX")
    """What the names of all collections begin with, for several environments in one database."""
    firestore_emulator_host: HostAndPort | None = Field(None, alias="FIRESTORE_EMULATOR_HOST")
    """host:port of a Firestore emulator."""
    bigquery_emulator_host: HostAndPort | None = Field(None, alias="BIGQUERY_EMULATOR_HOST")
    """host:port of a BigQuery emulator's REST interface."""
    bigquery_storage_emulator_host: HostAndPort | None = Field(None, alias="BIGQUERY_STORAGE_EMULATOR_HOST")
    """host:port of a BigQuery emulator's Storage Write interface."""
    alpaca_api_key: SecretStr | None = Field(None, alias="ALPACA_API_KEY")
    """Alpaca key id."""
    alpaca_secret_key: SecretStr | None = Field(None, alias="ALPACA_SECRET_KEY")
    """Alpaca secret."""
    alpaca_base_url: HostUrl = Field(PAPER_URL, alias="ALPACA_BASE_URL")
    """Trading API: scheme and host, without /v2."""
    alpaca_accounts: tuple[BrokerAccount, ...] = Field((), alias="ALPACA_ACCOUNTS")
    """Several accounts: names, separated by commas. Each has its own ALPACA_API_KEY_<NAME>, ALPACA_SECRET_KEY_<NAME>
    and, where it differs, ALPACA_BASE_URL_<NAME>."""
    alpaca_data_url: HostUrl = Field("https://data.alpaca.markets", alias="ALPACA_DATA_URL")
    """Market data API: scheme and host."""
    stock_feed: Literal["sip", "iex", "delayed_sip"] = Field("sip", alias="ALPACA_STOCK_FEED")
    """Feed of equity bars."""
    option_feed: Literal["opra", "indicative"] = Field("indicative", alias="ALPACA_OPTION_FEED")
    """Feed of option quotes and greeks."""

    bar_timeframe: Literal["1Min", "5Min", "15Min", "1Hour", "1Day"] = Field("1Hour", alias="BAR_TIMEFRAME")
    """Timeframe of market bars. For signals that are valid for a few hours or less, 1Min tells more."""
    theoretical_notional_usd: Decimal = Field(
        Decimal(1000), alias="THEORETICAL_NOTIONAL_USD", ge=Decimal("0.01"), le=Decimal(10**9)
    )
    """Size of a simulated trade where the signal states none, US dollars."""
    moonshot_pct: Decimal = Field(Decimal(10), alias="MOONSHOT_PCT", gt=0)
    """From which excursion an expired signal counts as a missed moonshot, percent."""
    rejected_after_days: int = Field(7, alias="REJECTED_AFTER_DAYS", ge=1, le=_CENTURY)
    """Age at which rejected signals are due, and the horizon of their simulation, days. They wait for its last bar."""
    expired_after_hours: int = Field(24, alias="EXPIRED_AFTER_HOURS", ge=0, le=24 * _CENTURY)
    """How long after valid_until an expired signal is due, hours; never before the last bar of its validity is over."""

    fee_give_up_days: int = Field(7, alias="FEE_GIVE_UP_DAYS", ge=1, le=_CENTURY)
    """How long after both its days are settled a trade waits for fees that do not come, days; then NONE_POSTED."""
    fee_restate_days: int = Field(14, alias="FEE_RESTATE_DAYS", ge=0, le=_CENTURY)
    """How long after its exit a trade with final fees is looked at again, for corrections, days."""

    retire_after_days: int = Field(90, alias="RETIRE_AFTER_DAYS", ge=1, le=_CENTURY)
    """How long a table must have held a document before it may be deleted at its source, days."""

    check_dataset: CheckDataset | None = Field(None, alias="CHECK_DATASET")
    """Dataset that the check works in and empties; it ends in _check. Default: BIGQUERY_DATASET with _check behind."""
    check_database: DatabaseId | None = Field(None, alias="CHECK_FIRESTORE_DATABASE")
    """Firestore database that the check works in. Default: that of the books. Its collections begin with check_."""
    check_symbol: str = Field("BTC/USD", alias="CHECK_SYMBOL", pattern=r"^[A-Z0-9]+/[A-Z]+$")
    """Coin whose bars the check's signals are about, and which its paper order names."""
    check_hot_write_ms: int = Field(100, alias="CHECK_HOT_WRITE_MS", ge=1)
    """Target of the check: how long one write to Firestore may take, milliseconds."""
    check_order_ms: int = Field(500, alias="CHECK_ORDER_MS", ge=1)
    """Target of the check: how long placing and cancelling one paper order may take, milliseconds."""
    check_cold_s: int = Field(60, alias="CHECK_COLD_S", ge=1)
    """Target of the check: how long one run may take to bring its records to BigQuery, seconds."""

    page_size: int = Field(2000, alias="PAGE_SIZE", ge=1, le=50_000)
    """Documents worked on together."""
    max_document_bytes: int = Field(500_000, alias="MAX_DOCUMENT_BYTES", ge=1000, le=1_048_576)
    """Larger documents are quarantined as TOO_LARGE."""
    lease_seconds: int = Field(60, alias="LEASE_SECONDS", ge=5, le=_HOUR)
    """Life of a lease without heartbeat; economy only, no correctness rests on it."""
    intent_gone_after_hours: float | None = Field(None, alias="INTENT_GONE_AFTER_HOURS", ge=0, le=24 * _CENTURY)
    """Age from which an uncommitted stream that the service no longer knows counts as gone; 24 h, 0 on an emulator."""
    call_timeout_s: float = Field(60, alias="CALL_TIMEOUT_S", gt=0, le=_HOUR)
    """Deadline of one call to Firestore, BigQuery or the broker, seconds."""
    retry_seconds: float = Field(30, alias="RETRY_SECONDS", ge=0, le=_HOUR)
    """How long a failing call is retried, with backoff, before the run fails, seconds. Of the broker only our own
    backoff counts, not what it asks us to wait."""
    broker_calls_per_minute: int = Field(200, alias="BROKER_CALLS_PER_MINUTE", ge=1)
    """How many calls to the broker may start in any 60 s, over all its hosts and accounts. Alpaca allows 200."""
    broker_attempts: int = Field(6, alias="BROKER_ATTEMPTS", ge=1, le=20)
    """How often one call to the broker is sent before the run fails."""
    schema_changes: Literal["additive", "none"] | None = Field(None, alias="SCHEMA_CHANGES")
    """additive: a run creates missing tables and nullable columns. Default: additive on an emulator, none elsewhere."""
    http_authentication: Literal["token", "platform"] = Field("token", alias="HTTP_AUTHENTICATION")
    """How callers of the HTTP entry point are known: by a token checked here, or by the platform in front."""
    http_audience: str = Field("", alias="HTTP_AUDIENCE")
    """Audience that callers' tokens must name: the address of this service."""
    http_callers: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field((), alias="HTTP_CALLERS")
    """E-mail addresses, separated by commas, of the service accounts that may run jobs over HTTP."""
    http_certs_url: str = Field("https://www.googleapis.com/oauth2/v1/certs", alias="HTTP_CERTS_URL")
    """Where the certificates of callers' tokens are."""
    git_hash: str = Field("", alias="GIT_HASH")
    """Commit of the running code; baked into the image."""
    image: str | None = Field(None, alias="IMAGE")
    """Image of the running container."""
    trigger: str = Field("manual", alias="TRIGGER")
    """What started the run: schedule, manual, test."""
    execution: str | None = Field(None, alias="CLOUD_RUN_EXECUTION")
    """Cloud Run execution."""
    task_index: int = Field(0, alias="CLOUD_RUN_TASK_INDEX", ge=0)
    """Cloud Run task."""
    task_count: int = Field(1, alias="CLOUD_RUN_TASK_COUNT", ge=1)
    """Cloud Run tasks of the execution: they share the shards of a table."""
    attempt: int = Field(0, alias="CLOUD_RUN_TASK_ATTEMPT", ge=0)
    """Cloud Run attempt of the task."""

    @model_validator(mode="after")
    def _is_of_one_environment(self) -> "Settings":
        """Refuse keys, hosts and an environment that contradict each other."""
        if found := list(contradictions(self.environment, self.accounts)):
            raise ValueError("; ".join(found))
        return self

    @model_validator(mode="after")
    def _checks_elsewhere(self) -> "Settings":
        """Refuse to empty what the jobs write to, these or those of another environment."""
        if self.dataset == self.check_dataset:
            raise ValueError("CHECK_DATASET is BIGQUERY_DATASET, and the check empties the dataset that it works in")
        if self.dataset.endswith("_check") or self.collection_prefix.endswith("check_"):
            raise ValueError(
                "BIGQUERY_DATASET ends in _check, or COLLECTION_PREFIX in check_: so do the names of what a check "
                "works in and empties, perhaps that of another environment beside this one"
            )
        return self

    @property
    def bookkeeping_database(self) -> str:
        """Where leases, run records and quarantine are."""
        return self.firestore_bookkeeping_database or self.firestore_database

    def collection(self, name: str) -> str:
        """Find what a collection is called in this environment."""
        return self.collection_prefix + name

    @property
    def accounts(self) -> tuple[BrokerAccount, ...]:
        """The broker's accounts, one at least; the keys may be missing, for a run that asks no broker needs none."""
        plain = BrokerAccount(
            name="", api_key=self.alpaca_api_key, secret_key=self.alpaca_secret_key, base_url=self.alpaca_base_url
        )
        return self.alpaca_accounts or (plain,)

    @property
    def secrets(self) -> Iterator[str]:
        """Every value that must not appear in anything written."""
        held = (key.get_secret_value() for one in self.accounts for key in (one.api_key, one.secret_key) if key)
        yield from (value for value in held if len(value) >= SHORTEST_SECRET)

    def redacted(self, text: str) -> str:
        """Take the secrets out of a text that came from elsewhere."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    @property
    def on_emulator(self) -> bool:
        """Whether BigQuery is an emulator."""
        return self.bigquery_emulator_host is not None

    @property
    def may_change_schema(self) -> bool:
        """Whether a run may create tables and add nullable columns."""
        return (self.schema_changes or ("additive" if self.on_emulator else "none")) == "additive"

    @property
    def intent_gone_after(self) -> timedelta:
        """Age from which NOT_FOUND means that a stream can never be committed (24 h by BigQuery's documentation)."""
        default = 0 if self.on_emulator else 24
        return timedelta(hours=default if self.intent_gone_after_hours is None else self.intent_gone_after_hours)

    @property
    def code_version(self) -> str:
        """The commit that runs: baked in, else asked of git, else `unknown`."""
        return self.git_hash or commit_of(Path(__file__))

    def public(self) -> dict[str, Any]:
        """Everything but secrets, as JSON values, for the run record."""
        secret = {"alpaca_api_key": True, "alpaca_secret_key": True}
        return self.model_dump(mode="json", exclude={**secret, "alpaca_accounts": {"__all__": _SECRET_OF_ACCOUNT}})


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    White space around a value, such as the line break that a secret was typed in with, is no part of it; a variable
    that holds nothing else is not set.

    Raises:
        SettingsError: A variable is missing or wrong; values are never shown.
    """
    variables = os.environ if environment is None else environment
    try:
        given: dict[str, Any] = {name: value for name, held in variables.items() if (value := held.strip())}
        return Settings.model_validate({**given, **_named_accounts(given)})
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise SettingsError(f"settings from the environment: {problems}") from None


def _named_accounts(given: Mapping[str, str]) -> dict[str, Any]:
    """Collect the variables of each account that ALPACA_ACCOUNTS names."""
    names = [name for part in given.get("ALPACA_ACCOUNTS", "").split(",") if (name := part.strip())]
    if len({name.upper() for name in names}) < len(names):
        raise SettingsError("ALPACA_ACCOUNTS names an account twice")
    if wrong := [name for name in names if not _ACCOUNT_NAME.fullmatch(name)]:
        raise SettingsError(f"ALPACA_ACCOUNTS: {', '.join(wrong)}: write letters, digits and underscores")
    return {"ALPACA_ACCOUNTS": [_named_account(name, given) for name in names]}


def _named_account(name: str, given: Mapping[str, str]) -> dict[str, Any]:
    suffix = name.upper()
    missing = [variable for key in _KEYS_OF_ACCOUNT if (variable := f"{key}_{suffix}") not in given]
    if missing:
        raise SettingsError(f"ALPACA_ACCOUNTS names {name}, but {' and '.join(missing)} is not set")
    key, secret = (given[f"{one}_{suffix}"] for one in _KEYS_OF_ACCOUNT)
    default = given.get("ALPACA_BASE_URL", PAPER_URL)
    url = given.get(f"ALPACA_BASE_URL_{suffix}", default)
    return {"name": name, "api_key": key, "secret_key": secret, "base_url": url}
