"""What is installed is what is pinned, what is pinned is what is asked for, and what is known of it is asked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.hubspot.scripted import Reply, Seen, scripted
from tests.support.audit import BROKEN, SKIPPED, main, packages, pinned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hubspot.scripted import Scripted

ROOT = Path(__file__).parents[2]
LOCKS = {
    path: (ROOT / path).read_text("utf-8")
    for path in ("requirements.lock", "deploy/requirements.lock", "deploy/build.lock")
}
PINS = [Requirement(line) for line in packages(LOCKS["requirements.lock"])]
LOCKED = {canonicalize_name(pin.name): pin for pin in PINS}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
ASKED = [Requirement(text) for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]]


def here(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def test_what_is_asked_for_is_pinned_to_a_version_that_fits() -> None:
    assert len(pinned(LOCKS["requirements.lock"])) == len(LOCKED)
    for asked in ASKED:
        (locked,) = LOCKED[canonicalize_name(asked.name)].specifier
        assert asked.specifier.contains(locked.version), f"{asked} is asked for and {locked.version} is pinned"


def test_every_extra_installs_what_the_product_can_use() -> None:
    code = "".join(file.read_text("utf-8") for file in (ROOT / "connector").rglob("*.py"))
    extras = {name: asked for name, asked in PROJECT["optional-dependencies"].items() if name != "dev"}
    unused = [text for asked in extras.values() for text in asked if Requirement(text).name not in code]
    assert (bool(extras), unused) == (True, [])


@pytest.mark.parametrize("path", LOCKS)
def test_every_pin_names_the_files_that_may_be_installed_by_their_hash(path: str) -> None:
    hashes = packages(LOCKS[path])
    assert [package for package, found in hashes.items() if not found] == []
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for found in hashes.values() for one in found)


@pytest.mark.parametrize("path", ["Makefile", "deploy/Dockerfile"])
def test_what_is_installed_has_its_hash_and_nothing_else_is_fetched_on_the_way(path: str) -> None:
    """A source package, or a build in isolation, would fetch a build system that nobody pinned."""
    text = (ROOT / path).read_text("utf-8")
    lines = [line for line in text.splitlines() if re.search(r"\bpip (install|wheel)\b", line)]
    from_locks = [line for line in lines if ".lock" in line]
    assert from_locks
    assert [line for line in from_locks if "--require-hashes" not in line] == []
    assert "PIP_ONLY_BINARY=:all:" in text or all("--only-binary :all:" in line for line in from_locks)
    ours = [line for line in lines if line not in from_locks]
    assert ours
    assert [
        line for line in ours if not ("--no-deps" in line and re.search("--no-(build-isolation|index)", line))
    ] == []


def test_what_builds_the_package_is_pinned_for_the_image_as_for_development() -> None:
    built_by = [Requirement(text) for text in PYPROJECT["build-system"]["requires"]]
    pins = {canonicalize_name(name): version for name, version in pinned(LOCKS["deploy/build.lock"])}
    assert [asked for asked in built_by if not asked.specifier.contains(pins[canonicalize_name(asked.name)])] == []
    assert [name for name, version in pins.items() if str(LOCKED[name].specifier) != f"=={version}"] == []


def test_the_image_gets_what_was_tested_and_no_tools_of_ours() -> None:
    image = {canonicalize_name(name): version for name, version in pinned(LOCKS["deploy/requirements.lock"])}
    assert [name for name, version in image.items() if str(LOCKED[name].specifier) != f"=={version}"] == []
    assert not image.keys() & {"hatchling", "editables"}
    assert {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]} <= image.keys()
    assert "psycopg" in image
    assert image.keys().isdisjoint({"pytest", "mypy", "ruff", "hypothesis"})


def test_what_is_installed_is_what_is_pinned() -> None:
    pins = {name: next(iter(one.specifier)).version for name, one in LOCKED.items() if here(one)}
    assert {name: version(name) for name in pins} == pins


@pytest.mark.parametrize("line", ["jinja2>=3", "jinja2", "jinja2==3.1.*,!=3.1.2"])
def test_a_line_that_is_not_pinned_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="does not pin jinja2"):
        pinned(line)


@pytest.fixture
def osv() -> Iterator[Scripted]:
    with scripted(None) as server:
        yield server


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text("jinja2==2.4.1\nrich==13.8.0 ; sys_platform == 'linux'\n")
    return path


def advisories(seen: Seen) -> Reply:
    """Answer like OSV, of which one advisory is known: by package and version."""
    known = {("jinja2", "2.4.1"): {"vulns": [{"id": "PYSEC-2014-8", "modified": "2024"}]}}
    asked = json.loads(seen.body)["queries"]
    assert {one["package"]["ecosystem"] for one in asked} == {"PyPI"}
    return Reply(200, {"results": [known.get((one["package"]["name"], one["version"]), {}) for one in asked]})


def test_a_known_vulnerability_fails_the_audit_until_it_is_accepted(
    osv: Scripted, lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    osv.rule = advisories
    assert main(url=osv.url, lock=lock) == 1
    assert "known vulnerability: jinja2 2.4.1: https://osv.dev/vulnerability/PYSEC-2014-8" in capsys.readouterr().out
    assert main(["PYSEC-2014-8"], url=osv.url, lock=lock) == 0
    lock.write_text(lock.read_text().replace("2.4.1", "3.1.6"))
    assert main(url=osv.url, lock=lock) == 0
    assert "2 pinned packages, 0 known vulnerabilities" in capsys.readouterr().out


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(200, {"results": [{}, {}]}, cut=10)])
def test_a_database_that_cannot_be_reached_is_said_and_no_all_clear(
    osv: Scripted, lock: Path, reply: Reply, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = answered(osv, lock, reply, capsys)
    assert code == 0
    assert SKIPPED in told
    assert "0 known" not in told


USELESS = (
    *(Reply(503), Reply(404), Reply(400, {"code": 3, "message": "Invalid query."}), Reply(200, b"<html>")),
    *(Reply(200, []), Reply(200, {"results": []}), Reply(200, {"results": [7, {}]}), Reply(200, {"vulns": []})),
    Reply(200, {"results": [{"vulns": [{"name": "no id"}]}, {}]}),
)


@pytest.mark.parametrize("reply", USELESS)
def test_a_database_that_answers_otherwise_than_expected_fails_the_audit(
    osv: Scripted, lock: Path, reply: Reply, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = answered(osv, lock, reply, capsys)
    assert code == 1
    assert BROKEN in told
    assert SKIPPED not in told


def answered(osv: Scripted, lock: Path, reply: Reply, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """How the audit ends, and what it says, when the database answers so."""
    osv.rule = lambda _: reply
    return main(url=osv.url, lock=lock), capsys.readouterr().out


def audited(url: str, lock: Path) -> tuple[int, str]:
    """Run the audit as CI does, by the lines of its own script; exit code and output, REACHED where it went on."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    head, audit = script.partition("step() {")[0], script.partition('step "known vulnerabilities')[2]
    lines = 'step "known' + audit.partition("\nstep ")[0]
    ours = "import pathlib, sys; from tests.support.audit import main; "
    ours += f"sys.exit(main(url={url!r}, lock=pathlib.Path({str(lock)!r})))"
    assert ".venv/bin/python -m tests.support.audit" in lines
    lines = lines.replace(".venv/bin/python -m tests.support.audit", f'{sys.executable} -c "{ours}"')
    text = f"{head}\nstep() {{ :; }}\nlog=$(mktemp)\n{lines}\necho REACHED\n"
    text = text.replace('cd "$(dirname "${BASH_SOURCE[0]}")/.."', f'cd "{ROOT}"')
    ended = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=False, timeout=60)
    return ended.returncode, ended.stdout + ended.stderr


def test_ci_ends_at_a_vulnerable_pin_or_a_useless_answer_and_goes_on_without_network(osv: Scripted, lock: Path) -> None:
    osv.rule = advisories
    code, told = audited(osv.url, lock)
    assert (code, "REACHED" in told, "PYSEC-2014-8" in told) == (1, False, True), told
    osv.rule = lambda _: Reply(500)
    code, told = audited(osv.url, lock)
    assert (code, "REACHED" in told, BROKEN in told) == (1, False, True), told
    code, told = audited("http://127.0.0.1:9/v1/querybatch", lock)
    assert (code, "REACHED" in told, SKIPPED in told) == (0, True, True), told
    osv.rule = advisories
    lock.write_text("jinja2==3.1.6\n")
    code, told = audited(osv.url, lock)
    assert (code, "REACHED" in told, "0 known" in told) == (0, True, True), told


def test_ci_audits_and_repeats_at_its_end_what_it_left_out() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "-m tests.support.audit" in script
    assert SKIPPED in script.rpartition('step "done"')[2]
