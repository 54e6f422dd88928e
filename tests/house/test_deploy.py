"""What deploy/ holds agrees with itself and with the product: commands, settings, secrets, ports and rights."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from connector.sandbox import running
from connector.settings.load import load
from connector.settings.model import Section
from connector.wiring.secrets import secrets_of
from connector.worker.probes import Answer, serving
from tests.acceptance.commands import TIERSYNC
from tests.house.test_commands import COMMANDS
from tests.support.needs import lacking

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SETTINGS = load(DEPLOY / "settings.toml").settings
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
WORKER = COMPOSE["services"]["worker"]
KUBERNETES = {
    path.stem: document
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text("utf-8"))
}
PODS: dict[str, dict[str, Any]] = {
    "deployment": KUBERNETES["deployment"]["spec"]["template"]["spec"],
    "cronjob": KUBERNETES["cronjob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"],
}
PORT = int(str(SETTINGS.worker.health).rpartition(":")[2])


class Unit(RawConfigParser):
    """A systemd unit: names keep their case, and a name given twice keeps both values."""

    def __init__(self) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",))
        self.read_string((DEPLOY / "tiersync.service").read_text("utf-8"))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def secrets() -> set[str]:
    """The secrets that deploy/settings.toml names."""
    references = [reference for _, reference in secrets_of(SETTINGS, key="")]
    assert references
    assert {reference.kind for reference in references} == {"file"}
    assert {str(Path(reference.name).parent) for reference in references} == {"/run/secrets"}
    return {Path(reference.name).name for reference in references}


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE.replace("\\\n", " "), flags=re.MULTILINE)


def home() -> str:
    """Where the image's user may write besides its state."""
    (found,) = re.findall(r"HOME=(\S+)", DOCKERFILE)
    return str(found)


# ── image ────────────────────────────────────────────────────────────────────────────────────────


def test_the_image_runs_the_worker_as_an_ordinary_user() -> None:
    assert instructions("ENTRYPOINT") == ['["tiersync"]']
    assert instructions("CMD") == ['["run"]']
    (user,) = instructions("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert "TIERSYNC_SETTINGS=/etc/tiersync/settings.toml" in instructions("ENV")[-1]


def copied() -> list[str]:
    return [word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]]


def test_the_image_is_built_from_what_is_there() -> None:
    assert copied()
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"FROM python:(\d+\.\d+)-slim", DOCKERFILE)}
    assert len(versions) == 1
    assert min(versions) >= (3, 11)


def let_through() -> list[str]:
    """What .dockerignore lets into a build: everything is left out, then some is not."""
    first, *others = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert first == "*"
    return [pattern.removeprefix("!") for pattern in others if pattern.startswith("!")]


def test_what_the_image_is_built_from_makes_a_package_that_runs(tmp_path: Path) -> None:
    """The build of the Dockerfile, with no file besides those that it copies and .dockerignore lets through."""
    source, installed = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    for name in copied():
        assert any(Path(name).match(pattern) for pattern in let_through()), f".dockerignore hides {name}"
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)]
    built = subprocess.run(wheel, capture_output=True, text=True, check=False, timeout=120)
    assert built.returncode == 0, built.stderr
    (made,) = tmp_path.glob("*.whl")
    with ZipFile(made) as file:
        file.extractall(installed)
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    for command in (["--version"], ["init"], ["rules", "check"]):
        ended = subprocess.run([*TIERSYNC, *command], cwd=tmp_path, env=environ, capture_output=True, check=False)
        assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "rules" / "tier.yaml").is_file()


def test_the_image_is_checked_where_the_settings_answer() -> None:
    (check,) = instructions("HEALTHCHECK")
    assert f"http://127.0.0.1:{PORT}/livez" in check
    assert instructions("EXPOSE") == [str(PORT)]


@pytest.mark.parametrize(("reasons", "is_well"), [((), True), (("it hangs",), False)])
def test_the_image_is_ill_when_its_worker_hangs(reasons: tuple[str, ...], *, is_well: bool) -> None:
    command = json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    assert command[0] == "python"
    with serving("127.0.0.1:0", probes={"/livez": lambda: Answer(reasons)}, metrics=lambda: b"") as url:
        here = [sys.executable, *(word.replace(f"http://127.0.0.1:{PORT}", url) for word in command[1:])]
        ended = subprocess.run(here, capture_output=True, check=False, timeout=30)
    assert (ended.returncode == 0) is is_well


WRITING = re.compile(
    r'(?:openat\(\S+ |open\()"([^"\n]+)", [^)\n]*O_(?:WRONLY|RDWR|CREAT)|(?:mkdir|rename|unlink)\w*\(.*"([^"\n]+)"'
)
"""A file that is opened to be written, made, renamed or removed."""


@pytest.mark.slow
def test_a_run_writes_to_its_state_and_to_tmp_only(tmp_path: Path) -> None:
    """What a read-only root file system asks for; seen by the kernel, as no container can be started here."""
    if not shutil.which("strace"):
        lacking("strace")
    state, etc, temporary = (tmp_path / name for name in ("state", "etc", "tmp"))
    for folder in (state, etc, temporary):
        folder.mkdir()
    with running(now=lambda: datetime.now(UTC), population=5) as crm:
        (etc / "token").write_text("pat-eu1-read-only")
        (etc / "token").chmod(0o600)
        (etc / "settings.toml").write_text(
            f'[crm]\nkind = "hubspot"\ntoken = "file:token"\nbase_url = "{crm.url}"\n'
            f'[rules]\ndirectory = "{ROOT / "rules"}"\n'
            f'[state]\ndatabase = "sqlite:///{state}/t.db"\nmirror = "{state}/mirror"\n'
        )
        traced = ["strace", "-f", "-qq", "-e", "trace=file", "-e", "signal=none", "-o", str(temporary / "trace")]
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(temporary), "TMPDIR": str(temporary)}
        environ |= {"PYTHONDONTWRITEBYTECODE": "1", "TIERSYNC_SETTINGS": str(etc / "settings.toml")}
        for command in (["provision"], ["sync", "--yes"]):
            ended = subprocess.run(
                [*traced, *TIERSYNC, *command], cwd=state, env=environ, capture_output=True, check=False
            )
            assert ended.returncode == 0, ended.stderr
    found = WRITING.findall((temporary / "trace").read_text())
    places = {(state / (one or two)).resolve() for one, two in found}
    assert any(place.name == "t.db" for place in places)
    allowed = (state, temporary, Path("/dev"), Path("/proc"))
    assert [place for place in sorted(places) if not any(place.is_relative_to(one) for one in allowed)] == []


# ── compose ──────────────────────────────────────────────────────────────────────────────────────


def test_the_composed_worker_has_what_its_settings_name_and_may_do_no_more() -> None:
    assert WORKER["command"][0] in COMMANDS
    assert set(WORKER["secrets"]) == secrets()
    assert {name for service in COMPOSE["services"].values() for name in service["secrets"]} == set(COMPOSE["secrets"])
    assert WORKER["read_only"] is True
    assert WORKER["cap_drop"] == ["ALL"]
    assert WORKER["security_opt"] == ["no-new-privileges:true"]
    assert home() in WORKER["tmpfs"]
    (port,) = WORKER["ports"]
    assert port == f"127.0.0.1:{PORT}:{PORT}"


def test_who_composes_is_told_to_give_the_secrets_to_the_worker() -> None:
    """Docker mounts a file as it is: one that only its maker may read, the worker could not."""
    user = instructions("USER")[0].partition(":")[0]
    assert f"chown {user} deploy/secrets/*" in (DEPLOY / "compose.yaml").read_text("utf-8")


def test_the_worker_waits_for_a_database_that_answers_by_its_port() -> None:
    """On its socket PostgreSQL answers while its image still makes it, just before it stops once more."""
    assert WORKER["depends_on"] == {"database": {"condition": "service_healthy"}}
    (_, command) = COMPOSE["services"]["database"]["healthcheck"]["test"]
    assert "pg_isready --host 127.0.0.1 " in command


@pytest.mark.parametrize("script", ["try_image.sh", "try_compose.sh", "engine.sh"])
def test_what_tries_the_containers_can_be_read_by_the_shell(script: str) -> None:
    assert subprocess.run(["bash", "-n", DEPLOY / script], check=False).returncode == 0
    assert f"deploy/{script}" in (ROOT / "Makefile").read_text("utf-8")


def test_what_tries_the_composed_worker_leaves_one_that_runs_here_alone(tmp_path: Path) -> None:
    """It ends with `down --volumes`; by a Docker that builds nothing it gets to that at once."""
    docker, asked = tmp_path / "docker", tmp_path / "asked"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n[ "$1" != build ]\n')
    docker.chmod(0o700)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "STAND_IN": ""}
    script = ["bash", str(DEPLOY / "try_compose.sh")]
    assert subprocess.run(script, env=environ, capture_output=True, check=False, timeout=60).returncode != 0
    composed = [line for line in asked.read_text().splitlines() if line.startswith("compose ")]
    assert composed[-1].endswith(" down --volumes")
    assert all(line.startswith(f"compose --project-name {COMPOSE['name']}-tried ") for line in composed)


def test_the_composed_files_are_mounted_where_the_settings_look() -> None:
    targets = {volume.split(":")[1] for volume in WORKER["volumes"]}
    assert f"/etc/tiersync/{SETTINGS.rules.directory}" in targets
    assert "/etc/tiersync/settings.toml" in targets
    assert SETTINGS.state.mirror.startswith("/state/")
    assert "/state" in targets
    assert (DEPLOY / WORKER["build"]["context"] / WORKER["build"]["dockerfile"]).is_file()


# ── Kubernetes ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_a_command_that_exists_with_as_few_rights_as_can_be(name: str) -> None:
    pod = PODS[name]
    (container,) = pod["containers"]
    assert container["args"][0] in COMMANDS
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == instructions("USER")[0]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", PODS)
def test_a_pod_mounts_what_its_settings_name_and_what_is_written_to(name: str) -> None:
    (container,) = PODS[name]["containers"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in PODS[name]["volumes"]}
    places = {name: mount["mountPath"] for name, mount in mounts.items()}
    assert places["secrets"] == "/run/secrets"
    assert places["rules"] == f"/etc/tiersync/{SETTINGS.rules.directory}"
    assert places["settings"] == "/etc/tiersync/settings.toml"
    writable = {mount["mountPath"] for mount in mounts.values() if not mount.get("readOnly")}
    assert writable == {"/state", home()}
    for secret in secrets():
        assert f"--from-file={secret}" in (DEPLOY / "kubernetes" / "deployment.yaml").read_text("utf-8")


def test_a_pod_that_hangs_is_started_again_and_one_that_fails_is_not() -> None:
    (container,) = PODS["deployment"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["ports"] == [{"name": "health", "containerPort": PORT}]
    selector = KUBERNETES["deployment"]["spec"]["selector"]["matchLabels"]
    assert KUBERNETES["deployment"]["spec"]["template"]["metadata"]["labels"] == selector


def test_the_cron_job_never_overlaps_and_follows_the_settings() -> None:
    spec = KUBERNETES["cronjob"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert (spec["schedule"], spec["timeZone"]) == (SETTINGS.schedule.cron, SETTINGS.run.time_zone)


# ── systemd ──────────────────────────────────────────────────────────────────────────────────────


def test_the_unit_starts_the_worker_and_starts_it_again() -> None:
    service = Unit()["Service"]
    program, command = service["ExecStart"].split()
    assert Path(program).name == "tiersync"
    assert command in COMMANDS
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) >= 10  # a batch in hand may take nine seconds


def test_the_unit_may_write_its_state_and_nothing_else() -> None:
    service = Unit()["Service"]
    assert service["DynamicUser"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert (service["CapabilityBoundingSet"], service["NoNewPrivileges"]) == ("", "yes")
    assert (service["StateDirectory"], service["StateDirectoryMode"]) == ("tiersync", "0700")
    assert service["LoadCredential"].startswith("hubspot_token:")


def test_systemd_itself_finds_nothing_wrong_with_the_unit_and_little_exposed(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        lacking("systemd-analyze")
    unit = tmp_path / "tiersync.service"
    text = (DEPLOY / "tiersync.service").read_text("utf-8")
    unit.write_text(text.replace(Unit()["Service"]["ExecStart"].split()[0], sys.executable))
    verified = analysed("verify", unit)
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if "tiersync" in line]) == (0, [])
    judged = analysed("security", "--offline=true", "--threshold=20", unit)
    assert judged.returncode == 0, judged.stdout[-400:]


def analysed(*asked: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *asked], capture_output=True, text=True, check=False, timeout=60)


def test_every_reference_of_the_settings_is_found() -> None:
    assert isinstance(SETTINGS, Section)
    assert secrets() == {"hubspot_token", "metrics_token", "database_url"}
