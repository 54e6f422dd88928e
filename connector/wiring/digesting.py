"""The moves of a run for `[alerts] digest`: what was written of tier and say-no, whose book, and by what name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import ConnectorError
from connector.model.changes import Landed, Target
from connector.model.outputs import SAY_NO, TIER
from connector.model.runs import RunOutcome
from connector.model.texts import one_line
from connector.wiring.lookup import ID, accounts
from connector.worker.digest import Move, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.model.changes import Change
    from connector.model.texts import Texts
    from connector.sync import Result
    from connector.wiring import Wiring
    from connector.worker.notify import Herald

YES = "true"


def tell_moves(wiring: Wiring, result: Result, herald: Herald, *, say: Callable[[str], None]) -> None:
    """Send the digest of a run that wrote something, where `[alerts] digest` asks for it.

    What goes wrong with it is said: what was written is written, and a message must not undo that.
    """
    wanted = wiring.settings.alerts.digest and result.figures["written"]
    if not wanted or result.outcome not in {RunOutcome.OK, RunOutcome.PARTIAL}:
        return
    try:
        message = digest(moves(wiring, result.run, texts=herald.texts), run=result.run, texts=herald.texts)
    except (ConnectorError, OSError, ValueError) as error:  # ValueError: a file that is no Parquet any more
        why = error if isinstance(error, ConnectorError) else f"the state cannot be read ({type(error).__name__})"
        say(f"no digest of run {result.run}: {why}")
        return
    if message is not None:
        herald.say(message)


def moves(wiring: Wiring, run: str, *, texts: Texts) -> list[Move]:
    """The accounts that had a tier before and have another one, or another say-no flag, since this run."""
    found: dict[str, dict[str, Change]] = {}
    for row in wiring.journal.changes(run):
        change = row.change
        if row.landed == Landed.WRITTEN and change.target is Target.ACCOUNT and change.property in {TIER, SAY_NO}:
            found.setdefault(change.account, {})[change.property] = change
    told = {account: words for account, changes in found.items() if any(words := _words(wiring, changes, texts))}
    about = _about(wiring, list(told))
    return [Move(account, *about.get(account, ("", "")), *words) for account, words in told.items()]


def _words(wiring: Wiring, changes: Mapping[str, Change], texts: Texts) -> tuple[str, str]:
    """A first assignment is no move, and brings no news of its say-no flag either."""
    tier, flag = changes.get(TIER), changes.get(SAY_NO)
    if tier is not None and tier.old is None:
        return "", ""
    label = wiring.labels.value
    moved = f"{label(TIER, tier.old)} → {label(TIER, tier.new)}" if tier else ""
    if flag is None or (flag.old == YES) == (flag.new == YES):
        return moved, ""
    return moved, texts.say("now_no") if flag.new == YES else texts.say("no_longer_no")


def _about(wiring: Wiring, moved: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Per account its name and its owner's id, as the mirror has them."""
    rows = accounts(wiring.store.mirror.current(), moved, "name", "owner_id")
    return {str(row[ID]): (one_line(row.get("name") or ""), row.get("owner_id") or "") for row in rows}
