"""`python -m tests.support.pages`: the pages of the reference that are made of what the product knows, not written.

A page is what a person wrote above MADE, and below it what is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connector.crm.hubspot.mapping import FieldMap as OfHubSpot
from connector.crm.salesforce.mapping import FieldMap as OfSalesforce
from connector.model.fields import CATALOGUE, ESSENTIAL, Table
from connector.rules.syntax.shapes import SHAPES, SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connector.model.fields import Field
    from connector.rules.syntax.shapes import Key

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
MADE = "<!-- made by `make pages`; what stands below is not written by hand -->\n"
MAPPED = (Table.ACCOUNTS, Table.DEALS, Table.TICKETS)
NOBODYS = {"merged_ids"}
"""Fields that no file and no rule names."""
LINK = "association"


def fields() -> str:
    """Every field of every table, with where it lives in either CRM."""
    return "\n".join(line for table in (*MAPPED, Table.ACTIVITIES, Table.CURRENCY_RATES) for line in _table(table))


def rule_keys() -> str:
    """Every key of a rule file, by the shape it belongs to."""
    return "\n".join(line for name, shape in SHAPES.items() for line in _shape(name, list(shape.items())))


PAGES: dict[str, Callable[[], str]] = {"fields": fields, "rule-keys": rule_keys}


def page(name: str) -> str:
    """The whole page: the part written by hand as it stands, and the part made anew."""
    written = (REFERENCE / f"{name}.md").read_text(encoding="utf-8").partition(MADE)[0]
    return f"{written}{MADE}{PAGES[name]()}\n"


def _table(table: Table) -> Iterator[str]:
    yield f"\n## {table}\n"
    yield f"Needed: {', '.join(f'`{name}`' for name in ESSENTIAL[table])}.\n"
    known = [field for field in CATALOGUE[table] if field.name not in NOBODYS]
    columns = ["field", "type", "means", *(["HubSpot", "Salesforce"] if table in MAPPED else [])]
    yield from _rows(columns, [_field(table, field, mapped=table in MAPPED) for field in known])


def _field(table: Table, field: Field, *, mapped: bool) -> list[str]:
    cells = [f"`{field.name}`", field.type.value, field.meaning]
    if mapped:
        of_hubspot = OfHubSpot().sources(table, field.name) or (LINK,)
        cells += [_names(of_hubspot, ", "), _names(OfSalesforce().sources(table, field.name), ", else ")]
    return cells


def _names(names: Sequence[str], between: str) -> str:
    return between.join(name if name == LINK else f"`{name}`" for name in names)


def _shape(name: str, keys: list[tuple[str, Key]]) -> Iterator[str]:
    yield f"\n## {name}\n"
    if short := SHORT.get(name):
        yield f"Short: `NAME: value` is `NAME: {{{short}: value}}`.\n"
    rows = [[f"`{key}`" + (" *" if told.required else ""), _sort(told), _meaning(told)] for key, told in keys]
    yield from _rows(["key", "holds", "means"], rows)


def _sort(key: Key) -> str:
    return f"{key.sort.value} of {key.inside}" if key.inside else key.sort.value


def _meaning(key: Key) -> str:
    words = f": {', '.join(f'`{word}`' for word in key.one_of)}" if key.one_of else ""
    return f"{key.meaning}{words}"


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    for each in PAGES:
        (REFERENCE / f"{each}.md").write_text(page(each), encoding="utf-8")
