"""Settings: loaded whole or refused by name, and never a value in a message."""

import re
import tomllib
from pathlib import Path

import pytest

from connector.errors import UsageError
from connector.settings.load import all_keys, defaults, load
from connector.settings.model import Files, HubSpot, Salesforce, Settings
from connector.settings.places import key_lines
from connector.settings.reference import Reference

EXAMPLE = Path(__file__).parents[3] / "settings.example.toml"
SALESFORCE = '[crm]\nkind = "salesforce"\nlogin = "session"\ntoken = "env:T"\ninstance_url = "https://x"\n'
PLANTED = "pat-na1-planted-0123456789"


def written(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(written(folder, text))
    assert caught.value.exit_code == 2
    return str(caught.value)


def alternatives() -> str:
    """The example with its alternatives switched on; not one TOML document, as keys stand twice."""
    return EXAMPLE.read_text(encoding="utf-8").replace("#: ", "")


def blocks() -> dict[str, str]:
    """The alternatives that are whole tables, by what they begin with."""
    found = re.findall(r"(?:^#:.*\n)+", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    plain = [re.sub(r"^#: ?", "", block, flags=re.MULTILINE) for block in found]
    return {block.split("\n", 2)[1] if block.startswith("[crm]") else block.split("\n")[0]: block for block in plain}


def test_the_example_loads() -> None:
    settings = load(EXAMPLE).settings
    assert isinstance(settings.crm, HubSpot)
    assert settings.crm.token == Reference("env", "HUBSPOT_TOKEN")
    assert settings.limits == Settings().limits
    assert settings.parameters == {"customer_type.current_value.high_min": 25000}


def test_the_example_shows_the_true_defaults() -> None:
    shown, default = load(EXAMPLE).settings, Settings()
    for section in ("rules", "state", "budget", "engine", "limits", "worker", "alerts"):
        assert getattr(shown, section) == getattr(default, section)
    assert shown.run.model_copy(update={"language": None}) == default.run
    assert isinstance(shown.crm, HubSpot)
    assert shown.crm == HubSpot(kind="hubspot", token=shown.crm.token)


@pytest.mark.parametrize("key", all_keys())
def test_the_example_documents_every_key(key: str) -> None:
    documented = {".".join(path) for path in key_lines(alternatives())}
    documented |= {path.replace("tables.invoices.", "tables.NAME.") for path in documented}
    same = key.replace("crm.admin.", "crm.")
    assert key in documented or same in documented


@pytest.mark.parametrize(
    ("start", "kind"), [('kind = "salesforce"', Salesforce), ('kind = "files"', Files), ("[tables.invoices]", None)]
)
def test_the_alternatives_of_the_example_load(tmp_path: Path, start: str, kind: type | None) -> None:
    block = blocks()[start]
    if kind is None:
        block = re.sub(r"^(url|query) = .*\n", "", block, flags=re.MULTILINE)
    settings = load(written(tmp_path, block)).settings
    assert kind is None or isinstance(settings.crm, kind)


def test_load_refuses_an_unknown_key_by_name_with_a_near_name_file_and_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, '[crm]\nkind = "hubspot"\ntoken = "env:T"\n\n[limits]\nmax_new_sayno_pct = 5\n')
    assert (
        said == f"{tmp_path}/settings.toml:6: limits.max_new_sayno_pct: unknown key; did you mean 'max_new_say_no_pct'?"
    )


def test_load_names_an_unknown_section(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[limts]\nmin_accounts = 5\n")
    assert said.endswith("settings.toml:1: limts: unknown key; did you mean 'limits'?")


def test_load_says_where_a_misplaced_key_belongs(tmp_path: Path) -> None:
    assert "did you mean 'state.lease_wait_seconds'?" in refusal(tmp_path, "[budget]\nlease_wait_seconds = 3\n")


def test_load_says_which_kind_of_crm_a_key_belongs_to(tmp_path: Path) -> None:
    said = refusal(tmp_path, '[crm]\nkind = "hubspot"\ntoken = "env:T"\nperson_accounts = "include"\n')
    assert said.endswith(
        'settings.toml:4: crm.person_accounts: not a key of this kind of CRM, but of kind = "salesforce"'
    )


@pytest.mark.parametrize(("version", "good"), [("v3", True), ("2026-09", True), ("v4", False), ("66.0", False)])
def test_hubspots_paths_have_one_version_of_a_known_form(tmp_path: Path, version: str, *, good: bool) -> None:
    text = f'[crm]\nkind = "hubspot"\ntoken = "env:T"\napi_version = "{version}"\n'
    if good:
        crm = load(written(tmp_path, text)).settings.crm
        assert isinstance(crm, HubSpot)
        assert crm.api_version == version
    else:
        assert "crm.api_version" in refusal(tmp_path, text)


def test_load_shows_all_problems_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    said = refusal(
        tmp_path,
        '[crm]\nkind = "hubspot"\ntokn = "env:T"\n'
        '[run]\ntime_zone = "Mars"\nlanguage = "fr"\n[budget]\nmax_share_of_daily_quota = 2\n',
    )
    places = [line.removeprefix(f"{tmp_path}/settings.toml:").split(": ")[:2] for line in said.splitlines()]
    assert places == [
        ["1", "crm.token"],
        ["3", "crm.tokn"],
        ["5", "run.time_zone"],
        ["6", "run.language"],
        ["8", "budget.max_share_of_daily_quota"],
    ]


@pytest.mark.parametrize(
    "text",
    [
        f'[crm]\nkind = "hubspot"\ntoken = "{PLANTED}"\n',
        f'[crm]\nkind = "{PLANTED}"\n',
        f'crm = "{PLANTED}"\n',
        f'[crm]\nkind = "hubspot"\ntoken = "env:T"\nbase_url = "https://me:{PLANTED}@example.com"\n',
        f'[crm]\nkind = "hubspot"\ntoken = "env:T"\ntimeout_seconds = "{PLANTED}"\n',
        f'[crm]\nkind = "hubspot"\ntoken = "env:{PLANTED}"\n',
        f'[crm]\nkind = "hubspot"\ntoken = ["{PLANTED}"]\n',
        f'[run]\nlanguage = "{PLANTED}"\nhome_currency = "{PLANTED}"\ntime_zone = "{PLANTED}"\n',
        f'[schedule]\ncron = "{PLANTED}"\n',
        f'[schedule]\nevery = "{PLANTED}"\n',
        f'[state]\ndatabase = "postgresql+psycopg://me:{PLANTED}@db/x"\n',
        f'[alerts]\nurls = ["slack://{PLANTED}"]\n',
        f'[alerts]\nurls = "{PLANTED}"\n',
        f'[limits]\nmin_accounts = "{PLANTED}"\n',
        f'[parameters]\na = {{b = ["{PLANTED}", {{c = 1}}]}}\n',
        f'[tables.x]\nmatch = "{PLANTED}"\n',
        f"[crm]\ntoken = {PLANTED}\n",
        f'[crm]\ntoken = "{PLANTED}\n',
        f'[crm]\nkind = "salesforce"\nlogin = "{PLANTED}"\ninstance_url = "{PLANTED}"\n',
    ],
)
def test_no_refusal_repeats_a_value(tmp_path: Path, text: str) -> None:
    assert PLANTED not in refusal(tmp_path, text)


def test_a_literal_token_is_refused_with_the_key_and_the_way_to_give_it(tmp_path: Path) -> None:
    said = refusal(tmp_path, f'[crm]\nkind = "hubspot"\ntoken = "{PLANTED}"\n')
    assert said.startswith(f"{tmp_path}/settings.toml:3: crm.token: ")
    assert '"env:NAME"' in said
    assert '"file:PATH"' in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[crm]\nkind = "salesforce"\nlogin = "session"\ntoken = "env:T"\ninstance_url = 5\n',
            "5: crm.instance_url: must be text, in quotes",
        ),
        (
            SALESFORCE + "api_version = 66.0\n",
            "6: crm.api_version: must be text, in quotes",
        ),
        (
            SALESFORCE + 'api_version = "v66"\n',
            '6: crm.api_version: must be a version such as "66.0"',
        ),
        ('[alerts]\nurls = "x"\nheartbeat_url = 7\n', '2: alerts.urls: must be a list, written as ["…"]'),
        ("[alerts]\nheartbeat_url = 7\n", "2: alerts.heartbeat_url: must be text, in quotes"),
        ('[run]\nhome_currency = "eur"\n', '2: run.home_currency: must be three capitals such as "EUR"'),
        ('[worker]\nhealth = "9090"\n', '2: worker.health: must be an address and a port such as "127.0.0.1:9090"'),
        ("[tables.Foo]\npath = 'x'\nmatch = {a = 'b'}\n", "1: tables.Foo: a table's name is small letters"),
    ],
)
def test_a_value_of_the_wrong_form_is_told_as_people_write_it(text: str, said: str, tmp_path: Path) -> None:
    told = refusal(tmp_path, text)
    assert f"settings.toml:{said}" in told
    assert not re.search(r"\^|\\d|is-instance|valid string", told)


def test_a_file_that_is_not_utf_8_has_its_line_and_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes('[crm]\nkind = "files"\npath = "Zoë"\n'.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        load(file)
    assert str(caught.value) == f"{file}:3: this is not UTF-8 text"
    assert "save the file as UTF-8" in caught.value.hint


def test_a_syntax_error_has_its_line_and_column(tmp_path: Path) -> None:
    assert re.match(r".*settings\.toml:3:9: ", refusal(tmp_path, '[crm]\nkind = "hubspot"\ntoken = pat-1\n'))


def test_a_syntax_error_at_the_end_has_its_line(tmp_path: Path) -> None:
    assert re.match(r".*settings\.toml:2:\d+: ", refusal(tmp_path, "[alerts]\nurls = ["))


def test_a_missing_file_is_named_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such settings file") as caught:
        load(tmp_path / "nowhere.toml")
    assert "tiersync init" in caught.value.hint


def test_a_login_names_what_it_needs(tmp_path: Path) -> None:
    said = refusal(tmp_path, '[crm]\nkind = "salesforce"\nlogin = "jwt"\ninstance_url = "https://x"\nusername = "u"\n')
    assert [line.split(": ", 1)[1] for line in said.splitlines()] == [
        'crm.client_id: missing: login "jwt" needs it',
        'crm.private_key: missing: login "jwt" needs it',
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[crm]\nkind = "hubspot"\ntoken = "env:T"\nretry_seconds = inf\n',
        '[crm]\nkind = "hubspot"\ntoken = "env:T"\ntimeout_seconds = nan\n',
        "[state]\nlease_wait_seconds = inf\n",
    ],
)
def test_patience_without_end_is_refused(tmp_path: Path, text: str) -> None:
    assert "must be a finite number" in refusal(tmp_path, text)


def test_two_schedules_are_refused(tmp_path: Path) -> None:
    assert "not both" in refusal(tmp_path, '[schedule]\ncron = "0 6 * * *"\nevery = "1h"\n')


def test_relative_paths_count_from_the_settings_file(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, ""))
    assert loaded.path("rules") == tmp_path / "rules"
    assert loaded.database_url("sqlite:///var/t.db") == f"sqlite:///{tmp_path}/var/t.db"
    assert loaded.database_url("sqlite:////srv/t.db") == "sqlite:////srv/t.db"
    assert loaded.database_url("postgresql+psycopg://db/x") == "postgresql+psycopg://db/x"


def test_dotted_parameters_are_one_name_however_they_are_quoted(tmp_path: Path) -> None:
    text = '[parameters]\n"a.b" = 1\nc.d = 2.50\n[parameters.e]\nf = ["x"]\n'
    parameters = load(written(tmp_path, text)).settings.parameters
    assert {name: str(value) for name, value in parameters.items()} == {"a.b": "1", "c.d": "2.50", "e.f": "['x']"}


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = defaults(tmp_path).settings
    with pytest.raises(ValueError, match="frozen"):
        settings.limits.min_accounts = 1


def test_the_example_is_toml() -> None:
    assert tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["alerts"]["urls"] == []
