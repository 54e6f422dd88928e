"""Which CRM, with which login: the only place that reveals a secret of the settings."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connector.errors import UsageError
from connector.settings.model import Files, HubSpot
from connector.settings.rotation import CREDENTIALS, Beside, Encrypted, WrittenBack, keeper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.model.secrets import Secret
    from connector.ports import Clock, Crm, Journal
    from connector.settings.load import Loaded
    from connector.settings.model import HubSpotLogin, SalesforceLogin
    from connector.settings.reference import Reference
    from connector.settings.rotation import Box, Place
    from connector.settings.vault import Vault

ONE_WORD = re.compile(r"[!#-&(-~]+")
"""What a token may hold: visible ASCII without quotes, which come along from a file of `NAME="value"` lines."""


class Opening(Struct, frozen=True, kw_only=True):
    """What it takes to open the CRM of the settings."""

    loaded: Loaded
    vault: Vault
    clock: Clock
    database_url: str
    journal: Callable[[], Journal]
    """Opens the journal, where a rotated token is kept; not called for a token that stays."""
    observe: Callable[[Mapping[str, object]], None] | None = None
    """Sees each call to the CRM, without secrets."""

    def crm(self) -> Crm:
        """Open the CRM with its everyday login."""
        return self._open(admin=False)

    def admin(self) -> Crm:
        """Open it with `[crm.admin]`, where there is one."""
        return self._open(admin=True)

    def _open(self, *, admin: bool) -> Crm:
        section = self.section()
        if isinstance(section, Files):
            from connector.crm.files.provider import FilesCrm

            return FilesCrm(self.loaded.path(section.path))
        if isinstance(section, HubSpot):
            return self._hubspot(section, section.admin if admin and section.admin else section)
        from connector.wiring.salesforce import salesforce

        return salesforce(self, section, section.admin if admin and section.admin else section)

    def section(self) -> Any:
        """Return `[crm]`; raises UsageError when the settings have none."""
        if self.loaded.settings.crm is None:
            where = self.loaded.file or "there is no settings file, so"
            raise UsageError(f"{where}: no [crm] section", hint="`tiersync docs settings` shows one per kind of CRM")
        return self.loaded.settings.crm

    def _hubspot(self, section: HubSpot, login: HubSpotLogin) -> Crm:
        from connector.crm.hubspot import connect

        settings = self.loaded.settings
        secrets = self._login("crm" if login is section else "crm.admin", login)
        return connect(
            now=self.clock,
            base_url=self.vault.text(section.base_url, key="crm.base_url"),
            api_version=section.api_version,
            fields=settings.fields,
            time_zone=settings.run.time_zone,
            home_currency=settings.run.home_currency,
            timeout_seconds=section.timeout_seconds,
            retry_seconds=section.retry_seconds,
            max_share_of_daily_quota=settings.budget.max_share_of_daily_quota,
            observe=self.observe,
            **secrets,
        )

    def _login(self, key: str, login: HubSpotLogin) -> dict[str, Any]:
        if login.token is not None:
            return {"token": self._token(login.token, key=f"{key}.token")}
        given = {
            name: self.vault.text(getattr(login, name), key=f"{key}.{name}")
            for name in ("client_id", "client_secret", "refresh_token")
        }
        kept, keep = self.rotated(key, login)
        return given | ({"refresh_token": kept.reveal()} if kept else {}) | {"keep_refresh_token": keep}

    def _token(self, reference: Reference, *, key: str) -> str:
        """Return a token that can be sent; raises UsageError for one that was not copied as it is."""
        token = self.vault.secret(reference, key=key).reveal()
        if not ONE_WORD.fullmatch(token):
            raise UsageError(
                f"{key}: {reference} holds a space, a quote, a line break or another sign that no token has",
                hint="copy the token anew: one line, without quotes",
            )
        return token

    def rotated(self, key: str, login: HubSpotLogin | SalesforceLogin) -> tuple[Secret | None, Callable[[str], None]]:
        """Return the refresh token that replaced the settings' one, if any, and what keeps the next."""
        place = self.kept(key, login)
        learn = partial(self.vault.scrub.add, name=f"{key}.rotated")
        kept = place.load()
        if kept is not None:
            learn(kept)
        return kept, keeper(place, learn)

    def kept(self, key: str, login: HubSpotLogin | SalesforceLogin) -> Place:
        """Return where a rotated refresh token of this login is kept."""
        reference = login.refresh_token
        assert reference is not None  # noqa: S101 - the settings ask for it beside client_id
        state = self.loaded.settings.state
        given = self.vault.secret(reference, key=f"{key}.refresh_token")
        if state.secret_key is not None:
            secret_key = self.vault.secret(state.secret_key, key="state.secret_key")
            return Encrypted(self.journal(), f"token.{key}", given, box(secret_key))
        if self.vault.writable(reference):
            return WrittenBack(self.vault.path(reference))
        return Beside(self.loaded.state_folder(self.database_url) / CREDENTIALS, key, given)


def box(key: Secret) -> Box:
    """Return what locks with this key, however long or short it is."""
    from cryptography.fernet import Fernet

    stretched = hashlib.scrypt(key.reveal().encode(), salt=b"tiersync", n=2**14, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(stretched))
