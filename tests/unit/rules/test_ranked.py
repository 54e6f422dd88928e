"""`ranked`: what of an output is better and what is worse stands in the rules."""

from __future__ import annotations

import pytest

from connector.errors import UsageError
from connector.rules.loading import load_texts

RULES = """
version: 1
outputs:
  seg_fit: {{from: name, type: text, core: true, {0}, label: {{en: Fit, nl: Past}}}}
"""


def test_an_output_without_an_order_cannot_be_ranked() -> None:
    with pytest.raises(UsageError, match="'seg_fit' is ranked and has neither options nor a number"):
        load_texts({"r.yaml": RULES.format("ranked: true").encode()})
    load_texts({"r.yaml": RULES.format("ranked: false").encode()})
