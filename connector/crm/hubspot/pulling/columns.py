"""HubSpot records to text columns, turned over once and then built column by column.

The hot path of a pull: one pass over the decoded dictionaries, no call per value except where a value needs one.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from connector.crm.hubspot import mapping
from connector.crm.hubspot.session.checks import bad
from connector.crm.texts import lines
from connector.model.fields import KEY, Table, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.crm.hubspot.mapping import FieldMap
    from connector.crm.hubspot.schema import Property
    from connector.crm.hubspot.session.checks import Record

    Values = Mapping[str, Sequence[Any]]
    """Per property asked for, the values of some records."""

Cells = list[str | None]


class Stages(Struct, frozen=True):
    """Closed and won stages by id, from the pipelines: the fallback for deals whose computed properties are empty."""

    known: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    won: frozenset[str] = frozenset()


class Account(Struct, frozen=True):
    """What the account's details say that values depend on."""

    company_currency: str | None = None
    home_currency: str | None = None
    stages: Stages = field(default_factory=Stages)

    @property
    def foreign(self) -> bool:
        """HubSpot converts to another currency than the one we count in."""
        return self.company_currency is not None and self.company_currency != self.home_currency


class Columns:
    """The columns of one table: which properties to ask for, and how to build each column.

    `definitions` None means that the definitions may not be read; then what exists shows in the first records.
    """

    def __init__(
        self,
        table: Table,
        logical: Sequence[str],
        *,
        fields: FieldMap,
        definitions: Mapping[str, Property] | None,
        account: Account,
    ) -> None:
        self.table = table
        self._fields = fields
        self._definitions = definitions
        self._account = account
        wanted = [name for name in logical if not (name == mapping.LINKED and table is not Table.ACCOUNTS)]
        self.missing = frozenset(name for name in wanted if not self._exists(name))
        self.names = tuple(name for name in wanted if name not in self.missing)
        self._builders: dict[str, Callable[[Values], Cells]] = {
            name: self._builder(name) for name in self.names if name != KEY[table]
        }
        self.properties = self._asked()

    def settle(self, first: Sequence[Record]) -> None:
        """Where definitions may not be read: keep the columns that the first records carry."""
        if self._definitions is not None or not first:
            return
        carried = first[0]["properties"]
        absent = {name for name in self._builders if not self._carried(name, carried)}
        self.missing |= absent
        self.names = tuple(name for name in self.names if name not in absent)
        self._builders = {name: build for name, build in self._builders.items() if name not in absent}

    def build(self, records: Sequence[Record]) -> dict[str, Cells]:
        """The columns of these records; every one equally long."""
        carried = [record["properties"] for record in records]
        try:
            built = self._built(self._turned(carried))
        except (TypeError, AttributeError):
            # HubSpot promises texts; numbers and booleans that slip through are made text once they were noticed.
            texts = [{name: _as_text(name, value) for name, value in p.items()} for p in carried]
            built = self._built(self._turned(texts))
        key = KEY[self.table]
        return {name: built[name] if name != key else [record["id"] for record in records] for name in self.names}

    def _turned(self, carried: Sequence[dict[str, Any]]) -> Values:
        """Rows to columns; HubSpot names every property asked for that exists, empty ones as null."""
        names = self.properties
        try:
            rows = [*map(itemgetter(*names, names[0]), carried)]  # one name alone would come without its tuple
        except KeyError:
            rows = [tuple(p.get(name) for name in names) for p in carried]
        return dict(zip(names, zip(*rows, strict=True), strict=False)) if rows else dict.fromkeys(names, ())

    def _built(self, values: Values) -> dict[str, Cells]:
        built = {name: build(values) for name, build in self._builders.items()}
        for cells in built.values():
            "".join(filter(None, cells))  # a TypeError at the first cell that is no text
        return built

    def _exists(self, logical: str) -> bool:
        if logical == KEY[self.table] or self._definitions is None:
            return True
        if self._is_computed(logical) and logical != "deal_type":
            return self._computable(logical, self._definitions)
        return self._fields.property(self.table, logical) in self._definitions

    def _computable(self, logical: str, known: Mapping[str, Property]) -> bool:
        if logical == "home_amount":
            return "amount_in_home_currency" in known and not self._account.foreign
        if logical == "recurring":
            return "hs_mrr" in known or "hs_arr" in known
        if logical == "currency":
            return "deal_currency_code" in known or self._account.foreign
        return self._fields.property(self.table, logical) in known or bool(self._account.stages.known)

    def _carried(self, logical: str, carried: Mapping[str, Any]) -> bool:
        if self._is_computed(logical):
            return True
        return self._fields.property(self.table, logical) in carried

    def _is_computed(self, logical: str) -> bool:
        return (
            self.table is Table.DEALS
            and logical in mapping.COMPUTED
            and self._fields.override(self.table, logical) is None
        )

    def _asked(self) -> tuple[str, ...]:
        asked = dict.fromkeys(self._fields.property(self.table, name) for name in self._builders)
        if "is_won" in self._builders or "is_closed" in self._builders:
            asked["dealstage"] = None
        if "recurring" in self._builders:
            asked["hs_arr"] = None
        asked[mapping.MERGED] = None
        return tuple(asked)

    def _builder(self, logical: str) -> Callable[[Values], Cells]:
        source = self._fields.property(self.table, logical)
        if self._is_computed(logical):
            return self._computed(logical, source)
        known = (self._definitions or {}).get(source)
        wanted = mapping.CATALOGUE_TYPES[self.table].get(logical)
        if wanted in (Type.DATE, Type.TIMESTAMP):
            only_day = known is not None and known.type == "date"
            return _dated(source, mapping.day if only_day else mapping.moment)
        if wanted is None and known is not None and (known.multiple or known.type in ("number", "date", "datetime")):
            return _canonical(source, known)
        if wanted is None and known is not None and known.type == "string":
            return _lined(source)
        return _plain(source)

    def _computed(self, logical: str, source: str) -> Callable[[Values], Cells]:
        stages = self._account.stages
        if logical == "is_won":
            return _by_stage(source, stages.won, stages.known)
        if logical == "is_closed":
            return _by_stage(source, stages.closed, stages.known)
        if logical == "deal_type":
            known = mapping.DEAL_TYPES
            return lambda values: [known.get(v, v) if v else None for v in values[source]]
        if logical == "recurring":
            return _recurring
        if logical == "currency" and self._account.foreign:
            company = self._account.company_currency
            return lambda values: [v or company for v in values[source]]
        return _plain(source)


def _cells(values: Values, source: str) -> Cells:
    """One property of every record; an empty text is no value."""
    cells = values[source]
    return [v or None for v in cells] if "" in cells else list(cells)


def _plain(source: str) -> Callable[[Values], Cells]:
    return lambda values: _cells(values, source)


def _dated(source: str, convert: Callable[[str], str]) -> Callable[[Values], Cells]:
    """ISO texts (`2026-…`) pass as they are; only the rare others, and those without a fraction, cost a call."""
    return lambda values: [
        v if v is None or (v[4:5] == "-" and v[19:20] != "Z") else convert(v) for v in _cells(values, source)
    ]


def _canonical(source: str, known: Property) -> Callable[[Values], Cells]:
    convert, kind, field_kind = mapping.canonical, known.type, known.field_type
    return lambda values: [v and convert(v, kind, field_kind) for v in _cells(values, source)]


def _lined(source: str) -> Callable[[Values], Cells]:
    """Most texts have no line end of another kind: those cost no call."""
    return lambda values: [v if v is None or "\r" not in v else lines(v) for v in _cells(values, source)]


def _by_stage(source: str, yes: frozenset[str], known: frozenset[str]) -> Callable[[Values], Cells]:
    def from_stage(stage: str | None) -> str | None:
        if stage not in known:
            return None
        return "true" if stage in yes else "false"

    return lambda values: [v or from_stage(stage) for v, stage in zip(values[source], values["dealstage"], strict=True)]


def _recurring(values: Values) -> Cells:
    pairs = zip(_cells(values, "hs_mrr"), _cells(values, "hs_arr"), strict=True)
    return [_any_positive(mrr, arr) if mrr or arr else None for mrr, arr in pairs]


def _any_positive(*texts: str | None) -> str | None:
    """`true` when a recurring value is above zero; unknown when none is a number: unknown is not zero."""
    numbers = [value for text in texts if (value := _decimal(text)) is not None]
    return ("true" if any(value > 0 for value in numbers) else "false") if numbers else None


def _decimal(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def _as_text(name: str, cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return str(cell)
    raise bad("reading records", f"the value of {name} is neither text nor number")
