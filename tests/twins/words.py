"""Words the twins share: rows, keys, the outputs of a small rule set."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.model.changes import Target
from connector.model.fields import Table, Type
from connector.model.outputs import Output

Row = dict[str, str | None]
Key = tuple[Target, str, str]
TABLE = {Target.ACCOUNT: Table.ACCOUNTS, Target.DEAL: Table.DEALS}
START = datetime(2026, 4, 2, 6, 0, tzinfo=UTC)

OUTPUTS = (
    Output("seg_tier", Type.TEXT, {"en": "Tier"}, on_deals="seg_account_tier"),
    Output("seg_say_no", Type.BOOLEAN, {"en": "Say no"}),
    Output("seg_revenue_12m", Type.MONEY, {"en": "Revenue"}, ranked=True),
    Output("seg_last_evaluated", Type.DATE, {"en": "Last evaluated"}, follows=True),
)
NAMES = tuple(output.name for output in OUTPUTS)
