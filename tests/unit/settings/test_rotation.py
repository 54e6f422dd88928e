"""A token the CRM hands out outlives the process, and a person's new one always wins."""

import os
from pathlib import Path

import pytest

from connector.errors import StopRun, UsageError
from connector.model.secrets import Scrubber, Secret
from connector.settings import rights
from connector.settings.rotation import Beside, Encrypted, WrittenBack, keeper
from connector.wiring.crms import box

OLD, NEW = Secret("old-planted-token"), Secret("new-planted-token")


class Facts(dict[str, str | None]):
    def remember(self, key: str, value: str | None) -> None:
        self[key] = value

    def recall(self, key: str) -> str | None:
        return self.get(key)


def revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret else None


def test_an_encrypted_token_comes_back_and_is_not_readable_in_the_journal() -> None:
    facts = Facts()
    Encrypted(facts, "hubspot", OLD, box(Secret("a key"))).keep(NEW)
    assert "planted" not in repr(facts)
    assert revealed(Encrypted(facts, "hubspot", OLD, box(Secret("a key"))).load()) == "new-planted-token"


def test_another_key_is_refused() -> None:
    facts = Facts()
    Encrypted(facts, "hubspot", OLD, box(Secret("a key"))).keep(NEW)
    with pytest.raises(UsageError, match="secret_key"):
        Encrypted(facts, "hubspot", OLD, box(Secret("another"))).load()


def test_a_file_beside_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    place = Beside(tmp_path / "credentials.json", "hubspot", OLD)
    assert place.load() is None
    place.keep(NEW)
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert revealed(Beside(tmp_path / "credentials.json", "hubspot", OLD).load()) == "new-planted-token"
    assert Beside(tmp_path / "credentials.json", "other", OLD).load() is None


def test_a_token_handed_out_before_there_is_a_database_is_kept_all_the_same(tmp_path: Path) -> None:
    place = Beside(tmp_path / "var" / "credentials.json", "hubspot", OLD)
    place.keep(NEW)
    assert revealed(place.load()) == "new-planted-token"


def test_a_token_a_person_changed_in_the_settings_wins(tmp_path: Path) -> None:
    facts, changed = Facts(), Secret("third")
    Encrypted(facts, "hubspot", OLD, box(Secret("a key"))).keep(NEW)
    Beside(tmp_path / "credentials.json", "hubspot", OLD).keep(NEW)
    assert Encrypted(facts, "hubspot", changed, box(Secret("a key"))).load() is None
    assert Beside(tmp_path / "credentials.json", "hubspot", changed).load() is None


def test_a_file_reference_is_written_back_whole(tmp_path: Path) -> None:
    WrittenBack(tmp_path / "token").keep(NEW)
    assert (tmp_path / "token").read_text() == "new-planted-token\n"
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_token_that_cannot_be_kept_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "no-folder").touch()
    with pytest.raises(StopRun, match="cannot be kept"):
        WrittenBack(tmp_path / "no-folder" / "token").keep(NEW)


def test_a_damaged_credentials_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text("{")
    (tmp_path / "credentials.json").chmod(0o600)
    with pytest.raises(UsageError, match="damaged"):
        Beside(tmp_path / "credentials.json", "hubspot", OLD).load()


def test_a_kept_token_is_masked_from_then_on(tmp_path: Path) -> None:
    scrub = Scrubber()
    keeper(WrittenBack(tmp_path / "token"), scrub.add)("new-planted-token")
    assert scrub("x new-planted-token y") == "x *** y"


def test_a_token_that_everybody_on_the_machine_may_read_is_refused_without_being_shown(tmp_path: Path) -> None:
    place = Beside(tmp_path / "our state" / "credentials.json", "hubspot", OLD)
    place.keep(NEW)
    place.file.chmod(0o644)
    with pytest.raises(UsageError, match="hubspot: everybody on this machine may read") as caught:
        place.load()
    assert caught.value.hint.startswith(f"chmod 600 '{place.file}';")
    assert "planted" not in f"{caught.value} {caught.value.hint}"
    place.file.chmod(0o640)  # a group is somebody's choice
    assert revealed(place.load()) == "new-planted-token"


def test_a_token_is_kept_and_found_where_chmod_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchmod", refused)
    monkeypatch.setattr(os, "chmod", refused)
    monkeypatch.setattr(rights, "mode", lambda _: 0o777)
    monkeypatch.setattr(rights, "_mounts", lambda: [rights.Mount(str(tmp_path), "9p")])
    place = Beside(tmp_path / "credentials.json", "hubspot", OLD)
    place.keep(NEW)
    assert revealed(place.load()) == "new-planted-token"


def test_a_draft_that_leads_elsewhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("theirs")
    (tmp_path / "token.part").symlink_to(tmp_path / "elsewhere")
    WrittenBack(tmp_path / "token").keep(NEW)
    assert (tmp_path / "elsewhere").read_text() == "theirs"
    assert (tmp_path / "token").read_text() == "new-planted-token\n"
