"""The rule files that come with tiersync: every example comes out, and each model can be left out."""

from __future__ import annotations

import json
import re
import time
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from connector.errors import UsageError
from connector.model.fields import Type
from connector.model.outputs import TIER
from connector.model.texts import catalogue, told
from connector.planning.doubt import ranks
from connector.rules.cells import UNKNOWN
from connector.rules.loading import load, load_texts
from connector.rules.python.evaluate import Evaluator, Frame
from connector.rules.ruleset import Example, FormulaOf, RuleSet
from connector.rules.sections.parameters import ELSEWHERE, IN_SETTINGS, override
from connector.rules.syntax.schema import schema
from connector.rules.tree import Say, Sentence
from connector.rules.trying.examples import run_example
from tests.shared import ROOT, shared_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.rules.cells import Cell

RULES = ROOT / "rules"
FILES = sorted(RULES.glob("*.yaml"))
MODELS = [file.name for file in FILES if file.name not in {"base.yaml", "tier.yaml"}]
SHIPPED = load(RULES)
SMALL = 60
"""Accounts of an example up to which it is asked again when models are left out: larger ones take seconds each."""
TURNS = 3
"""Every example is asked with every third model left out."""


@pytest.mark.parametrize("example", SHIPPED.examples, ids=lambda example: example.name)
def test_every_worked_example_comes_out(example: Any) -> None:
    assert run_example(SHIPPED, example) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [(name, f"settings.toml has it: {place}") for name, place in IN_SETTINGS.items()]
    + [(name, catalogue("connector.rules")[key]["en"]) for name, key in ELSEWHERE.items()],
)
def test_a_name_that_stands_somewhere_else_is_told_where(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"unknown parameter '{name}'") as refused:
        override(SHIPPED.parameters, {name: "1"})
    assert refused.value.hint == hint
    assert told(refused.value.hint, "nl") != hint
    for section, key in re.findall(r"\[(\w+)\] (\w+)", hint):
        assert key in tomllib.loads((ROOT / "settings.example.toml").read_text("utf-8"))[section]


def test_every_wrong_parameter_is_told_at_once_with_what_helps() -> None:
    changes = {
        "pyramid.metrc": "x",
        "pyramid.metric": "revenue",
        "labels.language": "fr",
        "payment.min_open_amount": "x",
    }
    with pytest.raises(UsageError) as refused:
        override(SHIPPED.parameters, changes)
    first, *others = changes
    assert str(refused.value).splitlines()[:2] == [f"unknown parameter '{first}'", "  did you mean 'pyramid.metric'?"]
    for language in ("en", "nl"):
        lines = told(refused.value.args[0], language).splitlines()
        assert [line.split("'")[1] for line in lines[::2]] == [first, *others]
        assert all(len(line) > len("  ") and line.startswith("  ") for line in lines[1::2])
    assert told(refused.value.args[0], "nl").startswith("onbekende parameter")


def test_the_points_of_the_ideal_customer_must_add_up_to_100() -> None:
    with pytest.raises(UsageError, match=re.escape("icp.criteria.*.weight must add up to 100")):
        load(RULES, {"icp.criteria.size.weight": "50"})
    load(RULES, {"icp.criteria.size.weight": "50", "icp.criteria.pain.weight": "20"})


COUNTED = b"""
version: 1
parameters: {line: 5}
fields: {x: {from: account.employees, type: integer}}
values: {total: x + $line}
models: {m: {kind: first_match, rules: [{when: total > 9.7, then: high}, {otherwise: low}]}}
outputs: {seg_total: {from: total, label: Total}, seg_m: {from: m, label: M, options: {high: High, low: Low}}}
examples:
  - name: two
    given: {accounts: [{account_id: a, employees: 5}, {account_id: b, employees: 1}]}
    expect: {counts: {seg_m: {high: 2, low: 1}}}
"""


def test_an_answer_that_is_counted_wrong_is_told_with_both_counts() -> None:
    rules = load_texts({"t.yaml": COUNTED})
    [miss] = run_example(rules, rules.examples[0])
    assert (miss.account, miss.name, miss.expected, miss.found) == ("everybody", "seg_m = high", "2", "1")


def test_what_is_made_of_a_parameter_with_a_fraction_keeps_it() -> None:
    whole, broken = (load_texts({"t.yaml": COUNTED}, {"line": line}) for line in ("4", "4.5"))
    assert [rules.outputs[0].output.type for rules in (whole, broken)] == [Type.INTEGER, Type.NUMBER]
    [miss] = run_example(broken, Example("half", {"account": {"employees": "5"}}, {"seg_total": "?"}))
    assert miss.found == "9.5"


@pytest.mark.parametrize("name", ["service.guard_margin", "service.unprofitable.off_margin"])
def test_a_share_written_as_a_percentage_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="10 is more than 1"):
        load(RULES, {name: "10"})


@pytest.mark.parametrize("name", MODELS)
def test_a_model_can_be_left_out_with_its_outputs_and_the_rest_still_works(name: str) -> None:
    contents = {str(file): file.read_bytes() for file in FILES if file.name != name}
    rest = load_texts(contents)
    written = {output.output.name for output in rest.outputs}
    gone = {output.output.name for output in SHIPPED.outputs if Path(output.at.file).name == name}
    assert not gone & written
    kept = {output.output.name for output in SHIPPED.outputs if Path(output.at.file).name != name}
    assert kept == written
    asked = [one for one in rest.examples if _accounts(one.given) <= SMALL]
    for example in asked[MODELS.index(name) % TURNS :: TURNS]:
        assert run_example(rest, example) == []


@pytest.mark.parametrize("name", MODELS)
def test_a_model_works_with_none_of_the_others(name: str) -> None:
    alone = load_texts({str(file): file.read_bytes() for file in FILES if file.name not in MODELS or file.name == name})
    assert {Path(output.at.file).name for output in alone.outputs} == {"base.yaml", "tier.yaml", name}
    asked = [one for one in alone.examples if _accounts(one.given) <= SMALL]
    assert [miss for example in asked[::TURNS] for miss in run_example(alone, example)] == []


def _accounts(given: Mapping[str, Any]) -> int:
    return sum(int(one.get("times", 1)) for one in given.get("accounts", ()))


WORKED = [line.split(" | ") for line in Path(__file__).with_name("worked.txt").read_text("utf-8").splitlines()]
"""Every worked example of domain.md: its section, the rule file, and the name it has there."""


@pytest.mark.parametrize(("place", "file", "name"), WORKED, ids=lambda part: part)
def test_every_worked_example_of_the_domain_stands_in_the_rules(place: str, file: str, name: str) -> None:
    found = [one for one in SHIPPED.examples if one.name == name and Path(one.at.file).name == f"{file}.yaml"]
    assert len(found) == 1, f"{place}: {file}.yaml has {len(found)} examples of this name"
    assert found[0].expect


@pytest.mark.parametrize("tier", [*next(o.output.options for o in SHIPPED.outputs if o.output.name == TIER)])
def test_the_rank_that_was_written_names_the_tier_it_was_written_for(tier: str) -> None:
    nodes = {node.name: node.definition for node in SHIPPED.nodes}

    def worked_out(name: str, cells: dict[str, Cell]) -> Cell:
        definition = nodes[name]
        assert isinstance(definition, FormulaOf)
        return Evaluator(Frame(date(2026, 6, 1), SHIPPED.parameters), cells).value(definition.expression)

    rank = worked_out("tier_rank", {"tier": UNKNOWN if tier == "unknown" else tier})
    found = {"tier_found": "typed by hand", "tier_computed_found": tier, "override_found": "none"}
    assert worked_out("previous_tier", {"tier_rank_found": rank, **found}) == tier


def test_no_name_of_an_example_is_used_twice() -> None:
    names = [(Path(one.at.file).name, one.name) for one in SHIPPED.examples]
    assert len(names) == len(set(names))


def test_what_people_fill_is_never_written() -> None:
    peoples = {f"seg_override_{name}" for name in ("tier", "say_no", "reason", "until")} | {"seg_exclude"}
    assert {output.output.name for output in SHIPPED.outputs if not output.output.written} == peoples


def test_options_that_tell_a_rise_from_a_fall_stand_best_first() -> None:
    tiers = "strategic large development regular transactional inactive prospect suspect unknown excluded"
    best_first = {
        "seg_tier": tiers,
        "seg_tier_computed": tiers,
        "seg_pyramid_level": "top big medium small inactive prospect suspect",
        "seg_customer_type": "strategic large development transactional unknown",
        "seg_ladder_step": "top_customer regular_customer prospect suspect",
        "seg_revenue_12m": "",
        "seg_customer_value": "",
    }
    ranked = ranks(output.output for output in SHIPPED.outputs)
    assert {name: " ".join(options) for name, options in ranked.items()} == best_first


def test_loading_takes_a_fraction_of_a_second() -> None:
    contents = {str(file): file.read_bytes() for file in FILES}
    best = min(_seconds(contents) for _ in range(3))
    assert best < 1  # a third of it on a quiet machine


def _seconds(contents: dict[str, bytes]) -> float:
    start = time.process_time()
    load_texts(contents)
    return time.process_time() - start


def test_the_schema_beside_the_rules_is_the_one_the_command_prints() -> None:
    assert json.loads((RULES / "rules.schema.json").read_text("utf-8")) == schema()


class Editor(yaml.SafeLoader):
    """Reads YAML 1.2, as editors do: only true and false are booleans."""


Editor.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] in {"tag:yaml.org,2002:null", "tag:yaml.org,2002:int"}]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(true|false)\Z"), list("tf"))


def as_an_editor(text: str) -> Any:
    """YAML as an editor reads it."""
    return yaml.load(text, Loader=Editor)  # noqa: S506 - a safe loader with fewer types


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_rule_file_follows_the_schema_and_names_it(file: Path) -> None:
    text = file.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=rules.schema.json\n")
    jsonschema.Draft202012Validator(schema()).validate(as_an_editor(text))


BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "reference" / "rules.md").read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split(":")[0].strip("# "))
def test_every_snippet_of_the_reference_follows_the_schema(block: str) -> None:
    jsonschema.Draft202012Validator(schema()).validate({"version": 1, **as_an_editor(block)})


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    wrong = {"version": 1, "models": {"a": {"kind": "first_match", "ruels": []}}}
    assert not jsonschema.Draft202012Validator(schema()).is_valid(wrong)


def test_every_label_and_option_speaks_both_languages() -> None:
    for output in SHIPPED.outputs:
        for label in (output.output.label, *output.output.options.values()):
            assert {language for language, text in label.items() if text} == {"en", "nl"}, output.output.name


def test_the_sentences_are_those_of_the_domain_to_the_letter() -> None:
    table = _sentences_of_the_domain()
    ours = {language: set(_sentences(SHIPPED, language)) for language in ("nl", "en")}
    for key, dutch, english in table:
        assert _bare(dutch) in ours["nl"], key
        assert _bare(english) in ours["en"], key


def _sentences_of_the_domain() -> list[tuple[str, str, str]]:
    text = (shared_folder() / "domain.md").read_text("utf-8")
    section = text[text.index("### 6.4 Sentences") : text.index("Card example")]
    rows = [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in section.splitlines()
        if line.startswith("| ")
    ]
    return [(row[0], row[1], row[2]) for row in rows[1:] if len(row) == 3]


def _sentences(rules: RuleSet, language: str) -> list[str]:
    found: list[str] = []
    for node in rules.nodes:
        if isinstance(node.definition, FormulaOf) and isinstance(node.definition.expression, Say):
            found += _said(node.definition.expression, language)
    return found


def _said(say: Say, language: str) -> list[str]:
    found: list[str] = []
    for sentence in say.sentences:
        if isinstance(sentence, Sentence):
            found.append("".join(piece if isinstance(piece, str) else "{}" for piece in sentence.parts[language]))
        else:
            found += _said(sentence, language)
    return found


def _bare(text: str) -> str:
    return re.sub(r"\{\w+\}", "{}", text)
