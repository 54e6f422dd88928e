"""Parameters: every number, word and switch a person may change, and how a change is read."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import reduce
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.errors import UsageError
from connector.model.fields import Plain, Type
from connector.model.meant import near
from connector.rules.ruleset import Parameter
from connector.rules.said import say
from connector.rules.syntax.document import Items, Leaf
from connector.rules.syntax.forms import NUMBER, read_number, read_text
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.model.texts import Said
    from connector.rules.syntax.document import Value
    from connector.rules.syntax.forms import Form
    from connector.rules.syntax.problems import Problems

TRUTHS = dict.fromkeys(("yes", "on", "true"), "true") | dict.fromkeys(("no", "off", "false"), "false")
"""What some YAML readers take a plain word for, by the word in small letters."""
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
IN_SETTINGS = {
    "timezone": "[run] time_zone",
    "home_currency": "[run] home_currency",
    "guards.max_new_say_no_pct": "[limits] max_new_say_no_pct",
    "guards.min_accounts": "[limits] min_accounts",
    "guards.max_population_drop_pct": "[limits] max_population_drop_pct",
}
"""Names one may look for among the rules' parameters (domain.md 9) that settings.toml has as they are."""
ELSEWHERE = {
    "as_of": "elsewhere.as_of",
    "guards.first_run_report_only": "elsewhere.first_run",
    "retention.snapshot_months": "elsewhere.keep_days",
    "icp.criteria.industry.group": "elsewhere.group",
    "customer_value.relation.enabled": "elsewhere.relation",
    "customer_value.relation.max_effect": "elsewhere.relation",
    "icp.criteria.pain.field": "elsewhere.pain",
}
"""Those that stand somewhere else in another form, and the text that tells where."""


def declare_parameter(name: Leaf, form: Form) -> Parameter | None:
    """Read one parameter; None when its default cannot be read (noted)."""
    written = form.keys.get("default")
    if written is None:
        return None
    one_of = form.words("one_of")
    kind = form.word("type") if form.has("type") else None
    many = form.flag("many", default=isinstance(written, Items))
    value, found = _read(written, form.problems, meant=Type.TEXT if kind == Type.TEXT or one_of else None)
    if many and isinstance(written, Leaf):
        return _spread(name, form, written)
    if found is None and kind is None:
        kind = "text" if one_of else None
    if found is None and kind is None:
        form.problems.add(written.at, f"the type of '{name.text}' is not known", "write {default: null, type: number}")
        return None
    if kind is None and found not in NUMERIC and (form.has("min") or form.has("max")):
        kind = Type.NUMBER  # only numbers have a least and a most
    meant = Type(kind) if kind else found or Type.TEXT
    value = _fitted(value, written, meant, form.problems)
    parameter = Parameter(
        name=name.text,
        type=meant,
        value=value,
        default=value,
        many=many,
        one_of=one_of,
        least=form.number("min") if form.has("min") else None,
        most=form.number("max") if form.has("max") else None,
        meaning=form.text("meaning") or "" if form.has("meaning") else "",
        at=name.at,
    )
    wrong = refusal(parameter)
    if wrong:
        form.problems.add(written.at, wrong)
    return parameter


def _fitted(
    value: Plain | tuple[Plain, ...] | None, written: Value, meant: Type, problems: Problems
) -> Plain | tuple[Plain, ...] | None:
    """Give a default that is of its type; None for another one (noted)."""
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    wrong = [one for one in values if not _fits(one, meant)]
    if not wrong:
        return value
    text = written.text if isinstance(written, Leaf) else str(wrong[0])
    told = say("is_not", text=text, meant=say(f"meant.{meant}"))
    problems.add(written.at, told, "write it without quotes" if meant in NUMERIC else "")
    return None


def _fits(value: Plain, meant: Type) -> bool:
    if meant is Type.INTEGER:
        return isinstance(value, Decimal) and value == value.to_integral_value()
    if meant in NUMERIC:
        return isinstance(value, Decimal)
    if meant is Type.BOOLEAN:
        return isinstance(value, bool)
    return meant is not Type.DATE or isinstance(value, date)


def _spread(name: Leaf, form: Form, written: Leaf) -> Parameter:
    """Read a list written as one text: `10-33`."""
    kind = Type(form.word("type") or Type.TEXT)
    parameter = Parameter(name.text, kind, None, None, many=True, meaning=form.text("meaning") or "", at=name.at)
    try:
        values = _changed(parameter, written.text)
    except UsageError as error:
        form.problems.add(written.at, str(error), error.hint)
        values = ()
    return replace(parameter, value=values, default=values)


def override(parameters: Mapping[str, Parameter], changes: Mapping[str, object]) -> dict[str, Parameter]:
    """Put changed values in force: texts as in `--set`, or the values of settings.toml.

    Raises UsageError with everything that is wrong: what helps against one mistake alone is its hint, of several
    each has its own beneath it.
    """
    changed = dict(parameters)
    wrong: list[UsageError] = []
    for name, value in changes.items():
        try:
            changed[name] = _overridden(name, value, parameters)
        except UsageError as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        advised = (say("advised", wrong=error.args[0], hint=error.hint) for error in wrong)
        raise UsageError(reduce(_beneath, advised), hint=say("listed"))
    return changed


def _beneath(first: Said, second: Said) -> Said:
    return say("beneath", first=first, second=second)


def _overridden(name: str, value: object, parameters: Mapping[str, Parameter]) -> Parameter:
    if name not in parameters:
        raise UsageError(say("unknown", name=name), hint=_where(name, parameters))
    parameter = _in_force(parameters[name], _changed(parameters[name], value))
    wrong = refusal(parameter)
    if wrong:
        raise UsageError(say("refused", name=name, wrong=wrong), hint=_allowed(parameter))
    return parameter


def _in_force(parameter: Parameter, value: Plain | tuple[Plain, ...] | None) -> Parameter:
    """Give it another value; with a fraction it is no whole number any more, nor is what is made of it."""
    values = value if isinstance(value, tuple) else (value,)
    broken = any(isinstance(one, Decimal) and one % 1 for one in values)
    kind = Type.NUMBER if broken and parameter.type is Type.INTEGER else parameter.type
    return replace(parameter, value=value, type=kind)


def _where(name: str, parameters: Mapping[str, Parameter]) -> str:
    """Tell where a value stands that is no parameter of the rules, else what is spelled like it."""
    if name in IN_SETTINGS:
        return say("in_settings", place=IN_SETTINGS[name])
    return say(ELSEWHERE[name]) if name in ELSEWHERE else near(name, parameters) or say("listed")


def _allowed(parameter: Parameter) -> Said:
    """Tell what the values of a parameter may be."""
    if parameter.one_of:
        return say("one_of")
    least, most = str(parameter.least), str(parameter.most)
    if parameter.most is None:
        return say("at_least", least=least)
    return say("at_most", most=most) if parameter.least is None else say("between", least=least, most=most)


def _written(kind: Type, text: str) -> Said:
    """Tell how a value of a type is written; who reads Dutch may think of 80,5."""
    right = text.replace(",", ".")
    if kind in NUMERIC and NUMBER.match(right):
        return say("decimal_point", right=right)
    return say(f"written.{kind}")


def refusal(parameter: Parameter) -> Said | None:
    """Say why a parameter's value is not allowed; None when it is."""
    values = parameter.value if isinstance(parameter.value, tuple) else (parameter.value,)
    for value in values:
        if parameter.one_of and isinstance(value, str) and value not in parameter.one_of:
            return say("not_one_of", value=value, options=", ".join(parameter.one_of))
        if isinstance(value, Decimal) and parameter.least is not None and value < parameter.least:
            return say("too_little", value=str(value), least=str(parameter.least))
        if isinstance(value, Decimal) and parameter.most is not None and value > parameter.most:
            return say("too_much", value=str(value), most=str(parameter.most))
    return None


def _read(
    value: Value, problems: Problems, *, meant: Type | None
) -> tuple[Plain | tuple[Plain, ...] | None, Type | None]:
    """Read a default; `meant` is its type where something else than the value itself tells."""
    if isinstance(value, Leaf):
        return _read_leaf(value, problems, meant=meant)
    if not isinstance(value, Items):
        problems.add(value.at, "a default is a value or a list of values")
        return None, Type.TEXT
    leaves = [item for item in value.items if isinstance(item, Leaf)]
    if any(_kind(leaf) is Type.TEXT for leaf in leaves):
        meant = Type.TEXT
    found = [_read_leaf(leaf, problems, meant=meant) for leaf in leaves]
    kinds = {kind for _, kind in found}
    if len(found) < len(value.items) or len(kinds) > 1 or None in kinds:
        problems.add(value.at, "a list parameter holds values of one type")
    return tuple(item for item, _ in found if item is not None), next(iter(kinds), Type.TEXT)


def _kind(leaf: Leaf) -> Type | None:
    """Tell what a value is by the way it is written; None for null."""
    if leaf.plain and leaf.text.lower() in TRUTHS:
        return Type.BOOLEAN
    if leaf.plain and leaf.text in {"null", "~", ""}:
        return None
    if leaf.plain and NUMBER.match(leaf.text):
        return Type.INTEGER if _whole(leaf.text) else Type.NUMBER
    return Type.DATE if leaf.plain and DATE.match(leaf.text) else Type.TEXT


def _read_leaf(leaf: Leaf, problems: Problems, *, meant: Type | None) -> tuple[Plain | None, Type | None]:
    kind = _kind(leaf)
    if kind is None:
        return None, None
    if kind is Type.BOOLEAN:
        return _read_truth(leaf, problems, meant=meant)
    if kind in NUMERIC:
        return read_number(leaf, problems) or Decimal(0), kind
    if kind is Type.DATE:
        return _read_day(leaf, problems), kind
    return read_text(leaf, problems) if leaf.plain else leaf.text, kind


def _read_day(leaf: Leaf, problems: Problems) -> date | None:
    try:
        return date.fromisoformat(leaf.text)
    except ValueError:
        problems.add(
            leaf.at, f"there is no day {leaf.text}", f"write a day of the calendar, or '{leaf.text}' for a text"
        )
        return None


def _read_truth(leaf: Leaf, problems: Problems, *, meant: Type | None) -> tuple[Plain, Type]:
    """Read true or false; what else YAML takes for it is noted, and taken for what was meant: it is one mistake."""
    truth = TRUTHS[leaf.text.lower()]
    if leaf.text == truth:
        return truth == "true", Type.BOOLEAN
    in_quotes = f"'{leaf.text}'"
    advice = f"write {in_quotes}" if meant is Type.TEXT else f"write {truth}, or {in_quotes} for the text"
    problems.add(leaf.at, f"YAML reads {leaf.text} as true or false", advice)
    return (leaf.text, meant) if meant is Type.TEXT else (truth == "true", Type.BOOLEAN)


def _whole(text: str) -> bool:
    return "." not in text and "%" not in text


def _changed(parameter: Parameter, value: object) -> Plain | tuple[Plain, ...] | None:
    if parameter.many:
        items = value if isinstance(value, (list, tuple)) else [part for part in str(value).split(",") if part.strip()]
        return tuple(one for item in items for one in _range(parameter, str(item).strip()))
    if isinstance(value, bool):
        return _one(parameter, "true" if value else "false")
    text = "" if value is None else str(value).strip()
    return None if text.lower() in {"", "null"} else _one(parameter, text)


def _range(parameter: Parameter, text: str) -> tuple[Plain, ...]:
    low, dash, high = text.partition("-")
    if parameter.type is Type.INTEGER and dash and low.isdigit() and high.isdigit():
        return tuple(Decimal(number) for number in range(int(low), int(high) + 1))
    return (_one(parameter, text),)


def _one(parameter: Parameter, text: str) -> Plain:
    try:
        return _convert(parameter.type, text)
    except (ValueError, InvalidOperation):
        meant = Type.NUMBER if parameter.type is Type.INTEGER else parameter.type  # 80.5 does as well as 80
        wrong = say("is_not", text=text, meant=say(f"meant.{meant}"))
        told = say("refused", name=parameter.name, wrong=wrong)
        raise UsageError(told, hint=_written(parameter.type, text)) from None


def _convert(kind: Type, text: str) -> Plain:
    if kind in NUMERIC:
        if not NUMBER.match(text):
            raise ValueError(text)
        unit = {"k": Decimal(1000), "m": Decimal(1_000_000), "%": Decimal("0.01")}.get(text[-1])
        return Decimal(text[:-1]) * unit if unit else Decimal(text)
    if kind is Type.BOOLEAN:
        return (
            {"true": True, "false": False}.get(text.lower(), text) if text.lower() in {"true", "false"} else _bad(text)
        )
    return date.fromisoformat(text) if kind is Type.DATE else text


def _bad(text: str) -> Plain:
    raise ValueError(text)
