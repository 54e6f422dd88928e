"""Whose CRM `provision` makes properties in: that of the state, whichever login it enters with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.errors import ConnectorError
from connector.sync import memory
from connector.wiring import wire
from connector.wiring.provisioning import provision
from tests.twins import ModelCrm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.wiring import Wiring

RULES = Path(__file__).parents[3] / "rules"
OURS, OTHER = "HubSpot account 1", "HubSpot account 2"


@pytest.fixture
def wiring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiring]:
    """Settings with an admin's login."""
    monkeypatch.setenv("TOKEN", "pat-eu1-x")
    file = tmp_path / "settings.toml"
    file.write_text(
        '[crm]\nkind = "hubspot"\ntoken = "env:TOKEN"\n[crm.admin]\ntoken = "env:TOKEN"\n'
        f'[rules]\ndirectory = "{RULES}"\n[run]\nlanguage = "nl"\n'
    )
    made = wire(file, as_of=None, overrides={})
    yield made
    made.close()


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_state_that_is_not_there_is_not_made_for_it(wiring: Wiring, tmp_path: Path, *, dry_run: bool) -> None:
    crms = {"crm": ModelCrm(tenant_name=OURS), "admin_crm": ModelCrm(tenant_name=OURS)}
    vars(wiring).update(crms)
    with pytest.raises(NotImplementedError):  # the twin was asked, and makes nothing
        provision(wiring, dry_run=dry_run)
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("state", "everyday", "admin", "told"),
    [
        (OURS, OURS, OTHER, f"de login is van {OTHER}, maar deze state is van {OURS}"),
        (OURS, OTHER, OURS, f"de login is van {OTHER}, maar deze state is van {OURS}"),
        (OURS, OTHER, OTHER, f"de login is van {OTHER}, maar deze state is van {OURS}"),
        (None, OURS, OTHER, f"[crm.admin] is van {OTHER}, maar [crm] is van {OURS}"),
    ],
)
def test_nothing_is_made_in_another_tenant_than_that_of_the_state(
    wiring: Wiring, state: str | None, everyday: str, admin: str, told: str, *, dry_run: bool
) -> None:
    wiring.journal.remember(memory.TENANT, state)
    crms = {"crm": ModelCrm(tenant_name=everyday), "admin_crm": ModelCrm(tenant_name=admin)}
    vars(wiring).update(crms)
    with pytest.raises(ConnectorError) as refused:
        provision(wiring, dry_run=dry_run)
    assert (refused.value.code, refused.value.exit_code) == ("OTHER_TENANT", 1)
    assert str(refused.value).startswith(told)
    assert refused.value.hint
    assert not any(crm.calls for crm in crms.values())
