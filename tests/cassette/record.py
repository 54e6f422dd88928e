"""Records cassettes/hubspot again: `make cassettes`.

Against HubSpot itself for the situations that allow it when HUBSPOT_TOKEN is set, against the sandbox for all others.
Use a small test account: what it holds ends up in the recording.
"""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vcr
import yaml

from connector.crm.hubspot import BASE_URL, connect
from connector.sandbox import running
from connector.sandbox.hubspot.limits import Quota
from tests.cassette.situations import SITUATIONS, TODAY
from tests.cassette.tape import FOLDER, config, one_after_another
from tests.hubspot.line import TOKEN, Line
from tests.hubspot.parts import FakeClock, hubspot_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cassette.situation import Situation

ACCOUNTS = "account_id,name,employees,country\n101,Alpha,12,NL\n102,Beta,,BE\n103,Gamma,7,\n"
TICKETS = (
    "ticket_id,account_id,created_at,closed_at,category,priority\n"
    "301,101,2026-05-01T09:00:00Z,2026-05-02T09:00:00Z,BILLING_ISSUE,LOW\n"
    "302,102,2026-05-03T09:00:00Z,,PRODUCT_ISSUE,HIGH\n"
)
QUOTA = Quota(search=1_000)
"""Real limits, except that a recording does not wait between searches."""


def deals() -> str:
    """105 deals, two pages of them: 201 of company 101, 202 of company 102, and so on."""
    rows = [
        f"{number},{102 - number % 2},Order {number},default,closedwon,true,true,{number}.50,2026-05-0{number % 9 + 1},"
        "2026-01-01T09:00:00Z,new"
        for number in range(201, 306)
    ]
    head = "deal_id,account_id,name,pipeline,stage,is_won,is_closed,amount,close_date,created_at,deal_type"
    return "\n".join([head, *rows]) + "\n"


def from_sandbox(situation: Situation, folder: Path) -> None:
    """Record one situation against a fresh sandbox."""
    now = datetime.fromisoformat(TODAY)
    with running(now=lambda: now, data=folder, quota=QUOTA) as sandbox:
        line = Line(sandbox.url)
        situation.prepare(line)
        crm = hubspot_at(sandbox.url, FakeClock(), **{"token": TOKEN, **situation.options})
        _record(situation, crm, [TOKEN, *situation.options.values()])
        line.crm.close()
        line.http.close()


def from_hubspot(situation: Situation, token: str) -> None:
    """Record one situation against a HubSpot account."""
    clock = FakeClock()
    given = {"token": token} | situation.options
    crm = connect(base_url=BASE_URL, now=clock.now, **given)
    _record(situation, crm, [token, *map(str, situation.options.values())])


def _record(situation: Situation, crm: Any, secrets: Any) -> None:
    path = FOLDER / f"{situation.name}.yaml"
    path.unlink(missing_ok=True)
    tape = vcr.VCR(**config([str(secret) for secret in secrets], record_mode="all"))
    with one_after_another(), tape.use_cassette(str(path)):
        outcome = situation.outcome(crm)
    crm.close()
    situation.check(outcome)
    _in_order(path)


def _in_order(path: Path) -> None:
    """Threads answer in any order: equal calls keep theirs, so that recording again changes little."""
    tape = yaml.safe_load(path.read_text(encoding="utf-8"))
    tape["interactions"].sort(key=lambda one: [str(one["request"][key]) for key in ("uri", "method", "body")])
    path.write_text(yaml.safe_dump(tape, allow_unicode=True, width=120), encoding="utf-8")


def main(names: Sequence[str]) -> None:
    """Record the situations named, or all."""
    token = os.environ.get("HUBSPOT_TOKEN", "")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, text in (("accounts", ACCOUNTS), ("deals", deals()), ("tickets", TICKETS)):
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        for situation in (SITUATIONS[name] for name in names or SITUATIONS):
            live = bool(token) and situation.live
            from_hubspot(situation, token) if live else from_sandbox(situation, folder)
            sys.stdout.write(f"{situation.name}: recorded against {'HubSpot' if live else 'the sandbox'}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
