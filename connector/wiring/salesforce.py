"""Salesforce, opened with the login of the settings."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.crm.salesforce import Login, connect
from connector.settings.reference import Reference

if TYPE_CHECKING:
    from connector.crm.salesforce import Salesforce as Organisation
    from connector.settings.model import Salesforce, SalesforceLogin
    from connector.wiring.crms import Opening

TEXTS = ("username", "client_id", "audience")
SECRETS = ("password", "security_token", "client_secret", "refresh_token", "private_key", "token")


def salesforce(opening: Opening, section: Salesforce, login: SalesforceLogin) -> Organisation:
    """Open it; an admin's login gives permissions to the user of the everyday one."""
    everyday, settings = login is section, opening.loaded.settings
    key = "crm" if everyday else "crm.admin"
    told, options = _login(opening, login, key)

    instance = opening.vault.text(login.instance_url or section.instance_url, key=f"{key}.instance_url")
    return connect(
        now=opening.clock,
        instance_url=instance,
        login=told,
        login_url=opening.vault.text(login.login_url, key=f"{key}.login_url") if login.login_url else instance,
        api_version=section.api_version,
        fields=settings.fields,
        home_currency=settings.run.home_currency,
        timeout_seconds=section.timeout_seconds,
        retry_seconds=section.retry_seconds,
        max_share_of_daily_quota=settings.budget.max_share_of_daily_quota,
        exclude_person_accounts=section.person_accounts == "exclude",
        assignee=None if everyday else partial(_user, opening, section),
        observe=opening.observe,
        **options,
    )


def _user(opening: Opening, section: Salesforce) -> str | None:
    """The user of the everyday login."""
    with closing(salesforce(opening, section, section)) as organisation:
        return organisation.user()


def _login(opening: Opening, login: SalesforceLogin, key: str) -> tuple[Login, dict[str, Any]]:
    """The login with its secrets revealed, and what keeps a refresh token that rotates."""
    vault = opening.vault
    given: dict[str, Any] = {
        name: vault.text(found, key=f"{key}.{name}") for name in TEXTS if (found := getattr(login, name)) is not None
    }
    for name in SECRETS:
        if isinstance(found := getattr(login, name), Reference):
            given[name] = vault.secret(found, key=f"{key}.{name}")
    told = Login(login.login, **given)
    if login.login != "refresh_token":
        return told, {}
    kept, keep = opening.rotated(key, login)
    return replace(told, refresh_token=kept or told.refresh_token), {"keep_refresh_token": keep}
