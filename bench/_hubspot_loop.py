"""The provider alone: one full pull, every page thrown away.

    python -m bench._hubspot_loop URL TOKEN

Started as its own process, so that interpreter start and imports are inside.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime

from connector.crm.hubspot import connect
from connector.model.fields import Table
from connector.ports import PullRequest

COLUMNS = {
    Table.ACCOUNTS: (
        "account_id", "name", "type", "lifecycle", "lead_status", "employees", "own_turnover", "industry", "parent_id",
        "owner_id", "last_contact", "country", "pain_fit", "growth_potential", "potential_annual_revenue",
        "share_of_wallet_pct", "current_supplier", "quote_requested_at", "seg_tier", "seg_pyramid_level",
        "seg_ladder_step", "seg_icp_fit", "seg_say_no",
    ),
    Table.DEALS: (
        "deal_id", "name", "pipeline", "stage", "is_won", "is_closed", "amount", "home_amount", "currency",
        "close_date", "deal_type", "probability", "owner_id", "recurring",
    ),
}  # fmt: skip
"""The same fields as the plain loop asks for."""


def main(url: str, token: str) -> None:
    """One full pull; prints rows, requests, refusals and the times at which calls were answered, as JSON."""
    calls: list[tuple[float, str, int | None]] = []

    def seen(call: object) -> None:
        assert isinstance(call, dict)
        calls.append((time.monotonic(), call["lane"], call["status"]))

    crm = connect(now=lambda: datetime.now(UTC), base_url=url, token=token, observe=seen)
    began = time.process_time()
    summary = crm.pull(PullRequest(COLUMNS), lambda _: None, lambda *_: None)
    pull_cpu = time.process_time() - began
    crm.close()
    print(
        json.dumps(
            {
                "rows": {table.value: rows for table, rows in summary.rows.items()},
                "pull_cpu": round(pull_cpu, 3),
                "refused": sum(status == 429 for _, _, status in calls),
                "app": [round(at, 3) for at, lane, _ in calls if lane == "app"],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
