"""Salesforce rows to text columns: which expressions to select, and how each column is made of their texts.

The hot path of a pull: list comprehensions per column, a call per value only where a value needs one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from connector.crm.salesforce import mapping, values
from connector.crm.salesforce.session.checks import bad
from connector.crm.texts import lines, number, options
from connector.model.fields import KEY, Table, Type
from connector.model.outputs import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.crm.salesforce.mapping import FieldMap
    from connector.crm.salesforce.pulling.sources import Source
    from connector.crm.salesforce.schema import Entity, Property
    from connector.crm.salesforce.session.checks import Record

    Texts = Callable[[str], Sequence[str | None]]
    """The texts of one selected expression, by its name."""

Cells = list[str | None]

HOME_AMOUNT = "convertCurrency(Amount) homeAmount"
_RECORD_TYPE = "RecordType.DeveloperName"
_PERSON = "IsPersonAccount"
_BOOLEANS = {True: "true", False: "false", "true": "true", "false": "false", None: None}
SHORT_TEXT = 255
"""The longest text that is not a long one."""
_DIGITS = 16
"""Fifteen digits and the point: what a double holds for sure."""
_EXACT = 1e13
"""Below this a double tells cents apart from what it was written as."""


class Situation(Struct, frozen=True):
    """What values depend on besides the fields themselves."""

    converts: bool = False
    """convertCurrency() gives our home currency."""
    exclude_persons: bool = True
    merged: Mapping[str, list[str]] = field(default_factory=dict)
    """Account id -> ids merged into it."""
    discounts: Mapping[str, str] | None = None
    """Deal id -> discount in percent, where the settings look for it on the line items; None where they do not."""


class Imprecise(Exception):
    """A number of a JSON page has more digits than a double holds."""


class Columns:
    """The columns of one table as one kind of record fills them."""

    def __init__(
        self,
        source: Source,
        logical: Sequence[str],
        *,
        entity: Entity,
        fields: FieldMap,
        situation: Situation,
    ) -> None:
        self.source = source
        self._entity = entity
        self._fields = fields
        self._situation = situation
        self.wrong: dict[str, str] = {}
        """Logical fields whose field is there and cannot be used, with the reason."""
        self._selected: dict[str, str] = {"Id": "id"}
        """Expression -> describe type."""
        self._builders: dict[str, Callable[[Texts], Cells]] = {}
        for name in dict.fromkeys((KEY[source.table], *logical)):
            build = self._builder(name)
            if build is not None:
                self._builders[name] = build
        self.names = tuple(name for name in logical if name in self._builders)
        self.missing = frozenset(logical) - self._builders.keys()

    def widen(self, names: Sequence[str]) -> None:
        """Deliver these columns, empty where this kind of record has none: pages of one table are alike."""
        for name in names:
            self._builders.setdefault(name, lambda texts: [None] * len(texts("Id")))
        self.names = tuple(names)

    def situate(self, situation: Situation) -> None:
        """Make the columns of the rows to come with this."""
        self._situation = situation

    @property
    def expressions(self) -> tuple[str, ...]:
        """What to select."""
        return tuple(self._selected)

    @property
    def long_texts(self) -> int:
        """How many long texts are selected; two or more make the pages of a query ten times smaller."""
        known = (self._entity.get(name) for name in self._selected)
        return sum(1 for field in known if field and field.type == values.LONG_TEXT and field.length > SHORT_TEXT)

    def build(self, texts: Texts) -> dict[str, Cells]:
        """The columns, each equally long."""
        return {name: self._builders[name](texts) for name in self.names}

    def of_records(self, records: Sequence[Record]) -> dict[str, Cells]:
        """The columns of JSON records. Raises Imprecise when a number must be read exactly."""
        made: dict[str, Cells] = {}

        def texts(expression: str) -> Cells:
            if expression not in made:
                made[expression] = _texts(records, expression, self._selected[expression])
            return made[expression]

        return self.build(texts)

    def _builder(self, logical: str) -> Callable[[Texts], Cells] | None:
        special = self._special(logical)
        if special is not None:
            return special
        if (made := self.source.made.get(logical)) is not None:
            return self._made(*made)
        known = self._known(logical)
        if known is None or (logical == "home_amount" and not self._situation.converts):
            return None
        if logical == "home_amount":
            self._selected[HOME_AMOUNT] = "currency"
            return lambda texts: _numbers(texts(HOME_AMOUNT))
        name = self._select(known)
        return _plain(name, known, mapping.CATALOGUE_TYPES[self.source.table].get(logical), logical)

    def _special(self, logical: str) -> Callable[[Texts], Cells] | None:
        """Columns that are no field of their own."""
        if self.source.table is Table.ACCOUNTS and logical == "merged_ids":
            return lambda texts: [self._merged_into(name) for name in texts("Id")]
        if self.source.table is Table.ACCOUNTS and logical == "seg_exclude":
            return self._exclusion()
        if self.source.table is Table.DEALS and logical == "discount_pct" and self._situation.discounts is not None:
            return lambda texts: [(self._situation.discounts or {}).get(name or "") for name in texts("Id")]
        if (
            self.source.table is Table.DEALS
            and logical == "pipeline"
            and not self._fields.override(Table.DEALS, logical)
        ):
            if self._entity.get("RecordTypeId") is None:
                return None
            self._selected[_RECORD_TYPE] = "string"
            return lambda texts: list(texts(_RECORD_TYPE))
        return None

    def _merged_into(self, record: str | None) -> str | None:
        return ";".join(self._situation.merged.get(record or "", ())) or None

    def _exclusion(self) -> Callable[[Texts], Cells] | None:
        """Excluded by hand, or a person account (domain.md 2.6)."""
        person = self._entity.get(_PERSON)
        if person is None or not self._situation.exclude_persons:
            return None
        known = self._known("seg_exclude")
        self._select(person)
        if known is None:
            return lambda texts: ["true" if p == "true" else None for p in texts(_PERSON)]
        name = self._select(known)
        return lambda texts: [
            "true" if p == "true" else own for p, own in zip(texts(_PERSON), texts(name), strict=True)
        ]

    def _made(self, expressions: Sequence[str], make: Callable[..., Cells]) -> Callable[[Texts], Cells] | None:
        """A column made of several fields; fields that are not there give empty texts."""
        there = [self._entity.get(name) for name in expressions]
        if expressions and not any(there):
            return None
        names = [self._select(known) if known else None for known in there]
        return lambda texts: make(
            *([None] * len(texts("Id")) if n is None else texts(n) for n in names), len(texts("Id"))
        )

    def _known(self, logical: str) -> Property | None:
        """The field of a logical name; noted as wrong when its type cannot hold what is meant."""
        for name in self._fields.candidates(self.source.table, logical):
            known = self._entity.get(name)
            if known is None:
                continue
            if mapping.fits(self.source.table, logical, known.type):
                return known
            self.wrong[logical] = f"{self._entity.name}.{known.name} is of type {known.type}"
        return None

    def _select(self, known: Property) -> str:
        self._selected[known.name] = known.type
        return known.name


def result_name(expression: str) -> str:
    """The key of a selected expression in an answer: its alias, else itself."""
    return expression.rpartition(" ")[2]


def _texts(records: Sequence[Record], expression: str, kind: str) -> Cells:
    """One selected expression of every JSON record, as text."""
    key = result_name(expression)
    try:
        found = _nested(records, key) if "." in key else [record[key] for record in records]
    except (KeyError, TypeError, AttributeError):
        raise bad("reading records", f"Salesforce's answer leaves {key} out") from None
    if kind == "boolean":
        return _booleans(found, key)
    if kind in values.NUMERIC:
        return [v if v is None or v.__class__ is str else _number(v) for v in found]
    if not all(v is None or v.__class__ is str for v in found):
        raise bad("reading records", f"the value of {key} is no text")
    if kind == "datetime":
        return [v and values.moment(v) for v in found]
    return [v or None for v in found] if "" in found else found


def _booleans(found: list[Any], key: str) -> Cells:
    try:
        return [_BOOLEANS[v] for v in found]
    except (KeyError, TypeError):
        raise bad("reading records", f"the value of {key} is neither true nor false") from None


def _nested(records: Sequence[Record], key: str) -> list[Any]:
    parent, _, child = key.partition(".")
    return [None if record[parent] is None else record[parent][child] for record in records]


def _number(value: Any) -> str:
    if value.__class__ is int:
        return str(value)
    if value.__class__ is not float:
        raise bad("reading records", "Salesforce's answer holds a number that is none")
    text = repr(value)
    if not -_EXACT < value < _EXACT or len(text) > _DIGITS:
        raise Imprecise
    return text


def _plain(name: str, known: Property, wanted: Type | None, logical: str) -> Callable[[Texts], Cells]:
    kind = known.type
    if logical == "probability" and kind == "percent":
        return lambda texts: _mapped(texts(name), _hundredth)
    if logical == "deal_type":
        return lambda texts: _mapped(texts(name), mapping.deal_type)
    if kind in values.NUMERIC:
        return lambda texts: _numbers(texts(name))
    if kind == "boolean" and wanted is None and logical.startswith(OURS):  # unticked: nobody may ever have looked at it
        return lambda texts: [v if v == "true" else None for v in texts(name)]
    if kind == values.LONG_TEXT:
        return lambda texts: [v and lines(v) for v in texts(name)]
    if kind == "multipicklist":
        return lambda texts: [v and (options(v) or None) for v in texts(name)]
    return lambda texts: list(texts(name))


def _numbers(cells: Sequence[str | None]) -> Cells:
    """Plain decimals without needless zeros."""
    return [v if v is None or v.isdecimal() else _tidy(v) for v in cells]


def _tidy(text: str) -> str:
    if "E" in text or "e" in text or text[:1] in "-+":
        return number(text)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _mapped(cells: Sequence[str | None], convert: Callable[[str], str]) -> Cells:
    """Few different texts, each converted once."""
    known = {text: convert(text) for text in set(cells) if text is not None}
    return [None if v is None else known[v] for v in cells]


def _hundredth(text: str) -> str:
    return number(f"{number(text)}E-2")
