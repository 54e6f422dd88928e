"""A folder with settings beside a sandbox of thirty companies, most of which bought once."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.acceptance.commands import Ended, Portal, settings, tiersync

RULES = Path(__file__).parents[2] / "rules"
COMPANIES, CUSTOMERS = 30, 27
DAY = (datetime.now(UTC) - timedelta(days=30)).strftime("%Y-%m-%dT10:00:00Z")


class Office:
    """A folder with settings beside a CRM of companies; most of them bought once."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.portal = folder, Portal(url)
        self.ids = self.portal.create("companies", [{"properties": {"name": f"c{n}"}} for n in range(COMPANIES)])
        for number in range(CUSTOMERS):
            self.win(f"c{number}", 1_000 + number)
        shutil.copytree(RULES, folder / "rules")
        settings(folder, url)
        assert self.run("provision").code == 0

    def run(self, *arguments: str, code: int | None = None, now: datetime | None = None) -> Ended:
        env = {"TIERSYNC_NOW": now.isoformat()} if now else {}
        ended = tiersync(*arguments, cwd=self.folder, env=env)
        assert code is None or ended.code == code, ended.stdout + ended.stderr
        return ended

    def sync(self, *arguments: str, code: int) -> Any:
        return self.run("sync", "--json", *arguments, code=code).json()

    def win(self, company: str, amount: int, *, stage: str = "closedwon") -> None:
        properties = {"dealname": f"{company}-{amount}", "amount": str(amount), "closedate": DAY}
        properties |= {"pipeline": "default", "dealstage": stage}
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}
        to = {"to": {"id": self.ids[company]}, "types": [link]}
        self.portal.create("deals", [{"properties": properties, "associations": [to]}])

    def open_deal(self, company: str, amount: int) -> None:
        self.win(company, amount, stage="appointmentscheduled")

    def edit(self, company: str, **values: str) -> None:
        inputs = [{"id": self.ids[company], "properties": values}]
        self.portal.post("/crm/v3/objects/companies/batch/update", {"inputs": inputs})

    def holds(self, company: str, name: str) -> str | None:
        return self.portal.records("companies", [name])[self.ids[company]][name]

    def picture(self) -> dict[str, dict[str, str | None]]:
        """What we wrote, by company; stamps of the CRM aside."""
        names = ["seg_tier", "seg_say_no", "seg_revenue_12m", "seg_pyramid_level"]
        found = self.portal.records("companies", names)
        return {company: {name: row[name] for name in names} for company, row in found.items()}
