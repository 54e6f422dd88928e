"""The rule set of a call that only looks: kept beside the snapshot once it was loaded and found good.

A run always reads and checks the files themselves.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from connector.rules.kept import NoRuleSetError, dumped, loaded, told
from connector.rules.syntax.files import contents
from connector.wiring.keeping import keep, kept, program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.ports import Snapshot
    from connector.rules.kept import KeptRules
    from connector.wiring import Wiring

KIND = "rules"


def kept_rules(wiring: Wiring, snapshot: Snapshot) -> KeptRules:
    """The rules in force and what their values are made of, kept or loaded now; raises as loading does."""
    files, overrides = contents(wiring.rules_directory), {**wiring.settings.parameters, **wiring.overrides}
    of = made_of(files, overrides)
    data = kept(snapshot, KIND, of)
    with suppress(NoRuleSetError):
        if data is not None:
            return loaded(data)
    from connector.rules.loading import load_texts  # a call that finds them kept needs no parser

    found = told(load_texts(files, overrides))  # of these bytes: a file may be edited meanwhile
    keep(snapshot, KIND, of, dumped(found))
    return found


def made_of(files: Mapping[str, bytes], overrides: Mapping[str, object]) -> str:
    """Everything a rule set depends on, as text: this program, every byte of the files, and what overrides them."""
    digests = [(path, sha256(content).hexdigest()) for path, content in files.items()]
    return repr(
        (program(), digests, sorted((name, type(value).__name__, repr(value)) for name, value in overrides.items()))
    )
