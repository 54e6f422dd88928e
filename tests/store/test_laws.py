"""The journal against a model of it, through any sequence of intents, sends, answers, deaths and takings-over."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connector.model.changes import Change, Landed, Outcome, Target
from connector.model.runs import RunOutcome
from connector.store import Store, open_store
from tests.store.conftest import START, FakeClock

Key = tuple[Target, str, str]
RECORDS = ("1", "2", "3")
PROPERTIES = ("seg_tier", "seg_say_no")
KEYS: list[Key] = [(target, record, name) for target in Target for record in RECORDS for name in PROPERTIES]
VALUES = st.sampled_from([None, "small", "large", "true"])
keys = st.sampled_from(KEYS)


@dataclass
class Planned:
    """One change as the model remembers it."""

    seq: int
    run_no: int
    key: Key
    new: str | None
    tries: int = 0
    landed: str | None = None

    @property
    def under_way(self) -> bool:
        return self.tries > 0 and self.landed in {None, "unsettled"}


@dataclass
class Model:
    """What a journal must know, told as plainly as possible."""

    runs: list[str] = field(default_factory=list)
    changes: list[Planned] = field(default_factory=list)
    written: dict[Key, tuple[int, str | None]] = field(default_factory=dict)

    def of(self, run: str) -> list[Planned]:
        return [change for change in self.changes if change.run_no == self.runs.index(run)]

    def ours(self, key: Key) -> tuple[str | None, ...]:
        at, value = self.written.get(key, (-1, None))
        waiting = [c.new for c in self.changes if c.key == key and c.under_way and c.run_no >= at]
        return tuple(dict.fromkeys(([value] if at >= 0 else []) + waiting))

    def land(self, run: str, target: Target, record: str, landed: Landed) -> None:
        for change in self.of(run):
            if change.key[:2] == (target, record) and change.under_way:
                change.landed = landed.value
                if landed is Landed.WRITTEN and change.run_no >= self.written.get(change.key, (-1, None))[0]:
                    self.written[change.key] = (change.run_no, change.new)


class Lives(RuleBasedStateMachine):
    """One process after the other on the same state."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.model = Model()

    @initialize()
    def begin(self) -> None:
        self.store = self.opened()
        self.start()

    def opened(self) -> Store:
        here = Path(self.folder.name)
        return open_store(f"sqlite:///{here}/t.db", here / "mirror", clock=FakeClock())

    @rule()
    def start(self) -> None:
        run = f"r{len(self.model.runs)}"
        self.store.journal.start(run=run, command="sync", now=START)
        self.model.runs.append(run)

    @rule()
    def die(self) -> None:
        """Whatever was going on: another process takes up the state."""
        self.store.close()
        self.store = self.opened()

    @rule(wanted=st.dictionaries(keys, VALUES, min_size=1, max_size=6))
    def intend(self, wanted: dict[Key, str | None]) -> None:
        run = self.model.runs[-1]
        planned = {change.key for change in self.model.of(run)}
        new = {key: value for key, value in wanted.items() if key not in planned}
        changes = [Change(record, target, record, name, "old", value) for (target, record, name), value in new.items()]
        self.store.journal.intend(run, changes)
        for key, value in new.items():
            seq = max((change.seq for change in self.model.of(run)), default=0) + 1
            self.model.changes.append(Planned(seq, len(self.model.runs) - 1, key, value))

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        run = self.model.runs[-1]
        sendable = [change for change in self.model.of(run) if change.landed != "written"]
        chosen = [change for change in sendable if data.draw(st.booleans())]
        with self.store.lease.hold(wait_seconds=0):
            self.store.journal.sending(run, [change.seq for change in chosen])
        for change in chosen:
            change.tries += 1
            change.landed = None

    @precondition(lambda self: self.model.changes)
    @rule(data=st.data(), landed=st.sampled_from([one for one in Landed if one is not Landed.KEPT]))
    def land(self, data: st.DataObject, landed: Landed) -> None:
        """An answer arrives: in this run, or found out about an earlier one."""
        change = data.draw(st.sampled_from(self.model.changes))
        run, (target, record, _) = self.model.runs[change.run_no], change.key
        self.store.journal.land(run, [Outcome(target, record, landed)], now=START)
        self.model.land(run, target, record, landed)

    @rule()
    def finish(self) -> None:
        self.store.journal.finish(self.model.runs[-1], outcome=RunOutcome.OK, now=START)

    @rule(kind=st.sampled_from(list(Target)), record=st.sampled_from(RECORDS))
    def forget(self, kind: Target, record: str) -> None:
        self.store.journal.forget(kind, [record])
        gone = {key for key in KEYS if key[:2] == (kind, record)}
        # With an account go the changes of its deals: here a deal and its account have the same id.
        of_account = {key for key in KEYS if key[1] == record} if kind is Target.ACCOUNT else gone
        self.model.changes = [change for change in self.model.changes if change.key not in of_account]
        self.model.written = {key: value for key, value in self.model.written.items() if key not in gone}

    @invariant()
    def it_knows_what_is_ours(self) -> None:
        if not hasattr(self, "store"):
            return
        found = self.store.journal.last_written(KEYS)
        assert {key: set(values) for key, values in found.items()} == {
            key: set(self.model.ours(key)) for key in KEYS if self.model.ours(key)
        }
        acknowledged = {key: values[0] for key, values in found.items() if key in self.model.written}
        assert acknowledged == {key: value for key, (_, value) in self.model.written.items()}

    @invariant()
    def it_knows_what_became_of_every_change(self) -> None:
        for run in self.model.runs[-2:]:
            rows = [(row.seq, row.landed, row.tries) for row in self.store.journal.changes(run)]
            assert rows == [(change.seq, change.landed, change.tries) for change in self.model.of(run)]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
        self.folder.cleanup()


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
