"""Known vulnerabilities of what requirements.lock pins, asked of OSV: `python -m tests.support.audit [ACCEPTED-ID …]`.

Exit 1 when there is one that is not accepted on the command line, and when the database answers and the answer is of
no use: then it is this tool that must be mended. A machine that cannot reach the database says so, loudly, and goes on:
no network is no vulnerability, and no all-clear either.
Source: OSV's API pages (google.github.io/osv.dev/post-v1-querybatch): results come in the order of the queries.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

LOCK = Path(__file__).parents[2] / "requirements.lock"
URL = "https://api.osv.dev/v1/querybatch"
SKIPPED = "AUDIT SKIPPED"
BROKEN = "AUDIT FAILED"
SECONDS = 30


def pinned(lock: str) -> list[tuple[str, str]]:
    """Name and version of every package; ValueError for one that is not pinned to one version."""
    found = []
    for requirement in map(Requirement, packages(lock)):
        versions = [one for one in requirement.specifier if one.operator == "=="]
        if len(versions) != 1 or len(requirement.specifier) != 1:
            raise ValueError(f"requirements.lock does not pin {requirement.name} to one version")
        found.append((requirement.name, versions[0].version))
    return found


def packages(lock: str) -> dict[str, list[str]]:
    """Per package, as it is asked for, the hashes that a file of it may have."""
    found: dict[str, list[str]] = {}
    for line in lock.replace("\\\n", " ").splitlines():
        package, *hashes = line.partition("#")[0].split("--hash=")
        if package.strip():
            found[package.strip()] = [one.strip() for one in hashes]
    return found


def known(pins: list[tuple[str, str]], *, url: str) -> Iterator[tuple[str, str, str]]:
    """Name, version and id of every vulnerability. Raises requests.RequestException, ValueError for an odd answer."""
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in pins]
    answer = requests.post(url, json={"queries": queries}, timeout=SECONDS)
    answer.raise_for_status()
    results = answer.json().get("results")
    if not isinstance(results, list) or len(results) != len(pins) or not all(isinstance(one, dict) for one in results):
        raise ValueError(f"{len(pins)} packages were asked for, and not as many are answered")
    for (name, version), result in zip(pins, results, strict=True):
        yield from ((name, version, str(one["id"])) for one in result.get("vulns") or ())


def main(accepted: Collection[str] = (), *, url: str = URL, lock: Path = LOCK) -> int:
    """Print what is known; 1 when something is that nobody accepted."""
    pins = pinned(lock.read_text("utf-8"))
    try:
        found = list(known(pins, url=url))
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        sys.stdout.write(f"{SKIPPED}: {url} cannot be reached ({type(error).__name__}); nothing is known of today\n")
        return 0
    except (requests.RequestException, ValueError, LookupError, TypeError, AttributeError) as error:
        sys.stdout.write(f"{BROKEN}: what {url} answers is of no use ({type(error).__name__}: {error})\n")
        return 1
    for name, version, identity in found:
        word = "accepted" if identity in accepted else "known vulnerability"
        sys.stdout.write(f"{word}: {name} {version}: https://osv.dev/vulnerability/{identity}\n")
    bad = [identity for _, _, identity in found if identity not in accepted]
    sys.stdout.write(f"audit: {len(pins)} pinned packages, {len(bad)} known vulnerabilities\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], url=os.environ.get("OSV_URL", URL)))
