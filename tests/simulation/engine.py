"""The same rules in a few lines of Python over the real mirror: most seeds are about the walk, not the engine."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from connector.model.fields import Table
from tests.simulation.town import REVENUE, TIER, tier_of
from tests.twins.engine import FunctionEngine
from tests.twins.mirror import MemoryMirror

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.twins.words import Row


class ParquetEngine(FunctionEngine):
    """Verdicts of a function over the files of a snapshot."""

    def __init__(self) -> None:
        super().__init__(MemoryMirror(), _wanted)

    def _rows(self, files: Mapping[Table, tuple[Path, ...]]) -> tuple[dict[str, Row], dict[str, Row]]:
        accounts = {str(row["account_id"]): row for row in _read(files[Table.ACCOUNTS])}
        links = _read(files.get(Table.DEAL_ACCOUNTS, ()))
        deals = {str(row["deal_id"]): row for row in _read(files[Table.DEALS])}
        if Table.DEAL_ACCOUNTS in files:
            of = {row["from_id"]: row["account_id"] for row in links if row["primary"] == "true"}
            deals = {name: {**row, "account_id": of.get(name)} for name, row in deals.items()}
        return dict(sorted(accounts.items())), dict(sorted(deals.items()))


def _read(files: tuple[Path, ...]) -> list[Row]:
    return [row for file in files for row in pq.ParquetFile(file).read(use_threads=False).to_pylist()]


def _wanted(_account: Row, deals: list[Row]) -> Row:
    revenue = sum(int(Decimal(deal["amount"] or 0)) for deal in deals if deal["is_won"] == "true")
    return {TIER: tier_of(revenue), REVENUE: str(revenue)}
