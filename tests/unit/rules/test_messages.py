"""Every mistake has its place, a caret, and says what to write instead; all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.rules.parts import problems, rules, shown

FIELDS = """
    fields:
      employees: {from: account.employees}
      industry: {from: account.industry}
      pain: {from: account.pain_fit, one_of: [high, medium, low]}
      since: {from: account.last_contact}
      tried: {from: account.acquisition_cost_reduction_tried}
      signals: {from: account.seg_signals, type: multi}
"""


def test_a_mistake_shows_file_line_column_the_line_a_caret_and_a_near_name() -> None:
    assert shown(FIELDS + '    values: {big: "employes > 100"}') == (
        "t.yaml:9:16: unknown name 'employes'\n"
        '    9 | values: {big: "employes > 100"}\n'
        "      |                ^^^^^^^^ did you mean 'employees'?"
    )


@pytest.mark.parametrize(("word", "meant"), [("no", "false"), ("Off", "false"), ("yes", "true"), ("True", "true")])
def test_a_word_for_a_truth_in_a_parameter_is_one_mistake_with_both_ways_out(word: str, meant: str) -> None:
    text = FIELDS + f'    parameters: {{p: {word}}}\n    values: {{a: "$p and employees > 1"}}'
    assert shown(text) == (
        f"t.yaml:9:17: YAML reads {word} as true or false\n"
        f"    9 | parameters: {{p: {word}}}\n"
        f"      |                 {'^' * len(word)} write {meant}, or '{word}' for the text"
    )


@pytest.mark.parametrize(
    ("parameter", "column"),
    [
        ("[NL, NO]", 22),
        ("['NL', NO]", 24),
        ("{default: NO, type: text}", 27),
        ("{default: [NO], type: text}", 28),
        ("{default: NO, one_of: [NL, 'NO']}", 27),
    ],
)
def test_a_country_that_yaml_takes_for_a_truth_is_one_mistake_among_texts_and_wants_quotes(
    parameter: str, column: int
) -> None:
    text = FIELDS + f"    parameters: {{p: {parameter}}}\n    values: {{a: \"industry in ['x'] and employees > 1\"}}"
    assert shown(text) == (
        f"t.yaml:9:{column}: YAML reads NO as true or false\n"
        f"    9 | parameters: {{p: {parameter}}}\n"
        f"      | {' ' * (column - 1)}^^ write 'NO'"
    )


def test_a_list_of_nothing_but_words_for_truths_is_told_with_both_ways_out() -> None:
    found = problems(FIELDS + "    parameters: {p: [true, no]}")
    assert found == ["t.yaml:9:24: YAML reads no as true or false"]
    assert "write false, or 'no' for the text" in shown(FIELDS + "    parameters: {p: [true, no]}")


def test_a_day_that_does_not_exist_is_a_mistake_with_its_place() -> None:
    assert problems(FIELDS + "    parameters: {p: 2026-02-30}") == ["t.yaml:9:17: there is no day 2026-02-30"]


def test_all_mistakes_of_all_files_come_at_once() -> None:
    found = problems(FIELDS + "    values: {a: emplyees + 1, b: 1 +}", other="values: {c: nowhere, d: $nothing}")
    assert found == [
        "other.yaml:2:13: unknown name 'nowhere'",
        "other.yaml:2:25: unknown parameter 'nothing'",
        "t.yaml:9:13: unknown name 'emplyees'",
        "t.yaml:9:33: expected a name, a number, a date or a 'text', found the end",
    ]


@pytest.mark.parametrize(
    ("formula", "column", "text"),
    [
        ("employees = null", 10, "'= null' is never true"),
        ("employees <> null", 10, "'<> null' is never true"),
        ("employees is null", 23, "nothing is null here"),
        ("1 < employees < 5", 24, "comparisons cannot be chained"),
        ("employees == 5", 20, "unexpected '=='"),
        ("employees != 5", 20, "unexpected '!='"),
        ("tried && tried", 16, "unexpected '&&'"),
        ("industry = Retail", 21, "unknown name 'Retail'"),
        ("industry = Retail trade", 28, "expected 'and', 'or' or the end, found 'trade'"),
        ("employees = 'many'", 22, "a number cannot be compared with a text"),
        ("employees > since", 22, "a number cannot be compared with a date"),
        ("tried = true and employees", 27, "expected a condition, found a number"),
        ("not employees", 14, "expected a condition, found a number"),
        ("pain = 'hihg'", 17, "'pain' is never 'hihg'"),
        ("pain = 'unknown'", 17, "unknown is a state, not a text"),
        ("pain in ['high', 'none']", 27, "'pain' is never 'none'"),
        ("employees in 5", 23, "expected a list, found '5'"),
        ("since within 3 weeks", 25, "expected days, months or years, found 'weeks'"),
        ("employees within 3 days", 10, "expected a date before 'within', found a number"),
        ("since in window and employees in window", 30, "expected a date before 'in window', found a number"),
        ("sqrt(employees)", 10, "unknown function 'sqrt'"),
        ("round(employees, 1, 2)", 10, "'round' takes other arguments"),
        ("round(industry)", 16, "expected a number, found a text"),
        ("employees + since", 10, "cannot write number + date"),
        ("employees + industry", 22, "expected a number, found a text"),
        ("employees > 1_000", 22, "'1_000' is not a number"),
        ("employees > 1,5", 23, "expected 'and', 'or' or the end, found ','"),
        ("employees > 12:30", 24, "unexpected ':30'"),
        ("(employees > 5", 24, "expected ')', found the end"),
        ("industry = 'Retail", 21, "a text without its closing quote"),
        ("employees between 1 or 5", 30, "expected 'and', found 'or'"),
        ("has(signals, 5)", 23, "expected a text, found a number"),
        ("signals = 'A'", 20, "a list cannot be compared with a text"),
        ("$nothing > 5", 10, "unknown parameter 'nothing'"),
        ("account.employees > 5", 10, "unknown name 'account.employees'"),
    ],
)
def test_a_formula_with_a_mistake_is_refused_where_it_stands(formula: str, column: int, text: str) -> None:
    assert problems(FIELDS + f'    values:\n      x: "{formula}"') == [f"t.yaml:10:{column - 3}: {text}"]


@pytest.mark.parametrize(
    ("formula", "hint"),
    [
        ("employees = null", "write 'is unknown'"),
        ("1 < employees < 5", "write 'a < b and b < c'"),
        ("employees == 5", "write '='"),
        ("industry = Retail", "a text is written 'Retail', in single quotes"),
        ("pain = 'hihg'", "did you mean 'high'?"),
        ("pain = 'unknown'", "write 'pain is unknown'"),
        ("rond(employees)", "did you mean 'round'?"),
        ("coalesce(employees)", "write coalesce(a, b, …)"),
        ("tried = 'true'", "'tried' is already true or false: write it alone"),
    ],
)
def test_a_mistake_says_what_to_write_instead(formula: str, hint: str) -> None:
    assert shown(FIELDS + f'    values:\n      x: "{formula}"').endswith(hint)


MISTAKES = [block.split("\n> ") for block in Path(__file__).with_name("mistakes.txt").read_text("utf-8").split("\n\n")]
"""Rule files (after `version: 1`), each followed by `> LINE:COLUMN: text` for every problem."""


@pytest.mark.parametrize(("text", "expected"), [(text, expected) for text, *expected in MISTAKES])
def test_a_wrong_section_is_refused_where_it_stands(text: str, expected: list[str]) -> None:
    assert problems(text) == [f"t.yaml:{line.strip()}" for line in expected]


def test_a_name_defined_in_two_files_is_refused_and_both_places_are_named() -> None:
    found = problems("values: {a: '1'}", other="values: {a: '2'}")
    assert found == ["other.yaml:2:10: 'a' is defined twice"]
    assert "first defined in t.yaml:2" in shown("values: {a: '1'}", other="values: {a: '2'}")


@pytest.mark.parametrize("name", ["as_of", "window_start", "rule_version", "Days"])
def test_a_word_of_the_language_is_not_defined_as_a_name(name: str) -> None:
    assert problems(f"values: {{{name}: '1'}}") == [f"t.yaml:2:10: '{name}' is a word of the rule language"]


def test_a_property_has_one_writer() -> None:
    one = "outputs: {seg_a: {from: '1', label: A}}"
    assert problems(one, other=one) == ["other.yaml:2:11: 'seg_a' is defined twice"]


def test_an_answer_without_an_option_is_refused() -> None:
    text = """
        models: {m: {kind: first_match, rules: [{when: "1 > 2", then: good}, {otherwise: bad}]}}
        outputs: {seg_m: {from: m, label: M, options: {good: Good}}}
    """
    assert problems(text) == ["t.yaml:3:11: 'seg_m' has no option 'bad'"]


def test_a_broken_name_is_reported_once_and_not_where_it_is_used() -> None:
    assert problems("values: {a: nowhere, b: a + 1, c: b + a}") == ["t.yaml:2:13: unknown name 'nowhere'"]


def test_a_file_that_cannot_be_read_makes_no_noise_about_its_names() -> None:
    assert problems("values: {a: b + 1}", other="values: {b: [}") == [
        "other.yaml:2:14: YAML: did not find expected node content"
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("values:\n  a: '1'\n b: '2'", "see the indentation of the lines above"),
        ("values:\n  a: '1'\n\tb: '2'", "indent with spaces, not tabs"),
    ],
)
def test_yaml_that_is_indented_wrongly_says_what_to_do(text: str, hint: str) -> None:
    assert hint in shown(text)


def test_a_mistake_deep_in_a_folded_formula_stands_where_it_is_written() -> None:
    text = """
        fields: {employees: {from: account.employees}}
        values:
          a: >-
            employees > 5 and
            employees < 10 and
            emplyees = 7
    """
    assert problems(text) == ["t.yaml:7:5: unknown name 'emplyees'"]


def test_texts_show_the_same_placeholders_in_both_languages() -> None:
    text = """
        values: {n: "5"}
        outputs: {seg_a: {label: A, say: [t]}}
        texts: {t: {en: "there are {n}", nl: "er zijn er"}}
    """
    assert problems(text) == ["t.yaml:4:38: the text in 'nl' does not show {n}"]


def test_expected_names_may_be_missing_but_not_of_another_type() -> None:
    rules("expects: {late: boolean}\nvalues: {a: not late}")
    assert problems("expects: {late: boolean}\nvalues: {a: not late}", other="values: {late: '5'}") == [
        "t.yaml:2:11: 'late' is a number, expected here as a true/false",
        "t.yaml:3:17: expected a condition, found a number",
    ]
