"""Secrets that lie open are refused; what a container is given, and nobody here can chmod, goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connector.errors import UsageError
from connector.model.secrets import Secret
from connector.settings.load import load
from connector.settings.reference import Reference
from connector.settings.rights import Mount, decided_elsewhere, read_mount
from connector.settings.rotation import WrittenBack
from connector.settings.vault import Vault

ROOT = Mount("/", "overlay")
TOKEN = Reference("file", "token")


def held(folder: Path, mode: int) -> Vault:
    """A vault over a folder with one token."""
    (folder / "token").write_text("planted-token")
    (folder / "token").chmod(mode)
    return Vault(environ={}, folder=folder)


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o604, 0o602, 0o444])
def test_a_secret_that_everybody_may_read_or_change_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    vault = held(tmp_path, mode)
    with pytest.raises(UsageError, match="everybody on this machine") as caught:
        vault.secret(TOKEN, key="crm.token")
    said = f"{caught.value} {caught.value.hint}"
    assert f"chmod 600 {tmp_path / 'token'}" in said
    assert ("crm.token" in said, "planted" in said, caught.value.exit_code) == (True, False, 2)


def test_the_command_that_mends_it_holds_for_a_folder_with_a_space_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "our secrets"
    folder.mkdir()
    vault = held(folder, 0o644)
    with pytest.raises(UsageError) as caught:
        vault.secret(TOKEN, key="crm.token")
    assert caught.value.hint.startswith(f"chmod 600 '{folder / 'token'}';")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o660])
def test_a_secret_of_its_owner_or_a_group_is_taken(tmp_path: Path, mode: int) -> None:
    assert held(tmp_path, mode).secret(TOKEN, key="crm.token").reveal() == "planted-token"


def test_a_secret_of_somebody_else_names_what_root_must_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = held(tmp_path, 0o644)
    me = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: me)
    with pytest.raises(UsageError) as caught:
        vault.secret(TOKEN, key="crm.token")
    assert f"as root: chown {me} {tmp_path / 'token'} && chmod 600" in caught.value.hint


@pytest.mark.parametrize(
    ("given", "mounts"),
    [
        ("a file bound by Docker Compose", [ROOT, Mount("{}/secrets/token", "ext4")]),
        ("a tmpfs of Docker's swarm or of Kubernetes", [ROOT, Mount("{}/secrets", "tmpfs")]),
        ("the same, told in another order", [Mount("{}/secrets", "tmpfs"), Mount("{}", "ext4"), ROOT]),
        ("a folder of Windows", [ROOT, Mount("{}", "9p")]),
    ],
)
def test_a_secret_that_a_container_is_given_goes_on(tmp_path: Path, given: str, mounts: list[Mount]) -> None:
    there = [Mount(mount.point.format(tmp_path), mount.kind) for mount in mounts]
    assert decided_elsewhere(secret_in(tmp_path), mounts=there), given


def test_a_secret_of_kubernetes_is_found_behind_its_links(tmp_path: Path) -> None:
    real = tmp_path / "volume" / "..2026_06_01"
    real.mkdir(parents=True)
    (real / "token").write_text("x")
    (tmp_path / "volume" / "..data").symlink_to(real)
    (tmp_path / "token").symlink_to(tmp_path / "volume" / "..data" / "token")
    assert decided_elsewhere(tmp_path / "token", mounts=[ROOT, Mount(f"{tmp_path}/volume", "tmpfs")])
    assert not decided_elsewhere(tmp_path / "token", mounts=[ROOT, Mount(f"{tmp_path}/token", "tmpfs")])


@pytest.mark.parametrize(
    "mounts",
    [
        [ROOT],
        [],
        [Mount("/", "tmpfs")],
        [ROOT, Mount("{}", "ext4")],
        [ROOT, Mount("{}/secrets/token2", "tmpfs"), Mount("{}/secret", "tmpfs")],
        [ROOT, Mount("{}", "tmpfs"), Mount("{}/secrets", "ext4")],
    ],
)
def test_a_secret_on_a_disk_of_this_machine_is_no_containers(tmp_path: Path, mounts: list[Mount]) -> None:
    there = [Mount(mount.point.format(tmp_path), mount.kind) for mount in mounts]
    assert not decided_elsewhere(secret_in(tmp_path), mounts=there)


@pytest.mark.parametrize("shared", [f"/{name}" for name in ("tmp", "dev/shm", "run", "var/tmp")])
def test_memory_that_everybody_shares_is_nobodys_mount(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = Path(shared) / "token"
    monkeypatch.setattr(Path, "resolve", lambda self: self)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((0,) * 10))
    assert not decided_elsewhere(token, mounts=[ROOT, Mount(shared, "tmpfs")])
    assert decided_elsewhere(token, mounts=[ROOT, Mount(shared, "tmpfs"), Mount(str(token), "tmpfs")])


def test_what_lies_on_a_read_only_mount_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((0,) * 8 + (os.ST_RDONLY, 0)))
    assert held(tmp_path, 0o444).secret(TOKEN, key="crm.token").reveal() == "planted-token"


def test_a_line_of_mountinfo_is_read_with_blanks_and_any_number_of_tags() -> None:
    line = "36 35 98:0 /a /run/my\\040secrets ro,noatime shared:1 master:2 - tmpfs tmpfs ro,size=64k"
    assert read_mount(line) == Mount("/run/my secrets", "tmpfs")
    assert read_mount("1 0 0:1 / / rw - overlay overlay rw") == ROOT


@pytest.mark.parametrize(("mode", "taken"), [(0o644, True), (0o666, False), (0o602, False), (0o664, True)])
def test_settings_that_everybody_may_change_are_refused(tmp_path: Path, mode: int, *, taken: bool) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[crm]\nkind = "hubspot"\ntoken = "env:T"\n')
    file.chmod(mode)
    if taken:
        assert load(file).file == file
    else:
        with pytest.raises(UsageError, match="where the CRM's token is sent") as caught:
            load(file)
        assert f"chmod go-w {file}" in caught.value.hint


def test_a_token_written_back_is_its_owners_also_over_an_open_draft(tmp_path: Path) -> None:
    for name in ("token", "token.part"):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(0o666)
    WrittenBack(tmp_path / "token").keep(Secret("new"))
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def secret_in(folder: Path) -> Path:
    """An open file in a folder of its own."""
    (folder / "secrets").mkdir()
    (folder / "secrets" / "token").write_text("x")
    return folder / "secrets" / "token"
