"""A loaded and checked rule set: named columns in the order they are evaluated, and what comes out.

Every kind of the language (first_match, score, bands, matrix, formula, signals, decision, texts) is brought down
to a list of *nodes*: one node is one named column per account, defined by a field, a fact over related records,
a formula over other nodes, a figure of the population, or a part of a ranking. An evaluator only knows
nodes and expressions (tree.py); the models as people wrote them stay beside, for docs and explain.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.rules.tree import NOWHERE, Expression, Placed, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from connector.model.fields import Plain, Type
    from connector.model.outputs import Output

FROM_CRM = "_crm_"
"""In front of the name of a field that another name fills: what the CRM has itself."""


class Parameter(Placed, frozen=True):
    """A number (or word, list, switch) a person may change; `value` is the one in force, `default` the file's."""

    name: str
    type: Type
    value: Plain | tuple[Plain, ...] | None
    default: Plain | tuple[Plain, ...] | None
    many: bool = False
    """The value is a list of `type`."""
    one_of: tuple[str, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    meaning: str = ""
    at: Position = NOWHERE


class Of(StrEnum):
    """Whose question a node answers (domain.md 2.8). Without roll-up every account is its own group."""

    ACCOUNT = "account"
    """The account itself."""
    GROUP = "group"
    """The whole group, once; every member receives the answer, and counts once in populations and rankings.
    A group node's expressions name group nodes only; it reaches accounts through facts."""


class Relation(StrEnum):
    """Records that point at an account. Tables beside the CRM (RuleSet.tables) go by their own name."""

    DEALS = "deals"
    TICKETS = "tickets"
    ACTIVITIES = "activities"
    MEMBERS = "members"
    """The accounts of the same group, the account itself included; names are nodes `of: account`."""
    REFERRED = "referred"
    """Accounts whose `referred_by` is this account (for a group: any member), never one of the same group; names are
    nodes of any kind, as that account receives them."""


OVER_ACCOUNTS = (Relation.MEMBERS, Relation.REFERRED)
"""Relations whose records are accounts: their names are nodes."""


class Pick(StrEnum):
    """Which member's value stands for the group (domain.md 11.14)."""

    FIRST = "first"
    """The ultimate parent's own value, else that of the first member by account id that has one."""
    LATEST = "latest"
    """The greatest value of all members."""
    PARENT = "parent"
    """The ultimate parent's own value only. On a node `of: account` too: the value of its ultimate parent."""


class FieldOf(Struct, frozen=True):
    """A column of the accounts table. Empty is unknown. `pick` applies to group nodes.

    Columns the engine adds to those of model.fields: `hierarchy_broken` (boolean), `unreadable` (boolean: a
    cell of this account, or of a record of it, could not be read), and the outputs of an earlier run.
    """

    column: str
    pick: Pick | None = None
    lower: bool = False
    """Fold the text to lower case when it is read. A text field with options (Node.options) holds one of them; a
    cell that is none of them is unknown."""


class Aggregate(StrEnum):
    """How related records become one value. Over no record: sum, count 0; any false; all true; others unknown."""

    SUM = "sum"
    COUNT = "count"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"
    MEDIAN = "median"
    """Mean of the two middle ones for an even number."""
    VARIANCE = "variance"
    """Population variance: mean of the squares minus square of the mean."""
    ANY = "any"
    ALL = "all"
    DISTINCT = "distinct"
    """Number of different values."""
    FIRST = "first"
    """Of members only: the ultimate parent's value, else that of the first member by account id."""
    PARENT = "parent"
    """Of members only: the ultimate parent's value."""


class FactOf(Struct, frozen=True):
    """One value from the records of `relation` that satisfy `where`.

    A record whose `where` is unknown, or that counts but has no value (unknown), makes the fact unknown; a value
    that is not applicable leaves the record out. `any` with one true is true. `count` has no value.
    With `gaps` the values are dates, sorted, and what is aggregated is the days between neighbours (n - 1 of them).
    Over a table beside the CRM an account whose rows cannot be told from others' has one record nobody knows: its
    fact is unknown, not 0.

    Records the evaluator never shows: created after `as_of`; deals of a pipeline outside `$sales_pipelines`.
    Columns added to deals: `amount` is in home currency (exact, 2 decimals; empty when it has no amount, no rate, or
    cannot be read), `currency_unknown` and `amount_invalid` (booleans, never empty) say why it is empty, and
    `no_primary` (boolean) that the deal had several accounts and none was primary. Empty booleans of the catalogue
    (`is_won`, `is_closed`, `is_renewal`, `recurring`) are false.
    """

    aggregate: Aggregate
    relation: str
    value: Expression | None
    where: Expression | None
    gaps: bool = False
    once: bool = False
    """What is gathered is a group's: however many of its accounts are records here, a group counts once."""


class FormulaOf(Struct, frozen=True):
    """An expression over other nodes of the same account (or group)."""

    expression: Expression


class Figure(StrEnum):
    """Figures of a population. Over nobody: sum and count 0, others unknown."""

    SUM = "sum"
    COUNT = "count"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    GINI = "gini"
    """2 * sum(i * x_i) / (n * sum(x)) - (n + 1) / n, x ascending, i from 1; unknown when sum(x) is 0."""


class PopulationOf(Struct, frozen=True):
    """A figure of all subjects (accounts, or groups when the node is `of: group`) for which `among` is true.

    A value that is unknown or not applicable is left out (and `count` with a value counts the known ones).
    With `by`, the figure is that of the subjects with equal, known keys; an account with an unknown key gets unknown.
    """

    figure: Figure
    value: Expression | None
    among: Expression | None
    by: tuple[Expression, ...] = ()


class Part(StrEnum):
    """What a ranking tells about one subject."""

    LEVEL = "level"
    """The band's answer; not applicable outside `among`, unknown when `by` is unknown."""
    RANK = "rank"
    """Competition rank from 1 (1, 1, 3), highest value first; like LEVEL outside."""
    COUNT = "count"
    """n, the number that shares are of; the same for everybody."""
    LINE = "line"
    """The published line under band `band`; the same for everybody; unknown when nobody is ranked."""


class Band(Struct, frozen=True):
    """`then` for the next `percent` of the ranked; the last band has None and takes the rest."""

    then: str
    percent: Expression | None
    """A number 0-100 (literal or parameter)."""


class Ranking(Struct, frozen=True):
    """Rank bands of domain.md M1 steps B, C and E.

    Subjects: those for which `among` is true and `by` is known; n of them, with those for which `counted` is true
    and `among` is not. Values are rounded half-up to cents and ranked from the highest; equal values are tied.
    A subject for which `last` is true ranks behind all others and is always in the last band. Cumulative percentages p
    give cut(p) = ceil(n * p / 100) in exact arithmetic. A tied block on positions i..j: inside one band, that band;
    across cut c: the higher band when j <= c + max(1, floor(c / 10)), else the next band down, where the same
    test applies again. Line under band b with cut c: (value at position c + value at position c + 1) / 2,
    without a next position that of the last one up to c (positions count singly; ties share values).
    """

    name: str
    by: Expression
    among: Expression | None
    bands: tuple[Band, ...]
    last: Expression | None = None
    counted: Expression | None = None


class RankOf(Struct, frozen=True):
    """One part of a ranking; nodes of one ranking share the same `Ranking` object (equal by value)."""

    ranking: Ranking
    part: Part
    band: str = ""


Definition = FieldOf | FactOf | FormulaOf | PopulationOf | RankOf


class Node(Placed, frozen=True):
    """One named column: a value per account (or per group)."""

    name: str
    type: Type
    of: Of
    definition: Definition
    depends: tuple[str, ...]
    """Nodes it names, each earlier in RuleSet.nodes."""
    model: str = ""
    """The model, signal or decision it belongs to; empty for plain fields, facts and values."""
    options: tuple[str, ...] = ()
    """The values a text may have, where they are known."""
    may_be_unknown: bool = True
    may_not_apply: bool = False
    meaning: Mapping[str, str] = field(default_factory=dict)
    """What people call it, per language; used in "missing" and explain."""
    at: Position = NOWHERE


class OutputOf(Placed, frozen=True):
    """An output and the node that fills it; canonical text as in model.changes.Change.

    `node` is empty when nothing fills it: override inputs (never written), or a core output whose model is not
    configured (always empty).
    """

    output: Output
    node: str
    core: bool = False
    at: Position = NOWHERE


class Model(Placed, frozen=True):
    """A model as written, for docs and explain: its kind, its nodes, and the YAML it came from."""

    name: str
    kind: str
    nodes: tuple[str, ...]
    label: Mapping[str, str]
    at: Position = NOWHERE


class Example(Placed, frozen=True):
    """A worked example: records in, outputs or nodes expected of each account."""

    name: str
    given: Mapping[str, object]
    """`account` or `accounts`, `deals`, `tickets`, … : rows of texts, None for an empty cell."""
    expect: Mapping[str, object]
    """Texts by output or node; one level deeper by account id where `accounts` are given."""
    as_of: str = ""
    set: Mapping[str, object] = field(default_factory=dict)
    """Parameters changed for this example."""
    needs: tuple[str, ...] = ()
    at: Position = NOWHERE


class RuleSet(Struct, frozen=True):
    """One folder of rule files, loaded, checked and resolved.

    `nodes` are in evaluation order: every node after those it depends on. `warnings` maps a code to the
    boolean node that raises it on an account. `connect` (rules.connecting) leaves out what the data cannot feed.
    """

    version: str
    """Short hash of the files' content and of the parameters in force."""
    parameters: Mapping[str, Parameter]
    nodes: tuple[Node, ...]
    outputs: tuple[OutputOf, ...]
    warnings: Mapping[str, str]
    models: tuple[Model, ...] = ()
    examples: tuple[Example, ...] = ()
    about: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Every file read, with what it says about itself per language."""
    not_configured: Mapping[str, str] = field(default_factory=dict)
    """Nodes that are off, and why; filled by connect."""
    tables: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    """Tables beside the CRM, with the columns the rules know."""

    @property
    def language(self) -> str:
        """The language they are told in unless the settings name one: the parameter `labels.language`, or English."""
        told = self.parameters.get("labels.language")
        return str(told.value) if told else "en"

    def node(self, name: str) -> Node:
        """Find a node by name; KeyError when there is none."""
        return next(node for node in self.nodes if node.name == name)


def needed(nodes: Iterable[Node], wanted: Iterable[str]) -> tuple[Node, ...]:
    """The nodes that feed the wanted ones, in their order."""
    found, nodes = set(wanted), tuple(nodes)
    for node in reversed(nodes):
        if node.name in found:
            found.update(node.depends)
    return tuple(node for node in nodes if node.name in found)


NO_RULES = RuleSet(version="", parameters={}, nodes=(), outputs=(), warnings={})
"""What is left when the files cannot be read."""
