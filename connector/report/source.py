"""What a report is made of: one evaluation's pictures, the accounts it advises on, and the plan's changes."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from connector.model.changes import Change
    from connector.model.outputs import Output
    from connector.model.pictures import AdvisedAccount, Pictures
    from connector.model.verdicts import AccountContext
    from connector.ports import QuarantineRow

NAMELESS: Mapping[str, str] = MappingProxyType({})
"""No owner has a name."""


class PlannedAccount(Struct, frozen=True):
    """One account that differs, and every planned change of it (its mirrored open deals included)."""

    context: AccountContext
    changes: Sequence[Change]


class ReportInput(Struct, frozen=True):
    """Everything one report shows. `advised` and `planned` are read once, so streams are welcome.

    `outputs` give the labels of values in every language, `field_labels` what people call logical fields
    (field -> language -> text), `owners` the names of the CRM's users by id (an unnamed one is shown by its id).
    `applied` says whether the changes were written or are only planned.
    """

    run: str
    crm: str
    as_of: date
    made_at: datetime
    rule_version: str
    home_currency: str
    outputs: Sequence[Output]
    pictures: Pictures
    advised: Iterable[AdvisedAccount] = ()
    planned: Iterable[PlannedAccount] = ()
    applied: bool = False
    field_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    concentration_warning_pct: Decimal = Decimal(25)
    quarantined: Sequence[QuarantineRow] = ()
    """Records that the CRM refused, and that wait for their next try."""
