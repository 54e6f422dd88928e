"""What the clients of all vendors do alike: pass calls on, judge answers, renew a token once, and read JSON.

A vendor brings a wire, its limits, and what its answers mean.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import orjson
from msgspec.structs import replace

from connector.crm.meaning import Meaning
from connector.crm.quota import Day
from connector.crm.transport import Again, Answer, Call, NoAnswer
from connector.crm.tries import no_answer
from connector.errors import BadAnswer, RetryLater

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.crm.transport import Transport
    from connector.errors import ConnectorError
    from connector.model.secrets import Secret


class Wire(Protocol):
    """One try of one call; never raises."""

    def send(self, call: Call, bearer: Secret | None) -> Answer | NoAnswer:
        """The answer, or why there is none."""

    def close(self) -> None:
        """Close every connection."""


class Bearer(Protocol):
    """Where the token of the next call comes from."""

    def bearer(self) -> Secret:
        """The token to send now."""

    def renew(self, refused: Secret, /) -> object:
        """Replace a token that was refused as expired, where that can be."""


class _Expired(RetryLater):
    """The token expired on the way; never leaves this module."""


class Words(Protocol):
    """An error body, as far as a vendor could read it."""

    def words(self) -> str:
        """The CRM's own words, short."""


LimitsOf = TypeVar("LimitsOf", bound=Day)
ProblemOf = TypeVar("ProblemOf", bound=Words)


@dataclass(kw_only=True, eq=False, repr=False)
class Client(ABC, Generic[LimitsOf, ProblemOf]):
    """The calls of one vendor."""

    vendor: ClassVar[str]
    address: ClassVar[str]
    """The setting that holds where it answers."""
    door: ClassVar[str]
    """The lane of logins: they carry no token and count for no day."""
    shapes: ClassVar[tuple[str, str]]
    """Its words for a page of markup, and for JSON that is not what was wanted."""

    wire: Wire
    limits: LimitsOf
    scrub: Callable[[str], str]
    now: Callable[[], datetime]
    chance: Callable[[], float] = random.random
    told_time: str = field(default="", init=False)
    """The CRM's clock as its last answer gave it (an HTTP date)."""
    transport: Transport = field(init=False)
    credentials: Bearer = field(init=False)

    @abstractmethod
    def meaning(self, call: Call, answer: Answer) -> Meaning:
        """What an answer to this call means."""

    @abstractmethod
    def again(self, call: Call, answer: Answer) -> Again:
        """How to try again after an answer that means AGAIN."""

    @abstractmethod
    def problem(self, answer: Answer) -> ProblemOf:
        """Read an error body."""

    @abstractmethod
    def refusal(self, meant: Meaning, text: str, found: ProblemOf) -> ConnectorError:
        """The error for a refusal; `text` tells of it."""

    def close(self) -> None:
        """Close connections."""
        self.wire.close()

    def server_time(self) -> datetime | None:
        """The CRM's clock as its last answer gave it; None when it gave none."""
        try:
            return parsedate_to_datetime(self.told_time).astimezone(UTC)
        except (TypeError, ValueError):
            return None

    def send(self, call: Call) -> Answer | NoAnswer:
        """One try (the transport's sender)."""
        if call.lane == self.door:
            return self.wire.send(call, None)
        with self.limits.call():
            answer = self.wire.send(call, self.credentials.bearer())
            if isinstance(answer, Answer):
                self.limits.see(call.lane, answer)
                self.told_time = answer.headers.get("Date", self.told_time)
        return answer

    def judge(self, call: Call, answer: Answer | NoAnswer, *, first: bool) -> Answer | Again:
        """What an answer means (the transport's judge)."""
        if isinstance(answer, NoAnswer):
            again = no_answer(answer, first=first, chance=self.chance)
            return replace(again, hint=self._whereabouts(answer)) if answer.hopeless or first else again
        meant = self.meaning(call, answer)
        if meant is Meaning.AGAIN:
            return self.again(call, answer)
        if meant is Meaning.EXPIRED and not call.renewed:
            raise _Expired(call.what)
        if meant not in (Meaning.GOOD, Meaning.TOLD):
            raise self._error(meant, call, answer)
        return answer

    def call(self, call: Call) -> Answer:
        """The final answer; a token that expired on the way is replaced once and the same call repeated."""
        bearer = self.credentials.bearer()
        try:
            return self.transport.call(call)
        except _Expired:
            pass
        self.credentials.renew(bearer)
        return self.transport.call(replace(call, renewed=True))

    def document(self, call: Call) -> tuple[Any, Answer]:
        """The JSON of the final answer to a call, None where it is none, and that answer."""
        answer = self.call(call)
        return decoded(answer), answer

    def object(self, call: Call) -> dict[str, Any]:
        """The JSON object a call is answered with."""
        document, answer = self.document(call)
        if isinstance(document, dict):
            return document
        raise self.unreadable(call, answer)

    def unreadable(self, call: Call, answer: Answer) -> BadAnswer:
        """The error for a body that is not the JSON it should be."""
        return BadAnswer(
            f"{call.what}: {self.vendor} answered {answer.status} with {self._shape(answer.body)}",
            hint=f"nothing was written; run again, and look for a proxy between here and {self.vendor} if it stays",
        )

    def advice(self, meant: Meaning) -> str:
        """What a person can do about a call that is refused as it is."""
        missing = meant is Meaning.MISSING
        return f"check {self.address}" if missing else f"{self.vendor}'s words say what it does not take"

    def _whereabouts(self, lost: NoAnswer) -> str:
        """What to do about an address that never answered: it may be wrong, or out of this machine's reach."""
        address = self.advice(Meaning.MISSING)
        if lost.hopeless:
            return f"{address}; SSL_CERT_FILE names the certificate of an authority of your own"
        if lost.unknown:
            return f"{address}, or see why this machine cannot resolve the name"
        return f"{address}, or see whether it is up and this machine may reach it, and run again"

    def _error(self, meant: Meaning, call: Call, answer: Answer) -> ConnectorError:
        if meant is Meaning.REDIRECT:
            where = f"set {self.address} to the address {self.vendor} answers at"
            return BadAnswer(
                f"{call.what}: {self.vendor} redirects elsewhere (HTTP {answer.status})",
                hint=f"{where}; redirects are not followed with a token",
            )
        found = self.problem(answer)
        text = f"{call.what}: {self.scrub(found.words())}"
        if meant is Meaning.DAY_USED:
            return self.transport.brake.stop(self.limits.used_up(text))
        return self.refusal(meant, text, found)

    def _shape(self, body: bytes) -> str:
        """What a body that is not the wanted JSON looks like, without repeating it."""
        text, (markup, other) = body.lstrip(), self.shapes
        if not text:
            return "an empty body"
        if text.startswith(b"<"):
            return markup
        if text.startswith((b"{", b"[")):
            return f"JSON that is cut or {other} ({len(body)} bytes)"
        return f"a body that is not JSON ({len(body)} bytes)"


def decoded(answer: Answer) -> Any:
    """The JSON of a body; None when it is none."""
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
