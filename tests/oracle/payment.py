"""Domain M8, 11.19, 11.23: payment behaviour of one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.oracle.columns import INVOICES

if TYPE_CHECKING:
    from tests.oracle.world import Account, World

VERY_LATE, LATE = 31, 1


@dataclass(frozen=True)
class Payment:
    """What M8 finds of one account."""

    status: str | None
    days_open: int | None
    first: bool = False
    """The first invoice is the one."""
    days_told: int | None = None
    """Days in sentences: open, or at least overdue where the invoice date is not known."""


def payment(world: World, account: Account) -> Payment:
    """Status and age of the oldest open invoice, when it counts."""
    if not set(INVOICES) & world.columns:
        return Payment(None, None)
    row, whole = account.row, world.parameters.whole
    amount, told = row.number("open_invoice_amount"), row.day("invoice_data_updated_at")
    if amount is None or (told is not None and (world.as_of - told).days > whole("payment.data_max_age_days")):
        return Payment("unknown", None)
    if amount < world.parameters.number("payment.min_open_amount") or row.flag("invoice_disputed") is True:
        return Payment("ok", None)
    dated, due = row.day("oldest_open_invoice_date"), row.day("oldest_open_invoice_due_date")
    first = row.day("first_invoice_open_since")
    dated = dated or first
    due = due or (dated + timedelta(days=whole("payment.default_term_days")) if dated else None)
    if due is None:
        return Payment("unknown", None)
    days_open = (world.as_of - dated).days if dated else None
    overdue = (world.as_of - due).days
    too_old = days_open is not None and days_open >= whole("payment.bad_open_days")
    too_old = too_old and world.parameters.text("payment.basis") == "open_or_overdue"
    return Payment(
        _status(world, overdue, too_old=too_old),
        days_open,
        first is not None and first == dated,
        overdue if days_open is None else days_open,
    )


def _status(world: World, overdue: int, *, too_old: bool) -> str:
    if too_old or overdue >= world.parameters.whole("payment.bad_overdue_days"):
        return "bad_payer"
    if overdue >= VERY_LATE:
        return "very_late"
    return "late" if overdue >= LATE else "ok"
