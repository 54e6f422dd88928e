"""Tables beside the CRM in rule files: what is wrong with them is said with its place."""

from __future__ import annotations

import pytest

from connector.rules.loading import load_texts
from connector.rules.syntax.problems import RuleError

FACT = "tables: {bills: {columns: {amount: money, paid_on: date}}}\nfacts:\n  total: {sum: bills.amount}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tables: {deals: {columns: {a: text}}}\n", "2:10: 'deals' cannot be the name of a table"),
        ("tables: {bills: {columns: {a: euros}}}\n", "2:31: unknown word 'euros'"),
        ("tables: {bills: {}}\n", "2:17: 'columns' is missing"),
        ("facts: {total: {sum: bills.amount}}\n", "2:22: 'total' does not say over which records"),
        (FACT.replace("sum: bills.amount", "sum: bills.amout"), "4:22: unknown column of bills 'amout'"),
        (FACT.replace("sum: bills.amount", "sum: bills.paid_on"), "'sum' of a date makes no sense"),
        (FACT + "fill: {employes: total}\n", "5:18: unknown column of the account 'employes'"),
        (FACT + "fill: {employees: totl}\n", "5:19: unknown name 'totl'"),
        (FACT + "fill: {employees: [total]}\n", "5:19: a column is filled by one name"),
        (FACT + "fill: {nps: total, nps: total}\n", "5:20: duplicate key 'nps'"),
        (
            FACT + "fields: {b: {from: account.name}}\nfill: {name: total}\n",
            "6:14: 'total' is a number, account.name a text",
        ),
        (FACT + "fields: {nps: {from: account.nps}}\nvalues: {x: nps + 1}\nfill: {nps: x}\n", "defined in a circle"),
    ],
)
def test_a_mistake_is_shown_with_its_place(text: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_texts({"t.yaml": f"version: 1\n{text}".encode()})
    assert any(said in str(problem) for problem in caught.value.problems), str(caught.value)


def test_a_table_that_two_files_define_is_an_error() -> None:
    one = b"version: 1\ntables: {bills: {columns: {a: text}}}\n"
    with pytest.raises(RuleError, match="'bills' is defined twice"):
        load_texts({"a.yaml": one, "b.yaml": one})
