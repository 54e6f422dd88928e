"""The grammar of conditions and formulas: text in, terms with offsets out.

    or     := and ("or" and)*                    and   := not ("and" not)*           not := "not" not | test
    test   := sum (OP sum)* | sum ["not"] "between" sum "and" sum | sum ["not"] "in" (list | $param | "window")
            | sum "within" sum ("days"|"months"|"years") | sum "is" ["not"] ("known"|"unknown"|"applicable"|"null")
    sum    := product (("+"|"-") product)*       product := sign (("*"|"/") sign)*   sign := "-" sign | atom
    atom   := number | 'text' | date | true | false | as_of | window_start | rule_version | name | $name
            | name "(" or ("," or)* ")" | "(" or ")"

Written by hand and not with a parser generator: loading every shipped formula takes about 15 ms instead of
350 (lark 1.3: 100 ms import, 66 ms tables, 0.6 ms a formula), and each refusal can say what to write instead.
Words are read without case; names keep theirs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from connector.rules.syntax.words import COMPARISONS, Refused, Token, read_words

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NESTING = 30


class Term(Struct, frozen=True):
    """One piece of syntax, not yet typed: `kind`, its words in `text`, its parts, and where it stands."""

    kind: str
    text: str
    parts: tuple[Term, ...]
    start: int
    end: int


@lru_cache(maxsize=4096)
def parse(text: str) -> Term:
    """Parse one condition or formula; raises Refused with the offset of what is wrong."""
    parser = _Parser(read_words(text))
    term = parser.either()
    parser.finish()
    return term


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    # ── reading ──

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def word(self, *words: str) -> bool:
        """Take the next token when it is one of these keywords or signs."""
        if self.token.kind in {"word", "op"} and self.token.text.lower() in words:
            self.index += 1
            return True
        return False

    def expect(self, sign: str, hint: str = "") -> Token:
        if self.token.text != sign:
            self.fail(f"expected '{sign}'", hint)
        return self.take()

    def fail(self, text: str, hint: str = "") -> NoReturn:
        found = f", found '{self.token.text}'" if self.token.kind != "end" else ", found the end"
        raise Refused(text + found, self.token.start, len(self.token.text), hint)

    def finish(self) -> None:
        if self.token.kind == "end":
            return
        hint = "texts go in single quotes" if self.token.kind in {"name", "number"} else ""
        self.fail("expected 'and', 'or' or the end", hint)

    # ── logic ──

    def either(self) -> Term:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise Refused(f"nested more than {MAX_NESTING} deep", self.token.start, 1, "split it into named values")
        parts = [self.both()]
        while self.word("or"):
            parts.append(self.both())
        self.depth -= 1
        return self._many("or", parts)

    def both(self) -> Term:
        parts = [self.negation()]
        while self.word("and"):
            parts.append(self.negation())
        return self._many("and", parts)

    def negation(self) -> Term:
        starts = []
        while self.token.kind == "word" and self.token.text.lower() == "not":
            starts.append(self.take().start)
        if len(starts) > MAX_NESTING:
            raise Refused("too many 'not'", starts[0], 3)
        term = self.test()
        for start in reversed(starts):
            term = Term("not", "", (term,), start, term.end)
        return term

    def _many(self, kind: str, parts: list[Term]) -> Term:
        return parts[0] if len(parts) == 1 else Term(kind, "", tuple(parts), parts[0].start, parts[-1].end)

    # ── tests ──

    def test(self) -> Term:
        left = self.sum()
        if self.token.text in COMPARISONS:
            return self.comparison(left)
        negated = self.token.text.lower() == "not" and self.tokens[self.index + 1].text.lower() in {"in", "between"}
        if negated:
            self.take()
        if self.word("between"):
            return self.between(left, negated=negated)
        if self.word("in"):
            return self.membership(left, negated=negated)
        if self.word("within"):
            return self.within(left)
        if self.word("is"):
            return self.state(left)
        return left

    def comparison(self, left: Term) -> Term:
        op = self.take()
        right = self.sum()
        if self.token.text in COMPARISONS:
            hint = "write 'a < b and b < c'"
            raise Refused("comparisons cannot be chained", self.token.start, len(self.token.text), hint)
        return Term("compare", op.text, (left, right), left.start, right.end)

    def between(self, left: Term, *, negated: bool) -> Term:
        low = self.sum()
        if not self.word("and"):
            self.fail("expected 'and'", "write 'x between 1 and 5'")
        high = self.sum()
        return Term("between", "not" if negated else "", (left, low, high), left.start, high.end)

    def membership(self, left: Term, *, negated: bool) -> Term:
        flag = "not" if negated else ""
        if self.token.text.lower() == "window":
            end = self.take().end
            return Term("window", flag, (left,), left.start, end)
        if self.token.kind == "param":
            options = self.atom()
            return Term("in", flag, (left, options), left.start, options.end)
        if self.token.text != "[":
            self.fail("expected a list", "write ['a', 'b'], a parameter, or 'window'")
        items, end = self.listing()
        return Term("in", flag, (left, *items), left.start, end)

    def listing(self) -> tuple[list[Term], int]:
        self.expect("[")
        items = []
        while self.token.text != "]":
            items.append(self.sum())
            if self.token.text != "]":
                self.expect(",")
        return items, self.take().end

    def within(self, left: Term) -> Term:
        amount = self.sum()
        unit = self.token.text.lower().rstrip("s") + "s"
        if unit not in {"days", "months", "years"}:
            self.fail("expected days, months or years", "write 'within 12 months'")
        return Term("within", unit, (left, amount), left.start, self.take().end)

    def state(self, left: Term) -> Term:
        negated = self.word("not")
        state = self.token.text.lower()
        if state == "null":
            raise Refused("nothing is null here", self.token.start, 4, "write 'is unknown' or 'is known'")
        if state not in {"known", "unknown", "applicable"}:
            self.fail("expected known, unknown or applicable", "write 'x is known', or 'x = …' to compare")
        return Term("state", f"not {state}" if negated else state, (left,), left.start, self.take().end)

    # ── arithmetic ──

    def sum(self) -> Term:
        return self._chain(("+", "-"), self.product)

    def product(self) -> Term:
        return self._chain(("*", "/"), self.sign)

    def _chain(self, ops: tuple[str, ...], read: Callable[[], Term]) -> Term:
        left = read()
        while self.token.kind == "op" and self.token.text in ops:
            op = self.take()
            right = read()
            left = Term("arithmetic", op.text, (left, right), left.start, right.end)
        return left

    def sign(self) -> Term:
        if self.token.kind == "op" and self.token.text == "-":
            start = self.take().start
            part = self.atom()
            return Term("negative", "", (part,), start, part.end)
        return self.atom()

    def atom(self) -> Term:
        token = self.token
        if token.text == "(":
            return self.parentheses()
        if token.kind == "name":
            self.take()
            return self.call(token) if self.token.text == "(" else Term("name", token.text, (), token.start, token.end)
        if token.kind in {"number", "text", "date", "param"}:
            self.take()
            return Term(token.kind, token.text, (), token.start, token.end)
        if token.kind == "word" and token.text.lower() in {
            "true",
            "false",
            "null",
            "as_of",
            "window_start",
            "rule_version",
        }:
            self.take()
            return Term(token.text.lower(), token.text, (), token.start, token.end)
        return self.fail("expected a name, a number, a date or a 'text'")

    def parentheses(self) -> Term:
        start = self.take().start
        inner = self.either()
        end = self.expect(")").end
        return Term(inner.kind, inner.text, inner.parts, start, end)

    def call(self, name: Token) -> Term:
        self.expect("(")
        arguments = []
        while self.token.text != ")":
            arguments.append(self.argument())
            if self.token.text != ")":
                self.expect(",")
        return Term("call", name.text, tuple(arguments), name.start, self.take().end)

    def argument(self) -> Term:
        if self.token.text != "[":
            return self.either()
        start = self.token.start
        items, end = self.listing()
        return Term("list", "", tuple(items), start, end)
