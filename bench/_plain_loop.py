"""The plain baseline: requests and orjson, one page after the other, everything thrown away.

    python -m bench._plain_loop URL TOKEN ASKED

It reads the same pages as a full pull does: companies, deals and, where rules need them, tickets by list, and the
companies of deals and tickets by 1,000. ASKED is a JSON file with the properties of each kind, as a full pull was seen
to ask for them.
Started as its own process, so that interpreter start and imports are inside.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
import requests


def pages(session: requests.Session, url: str, kind: str, properties: str) -> list[str]:
    """All ids of one object type."""
    ids: list[str] = []
    after: str | None = None
    while True:
        query: dict[str, Any] = {"limit": 100, "properties": properties}
        if after:
            query["after"] = after
        body = orjson.loads(session.get(f"{url}/crm/v3/objects/{kind}", params=query, timeout=60).content)
        ids += [record["id"] for record in body["results"]]
        if not (after := body.get("paging", {}).get("next", {}).get("after")):
            return ids


def links(session: requests.Session, url: str, kind: str, ids: list[str]) -> int:
    """How many of these records have companies."""
    found = 0
    for start in range(0, len(ids), 1000):
        inputs = [{"id": record} for record in ids[start : start + 1000]]
        answer = session.post(
            f"{url}/crm/v4/associations/{kind}/companies/batch/read", json={"inputs": inputs}, timeout=60
        )
        found += len(orjson.loads(answer.content)["results"])
    return found


def main(url: str, token: str, asked: str) -> None:
    """One full read."""
    properties = orjson.loads(Path(asked).read_bytes())
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    companies = pages(session, url, "companies", properties["companies"])
    for kind in sorted(properties.keys() & {"deals", "tickets"}):
        ids = pages(session, url, kind, properties[kind])
        print(kind, len(ids), links(session, url, kind, ids))
    print("companies", len(companies))


if __name__ == "__main__":
    main(*sys.argv[1:4])
