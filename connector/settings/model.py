"""The settings tree: every section and key of settings.toml, frozen, unknown keys refused.

settings.example.toml documents each key; a test holds the two together. No message of this module
repeats an input value: the value may be a token in the wrong place.
"""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from connector.settings.reference import AlertUrl, SecretReference, Text, Url, shaped

Percent = Annotated[float, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NEEDS = {
    "session": {"token"},
    "password": {"username", "password"},
    "refresh_token": {"refresh_token", "client_id", "client_secret"},
    "jwt": {"username", "client_id", "private_key"},
    "client_credentials": {"client_id", "client_secret"},
}
"""What each way of logging in to Salesforce needs."""
ADDRESS = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):\d{1,5}"
TABLE_NAME = shaped(r"[a-z][a-z0-9_]*", "a table's name is small letters, digits and _, and begins with a letter")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _flat(value: object) -> object:
    """Read `a.b = 1`, which TOML nests, as the dotted name it is."""
    if not isinstance(value, dict):
        return value
    flat: dict[str, object] = {}
    for key, inner in value.items():
        nested = _flat(inner)
        flat |= {f"{key}.{k}": v for k, v in nested.items()} if isinstance(nested, dict) else {key: inner}
    return flat


def _parameter(value: object) -> object:
    if not all(
        isinstance(item, bool | int | Decimal | str) for item in (value if isinstance(value, list) else [value])
    ):
        raise PydanticCustomError(
            "parameter", "a rule parameter is a number, a text, true or false, or a list of these"
        )
    return value


Parameter = Annotated[object, BeforeValidator(_parameter)]


class Section(BaseModel):
    """A table of settings.toml."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True, defer_build=True
    )


# ── crm ──────────────────────────────────────────────────────────────────────────────────────────


class HubSpotLogin(Section):
    """How to get into HubSpot: a token, or an app's client and refresh token."""

    client_id: Text | None = None
    client_secret: SecretReference | None = None
    refresh_token: SecretReference | None = None
    token: Annotated[SecretReference | None, Field(validate_default=True)] = None
    """Service key or private-app token."""

    @field_validator("token")
    @classmethod
    def _one_way_in(cls, token: object, info: ValidationInfo) -> object:
        keys = ("client_id", "client_secret", "refresh_token")
        if not info.data.keys() >= set(keys):
            return token  # one of them is wrong, and said so
        app = [info.data[key] for key in keys]
        if token is None and None in app:
            raise PydanticCustomError("missing_login", "give token, or client_id with client_secret and refresh_token")
        if token is not None and app != [None] * 3:
            raise PydanticCustomError(
                "two_logins", "give token or client_id, client_secret and refresh_token, not both"
            )
        return token


class Patience(Section):
    """How long one answer, and all tries of one request, may take."""

    timeout_seconds: Seconds = 60
    retry_seconds: Seconds = 180


class HubSpot(HubSpotLogin, Patience):
    """[crm] kind = "hubspot"."""

    kind: Literal["hubspot"]
    base_url: Url = "https://api.hubapi.com"
    api_version: Annotated[
        str, shaped(r"v3|20\d\d-(03|09)", 'must be "v3", or a version of March or September such as "2026-03"')
    ] = "v3"
    """Of HubSpot's paths; what goes over them is the same."""
    admin: HubSpotLogin | None = None
    """Used by `provision` instead of the login above."""


class SalesforceLogin(Section):
    """How to get into Salesforce; what is needed depends on `login`."""

    login: Literal["client_credentials", "jwt", "refresh_token", "password", "session"]
    instance_url: Url | None = None
    login_url: Url | None = None
    """Default: `instance_url`."""
    audience: Text | None = None
    username: Annotated[Text | None, Field(validate_default=True)] = None
    password: Annotated[SecretReference | None, Field(validate_default=True)] = None
    security_token: SecretReference | None = None
    client_id: Annotated[Text | None, Field(validate_default=True)] = None
    client_secret: Annotated[SecretReference | None, Field(validate_default=True)] = None
    refresh_token: Annotated[SecretReference | None, Field(validate_default=True)] = None
    private_key: Annotated[SecretReference | None, Field(validate_default=True)] = None
    token: Annotated[SecretReference | None, Field(validate_default=True)] = None

    @field_validator("username", "password", "client_id", "client_secret", "refresh_token", "private_key", "token")
    @classmethod
    def _as_the_login_needs(cls, value: object, info: ValidationInfo) -> object:
        login = info.data.get("login")
        if value is None and info.field_name in NEEDS.get(str(login), ()):
            raise PydanticCustomError("missing", 'missing: login "{login}" needs it', {"login": login})
        return value


class Salesforce(SalesforceLogin, Patience):
    """[crm] kind = "salesforce"."""

    kind: Literal["salesforce"]
    instance_url: Url
    api_version: Annotated[str, shaped(r"\d+\.\d", 'must be a version such as "66.0"')] = "66.0"
    person_accounts: Literal["exclude", "include"] = "exclude"
    """Whether people count as accounts (domain.md 2.6)."""
    admin: SalesforceLogin | None = None
    """Used by `provision` instead of the login above."""


class Files(Section):
    """[crm] kind = "files": the CSV or Parquet files of docs/reference/files.md."""

    kind: Literal["files"]
    path: str


Crm = Annotated[HubSpot | Salesforce | Files, Field(discriminator="kind")]

# ── the rest ─────────────────────────────────────────────────────────────────────────────────────


class Rules(Section):
    """[rules]."""

    directory: str = "rules"


class State(Section):
    """[state]: the journal, the mirror, and what guards them."""

    database: Url = "sqlite:///var/tiersync.db"
    mirror: str = "var/mirror"
    lease_wait_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 1096
    """Runs that ended earlier leave the journal; what was last written stays."""
    secret_key: SecretReference | None = None
    """Encrypts the tokens the CRM hands out."""


class Run(Section):
    """[run]."""

    time_zone: str = "Europe/Amsterdam"
    home_currency: Annotated[str, shaped(r"[A-Z]{3}", 'must be three capitals such as "EUR"')] = "EUR"
    language: Literal["nl", "en"] | None = None
    """Wins over the rules' `labels.language`."""
    edited_values: Literal["keep", "overwrite"] = "keep"
    on_edit: dict[str, Literal["keep", "overwrite"]] = {}
    """The same for single properties, by the name they have in the rules; it wins."""
    quiet_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    """A record that a person edited less long ago waits for a later run; 0 looks for no edits."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise PydanticCustomError("time_zone", 'not a time zone; use a name such as "Europe/Amsterdam"') from None
        return name


class Schedule(Section):
    """[schedule]: one of `cron` and `every`."""

    cron: str | None = None
    every: str | None = None
    jitter_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    """Each instance runs later by up to so many seconds, always by the same number."""

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, cron: str) -> str:
        if not re.fullmatch(r"[\dA-Za-z*,/#?-]+( +[\dA-Za-z*,/#?-]+){4}", cron.strip()):
            raise PydanticCustomError("cron", "a cron line has five fields: minute hour day month weekday")
        return cron.strip()

    @field_validator("every")
    @classmethod
    def _an_interval(cls, every: str, info: ValidationInfo) -> str:
        if not re.fullmatch(r"[1-9]\d{0,5}[smhd]", every):
            raise PydanticCustomError("every", 'an interval is a number with s, m, h or d, such as "30m"')
        if info.data.get("cron") is not None:
            raise PydanticCustomError("two_schedules", "give cron or every, not both")
        return every

    @property
    def interval(self) -> timedelta | None:
        """`every` as a length of time."""
        return timedelta(**{UNITS[self.every[-1]]: int(self.every[:-1])}) if self.every else None


class Limits(Section):
    """[limits]: the guards; one trips when its figure is greater."""

    max_new_say_no_pct: Percent = 10
    max_new_say_no: Annotated[int, Field(ge=0)] = 500
    max_tier_change_pct: Percent = 30
    max_revenue_moved_pct: Percent = 30
    max_revenue_down_pct: Percent | None = None
    """None: only the revenue that moves up or down together has a limit."""
    max_owner_book_pct: Percent = 50
    max_population_drop_pct: Percent = 30
    max_rows_drop_pct: Percent = 20
    max_table_drop_pct: Percent = 50
    max_input_drop_pct: Percent = 50
    small_pull: Literal["hold", "wait"] = "hold"
    """Whether records about customers that seem to be missing hold the run, or only those who would fall wait."""
    min_accounts: Annotated[int, Field(ge=0)] = 20
    """Percentages apply from this many evaluated accounts; the cap always."""
    release_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days for which `approve` releases what is held; a hold that doubts its pull has one."""


class Budget(Section):
    """[budget]: our share of the CRM's daily quota."""

    max_share_of_daily_quota: Annotated[float, Field(gt=0, le=1)] = 0.5


class Engine(Section):
    """[engine]."""

    kind: Literal["duckdb", "spark"] = "duckdb"


class Table(Section):
    """[tables.NAME]: data beside the CRM, from a file or a database."""

    path: str | None = None
    query: str | None = None
    url: Annotated[Url | None, Field(validate_default=True)] = None
    match: Annotated[dict[str, str], Field(min_length=1)]
    """Their column = our account field."""
    columns: dict[str, str] = {}
    """The rules' name of a column = theirs, where it differs."""
    key: str | None = None
    """Their column that names a record; a value that occurs twice is an error."""
    dated: str | None = None
    """Their column with the day a row was made; else the file's own day, or today for a query."""
    may_be_empty: bool = False
    max_age_days: Annotated[int, Field(gt=0)] | None = None

    @field_validator("url")
    @classmethod
    def _one_source(cls, url: object, info: ValidationInfo) -> object:
        if not info.data.keys() >= {"path", "query"}:
            return url  # one of them is wrong, and said so
        path, query = info.data["path"], info.data["query"]
        if (path is None) == (url is None) or (url is None) != (query is None):
            raise PydanticCustomError("one_source", "give path, or url together with query")
        return url


class Alerts(Section):
    """[alerts]: who hears of trouble, and the dead man's switch."""

    urls: list[AlertUrl] = []
    heartbeat_url: Url | None = None
    digest: bool = False
    """Tell the same people, after a run that wrote, which accounts moved, owner by owner."""


class Worker(Section):
    """[worker]: how `tiersync run` is seen from outside, and when it is taken for stuck."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Of this instance; default: the machine's."""
    health: Annotated[str, shaped(ADDRESS, 'must be an address and a port such as "127.0.0.1:9090"')] | None = None
    metrics_token: SecretReference | None = None
    """What /metrics asks for; without it figures stay on this machine."""
    deadline_minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 120

    @property
    def deadline(self) -> timedelta:
        """`deadline_minutes` as a length of time."""
        return timedelta(minutes=self.deadline_minutes)


class Settings(Section):
    """settings.toml."""

    crm: Crm | None = None
    rules: Rules = Rules()
    parameters: Annotated[dict[str, Parameter], BeforeValidator(_flat)] = {}
    """Rule parameters by dotted name."""
    fields: Annotated[dict[str, str], BeforeValidator(_flat)] = {}
    """Logical field -> CRM property; a deal's field as `deals.NAME`."""
    state: State = State()
    run: Run = Run()
    schedule: Schedule = Schedule()
    limits: Limits = Limits()
    budget: Budget = Budget()
    engine: Engine = Engine()
    tables: dict[Annotated[str, TABLE_NAME], Table] = {}
    alerts: Alerts = Alerts()
    worker: Worker = Worker()
