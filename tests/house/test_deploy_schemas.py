"""What deploy/ gives to Kubernetes and to Compose, judged by their own schemas, where an unknown key is an error."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.support.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Callable

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
KUBERNETES = {
    path.stem: document
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text("utf-8"))
}
RELEASES = ("1.27", "1.37")
"""The first one in which a CronJob's time zone is stable, and the newest there is a schema of."""
KIND = {"deployment": "deployment-apps-v1", "cronjob": "cronjob-batch-v1"}


def found_in(package: Path, name: str) -> Any:
    with ZipFile(package) as file:
        return json.loads(file.read(name))


@cache
def of_compose() -> Draft202012Validator:
    """The Compose specification, as check-jsonschema carries it."""
    sha256 = "14ce5c94871c551268ea948ffe21e9f1464dc48fb20bf9a4c13deeaaf756cf9b"
    package = wheel("check_jsonschema", "0.39.0", sha256=sha256, what="the schema of Compose files")
    return Draft202012Validator(found_in(package, "check_jsonschema/builtin_schemas/vendor/compose-spec.json"))


@cache
def of_kubernetes(release: str, kind: str) -> Draft202012Validator:
    """A kind of a release of Kubernetes, made from its own OpenAPI description by kubernetes-validate."""
    sha256 = "85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9"
    package = wheel("kubernetes_validate", "1.37.0", sha256=sha256, what="the schemas of Kubernetes")
    folder = f"kubernetes_validate/kubernetes-json-schema/v{release}.0-local-strict"
    resources = [
        Resource.from_contents(found_in(package, f"{folder}/{name}.json")) for name in ("_definitions", KIND[kind])
    ]
    return Draft202012Validator(resources[1].contents, registry=resources @ Registry())


def mistakes(validator: Draft202012Validator, document: Any) -> list[str]:
    return [error.message for error in validator.iter_errors(document)]


def test_the_composed_file_is_one() -> None:
    assert mistakes(of_compose(), COMPOSE) == []


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", KUBERNETES)
def test_what_kubernetes_gets_is_what_it_asks_for(kind: str, release: str) -> None:
    assert mistakes(of_kubernetes(release, kind), KUBERNETES[kind]) == []


def test_every_file_for_kubernetes_is_judged() -> None:
    assert KUBERNETES.keys() == KIND.keys()


def pod(document: Any) -> Any:
    spec = document["spec"]
    return (spec["template"] if "template" in spec else spec["jobTemplate"]["spec"]["template"])["spec"]


PLANTED: dict[str, Callable[[Any], Any]] = {
    "a misspelt key at the top": lambda d: d.update(speck=d["spec"]),
    "a misspelt right": lambda d: pod(d)["containers"][0]["securityContext"].update(readOnlyRootFileSystem=True),
    "a word for a number": lambda d: pod(d).update(terminationGracePeriodSeconds="soon"),
    "a container without a name": lambda d: pod(d)["containers"][0].pop("name"),
    "a volume that is nothing known": lambda d: pod(d)["volumes"][0].update(configMapp={"name": "tiersync"}),
}


@pytest.mark.parametrize("kind", KUBERNETES)
@pytest.mark.parametrize("mistake", PLANTED)
def test_kubernetes_would_refuse(mistake: str, kind: str) -> None:
    document = deepcopy(KUBERNETES[kind])
    PLANTED[mistake](document)
    assert mistakes(of_kubernetes(RELEASES[-1], kind), document)


@pytest.mark.parametrize(
    "plant",
    [
        lambda c: c["services"]["worker"].update(read_ony=True),
        lambda c: c["services"]["worker"].update(tmpfs={"anywhere": True}),
        lambda c: c["services"]["worker"]["depends_on"]["database"].update(condition="healthy"),
        lambda c: c.update(secret={}),
    ],
    ids=["misspelt key", "wrong shape", "no such condition", "misspelt section"],
)
def test_compose_would_refuse(plant: Callable[[Any], None]) -> None:
    document = deepcopy(COMPOSE)
    plant(document)
    assert mistakes(of_compose(), document)
