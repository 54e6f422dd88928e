"""Laws of masking: a secret in any spelling an encoder gives it is gone, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.model.secrets import LONG, MASK, Scrubber, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

CHARACTERS = st.characters(min_codepoint=33, max_codepoint=0x1F600, exclude_categories=["Cs", "Z", "Cc", "Cn"])
ASCII = st.characters(min_codepoint=33, max_codepoint=126)
SECRETS = st.text(CHARACTERS | ASCII, min_size=LONG, max_size=40).filter(lambda text: text == text.strip())
PLAIN = st.text(st.sampled_from("abcdefg hij 012 =:/.,"), max_size=60)
SHORT = st.text(st.sampled_from("abcdefgh0123"), min_size=4, max_size=LONG - 1)

law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No deadline where the machine's load decides."""

SPELLINGS: list[Callable[[str], str]] = [
    str,
    quote,
    quote_plus,
    html.escape,
    repr,
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe="!*'()~"),  # as JavaScript's encodeURIComponent leaves them
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: quote(text, safe="").lower(),
    json.dumps,
    lambda text: json.dumps(text, ensure_ascii=False),
    lambda text: json.dumps(json.dumps(text)),
    lambda text: json.dumps(json.dumps(json.dumps(text))),
    lambda text: json.dumps(text).replace("/", "\\/"),  # as PHP writes it
    lambda text: orjson.dumps({"token": text}).decode(),
    lambda text: json.dumps({"url": f"https://x.test/?t={quote(text, safe='')}"}),
    lambda text: repr(text.encode()),
    lambda text: repr({"token": text}),
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    lambda text: base64.b64encode(f"me:{text}:x".encode()).decode(),
    lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
]


@law
@given(secret=SECRETS, spelling=st.sampled_from(SPELLINGS), before=PLAIN, after=PLAIN)
def test_a_secret_is_gone_in_every_spelling(
    secret: str, spelling: Callable[[str], str], before: str, after: str
) -> None:
    spelled = spelling(secret)
    masked = Scrubber([Secret(secret)])(f"{before} {spelled} {after}")
    assert MASK in masked
    assert spelled not in masked
    assert secret not in masked


@law
@given(secret=SECRETS, text=PLAIN)
def test_a_text_without_the_secret_stays_as_it_is(secret: str, text: str) -> None:
    if secret.lower() not in text.lower():
        assert Scrubber([Secret(secret)])(text) == text


@law
@given(secret=SHORT, spelling=st.sampled_from(SPELLINGS[:10]))
def test_a_short_secret_is_masked_where_it_stands_alone(secret: str, spelling: Callable[[str], str]) -> None:
    scrub = Scrubber([Secret(secret)])
    for text in (f"password={spelling(secret)}", f"x {spelling(secret)}, y", f"({spelling(secret)})"):
        assert secret not in scrub(text)


@law
@given(secret=SHORT, before=st.sampled_from("xyz789"), after=st.sampled_from("xyz789"))
def test_a_short_secret_does_not_shred_longer_words(secret: str, before: str, after: str) -> None:
    line = f"2026-06-01 level=info event=read word={before}{secret}{after} in 12 ms"
    assert Scrubber([Secret(secret)])(line) == line


@law
@given(secret=st.text(ASCII, min_size=1, max_size=3))
def test_a_secret_of_three_letters_masks_nothing_by_itself(secret: str) -> None:
    line = "2026-06-01 level=info event=read in 12 ms"
    assert Scrubber([Secret(secret)])(line) == line


@law
@given(secrets=st.lists(SECRETS, min_size=2, max_size=5), text=PLAIN)
def test_many_secrets_are_masked_as_one_is(secrets: list[str], text: str) -> None:
    masked = Scrubber(map(Secret, secrets))(" ".join([text, *secrets]))
    assert not [secret for secret in secrets if secret in masked]


def test_what_is_named_as_a_secret_is_masked_unasked() -> None:
    scrub = Scrubber()
    assert scrub("password=hunter2&user=me") == "password=***&user=me"
    assert scrub('{"client_secret": "abc", "user": "me"}') == '{"client_secret": "***", "user": "me"}'
    assert scrub("Authorization: Basic dTpw") == "Authorization: Basic ***"
    assert scrub("crm.refresh_token: cannot read it") == "crm.refresh_token: cannot read it"
