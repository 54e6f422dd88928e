"""What `doctor` says of the worker: when it runs, and who hears when it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.errors import UsageError
from connector.wiring import wire
from connector.wiring.findings import findings

if TYPE_CHECKING:
    from connector.ports import Finding

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's own import

RULES = Path(__file__).parents[3] / "rules"
SCHEDULE = '[schedule]\ncron = "0 6 * * *"\n'
WELL = '[alerts]\nurls = ["env:ALERT_URL"]\nheartbeat_url = "env:BEAT"\n'


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "pat-eu1-x")
    monkeypatch.setenv("ALERT_URL", "json://alerts.test")
    monkeypatch.setenv("BEAT", "https://beat.test/planted")
    monkeypatch.setenv("TIERSYNC_NOW", datetime(2026, 3, 2, 19, tzinfo=UTC).isoformat())


def found(folder: Path, more: str) -> list[Finding]:
    """What is said of the schedule and of alerts."""
    file = folder / "settings.toml"
    head = f'[crm]\nkind = "hubspot"\ntoken = "env:TOKEN"\n[run]\ntime_zone = "UTC"\n[rules]\ndirectory = "{RULES}"\n'
    file.write_text(head + more)
    wiring = wire(file, as_of=None, overrides={})
    try:
        return [one for one in findings(wiring) if one.subject in {"schedule", "alerts"}]
    finally:
        wiring.close()


def test_the_next_run_is_told_and_addresses_that_can_be_used_are_no_news(tmp_path: Path) -> None:
    (due,) = found(tmp_path, SCHEDULE + WELL)
    assert (due.level, due.message) == ("good", "next run at 2026-03-03 06:00 UTC")


def test_a_schedule_without_anybody_who_hears_is_noted(tmp_path: Path) -> None:
    _, nobody = found(tmp_path, SCHEDULE)
    assert (nobody.level, nobody.subject) == ("warning", "alerts")
    assert "[alerts] urls" in nobody.fix
    assert found(tmp_path, "") == []


@pytest.mark.parametrize(
    ("name", "value", "key"), [("ALERT_URL", "planted:word", "urls[0]"), ("BEAT", "planted", "heartbeat_url")]
)
def test_an_address_that_nothing_can_be_sent_to_is_named_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, key: str
) -> None:
    monkeypatch.setenv(name, value)
    _, bad = found(tmp_path, SCHEDULE + WELL)
    assert (bad.level, f"alerts.{key}" in bad.message) == ("warning", True)
    assert "planted" not in f"{bad.message}{bad.fix}"


def test_an_alert_that_leads_nowhere_or_a_line_that_cannot_be_followed_is_an_error_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="cannot be followed"):
        found(tmp_path, '[schedule]\ncron = "99 99 * * *"\n')
    monkeypatch.delenv("BEAT")
    with pytest.raises(UsageError, match=r"alerts\.heartbeat_url: env:BEAT"):
        found(tmp_path, WELL)
