"""Secrets: resolved late, shown never, masked in any form."""

import base64
import copy
import json
import pickle
import re
import traceback
from pathlib import Path
from urllib.parse import quote, quote_plus

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import UsageError
from connector.model.secrets import Scrubber, Secret
from connector.settings.reference import Reference
from connector.settings.vault import Vault

PLANTED = 'pat-na1 "planted"/+=é&0123456789'


def vault(folder: Path | None = None, **environ: str) -> Vault:
    return Vault(environ=environ, folder=folder or Path())


def test_an_environment_reference_is_resolved() -> None:
    assert vault(T="  abcdef\n").secret(Reference("env", "T"), key="crm.token").reveal() == "abcdef"


def test_a_file_reference_is_relative_to_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abcdef\n")
    (tmp_path / "token").chmod(0o600)
    assert vault(tmp_path).secret(Reference("file", "token"), key="crm.token").reveal() == "abcdef"


@pytest.mark.parametrize("environ", [{}, {"T": ""}, {"T": " "}])
def test_a_reference_that_leads_nowhere_names_key_and_reference(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"crm\.token: env:T is not set or empty") as caught:
        Vault(environ=environ, folder=Path()).secret(Reference("env", "T"), key="crm.token")
    assert "export T=" in caught.value.hint


def test_a_missing_secret_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"crm\.token: cannot read .*nowhere: No such file"):
        vault(tmp_path).secret(Reference("file", "nowhere"), key="crm.token")


def test_a_secret_is_never_shown() -> None:
    secret = Secret(PLANTED)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", repr({"token": secret}), repr(vars_of(secret))]
    assert not any("planted" in text for text in shown)
    for dump in (json.dumps, orjson.dumps, pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            dump(secret)


def vars_of(value: object) -> object:
    return getattr(value, "__dict__", None)


def test_a_traceback_with_locals_does_not_show_a_secret() -> None:
    secret = Secret(PLANTED)
    with pytest.raises(ZeroDivisionError) as caught:
        divided_beside(secret)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "Secret(***)" in shown
    assert PLANTED not in shown


def divided_beside(secret: Secret) -> float:
    return 1 / len(str(secret)[3:])


@pytest.mark.parametrize(
    "form",
    [
        PLANTED,
        quote(PLANTED, safe=""),
        quote(PLANTED),
        quote_plus(PLANTED),
        quote(PLANTED, safe="").lower(),
        json.dumps(PLANTED),
        json.dumps(PLANTED, ensure_ascii=False),
        json.dumps(json.dumps(PLANTED)),
        repr(PLANTED),
        repr(PLANTED.encode()),
        base64.b64encode(PLANTED.encode()).decode(),
        base64.urlsafe_b64encode(PLANTED.encode()).decode(),
        base64.b64encode(f"me:{PLANTED}".encode()).decode(),
        base64.b64encode(f"{PLANTED}:x".encode()).decode(),
        f"Bearer {PLANTED}, again {PLANTED}",
    ],
)
def test_a_secret_is_masked_in_every_form(form: str) -> None:
    box = vault(T=PLANTED)
    box.secret(Reference("env", "T"), key="crm.token")
    masked = box.scrub(f"before {form} after")
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert "***" in masked
    for piece in ("planted", "0123456789", base64.b64encode(b"planted").decode()[:8]):
        assert piece not in masked


@settings(deadline=None)
@given(secret=st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=12), offset=st.integers(0, 5))
def test_a_secret_inside_base64_is_masked_at_every_alignment(secret: str, offset: int) -> None:
    scrub = Scrubber([Secret(secret)])
    hidden = base64.b64encode(b"x" * offset + secret.encode() + b"tail").decode()
    assert "***" in scrub(hidden)


def test_lines_of_a_key_file_are_masked_one_by_one() -> None:
    scrub = Scrubber()
    scrub.add(Secret("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQC7\n-----END KEY-----"))
    assert scrub("x MIIEvQIBADANBgkqhkiG9w0BAQEF y") == "x *** y"


def test_nothing_is_masked_before_a_secret_is_known() -> None:
    assert vault().scrub("plain text") == "plain text"


@pytest.mark.parametrize(
    "line",
    ["Authorization: Bearer abcdef", "x pat-eu1-0123abcd-ffff y", "grant_type=x&refresh_token=abcdef&client_id=1"],
)
def test_what_looks_like_a_token_is_masked_unasked(line: str) -> None:
    masked = vault().scrub(line)
    assert "***" in masked
    assert not re.search("abcdef|0123abcd", masked)


def test_a_secret_file_others_may_read_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abcdef")
    (tmp_path / "token").chmod(0o640)
    assert vault(tmp_path).readable_by_others(Reference("file", "token"))
    (tmp_path / "token").chmod(0o600)
    assert not vault(tmp_path).readable_by_others(Reference("file", "token"))


def test_months_of_rotated_tokens_neither_fill_the_memory_nor_lose_the_ones_in_use() -> None:
    box = vault(T="the-token-of-the-settings")
    box.secret(Reference("env", "T"), key="crm.refresh_token")
    sizes = []
    for day in range(60):
        box.scrub.add(Secret(f"rotated-on-day-{day:04}"), name="crm.rotated")
        box.scrub(f"what was said on day {day}")
        sizes.append(len(str(vars(box.scrub))))
    assert sizes[-1] == sizes[10]
    line = "rotated-on-day-0059 rotated-on-day-0058 rotated-on-day-0057 the-token-of-the-settings"
    assert box.scrub(line) == "*** *** *** ***"
    assert box.scrub("rotated-on-day-0003") == "rotated-on-day-0003"


def test_a_token_that_comes_again_pushes_no_other_out() -> None:
    scrub = Scrubber()
    for token in ("first-token-1", "other-token-2", *["other-token-2"] * 9):
        scrub.add(Secret(token), name="crm.rotated")
    assert scrub("first-token-1 other-token-2") == "*** ***"
