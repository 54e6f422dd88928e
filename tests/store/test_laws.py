"""The journal against a model of it, through any sequence of intents, sends, answers, deaths and takings-over."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connector.model.changes import Change, Landed, Outcome, Target
from connector.sandbox.chance import seeded
from connector.store import Store, open_store
from tests.store.conftest import START, FakeClock, in_memory

Key = tuple[Target, str, str]
KEYS: list[Key] = [  # few, so that runs meet on them
    (Target.ACCOUNT, "1", "seg_tier"),
    (Target.ACCOUNT, "1", "seg_say_no"),
    (Target.DEAL, "1", "seg_tier"),
    (Target.ACCOUNT, "2", "seg_tier"),
]
VALUES = (None, "small", "large", "true")


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


class Lives:
    """One process after the other on the same state, doing what a seed makes them do."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = seeded(seed)
        self.model = Model()
        self.store = self.opened()
        self.start()

    def opened(self) -> Store:
        return open_store(f"sqlite:///{self.folder}/t.db", self.folder / "mirror", clock=FakeClock())

    def step(self) -> None:
        acts = {self.land: 6, self.run_again: 3, self.intend: 1, self.send: 2, self.forget: 1, self.die: 1}
        self.chance.choices(list(acts), list(acts.values()))[0]()

    def start(self) -> None:
        run = f"r{len(self.model.runs)}"
        self.store.journal.start(run=run, command="sync", now=START)
        self.model.runs.append(run)

    def run_again(self) -> None:
        self.start()
        self.intend()
        self.send()

    def die(self) -> None:
        """Whatever was going on: another process takes up the state."""
        self.store.close()
        self.store = self.opened()

    def intend(self) -> None:
        run = self.model.runs[-1]
        open_keys = set(KEYS) - {change.key for change in self.model.of(run)}
        wanted = {key: self.chance.choice(VALUES) for key in sorted(open_keys) if self.chance.random() < 0.5}
        changes = [Change(record, target, record, name, "old", new) for (target, record, name), new in wanted.items()]
        self.store.journal.intend(run, changes)
        seq = max((change.seq for change in self.model.of(run)), default=0)
        for at, (key, new) in enumerate(wanted.items(), 1):
            self.model.changes.append(Planned(seq + at, len(self.model.runs) - 1, key, new))

    def send(self) -> None:
        run = self.model.runs[-1]
        chosen = [c for c in self.model.of(run) if c.landed != "written" and self.chance.random() < 0.7]
        with self.store.lease.hold(wait_seconds=0):
            self.store.journal.sending(run, [change.seq for change in chosen])
        for change in chosen:
            change.tries += 1
            change.landed = None

    def land(self) -> None:
        """An answer arrives: in this run, or found out about an earlier one."""
        if not self.model.changes:
            return
        change = self.chance.choice(self.model.changes)
        landed = self.chance.choice([*Landed, Landed.WRITTEN, Landed.WRITTEN])
        run, (target, record, _) = self.model.runs[change.run_no], change.key
        self.store.journal.land(run, [Outcome(target, record, landed)], now=START)
        self.model.land(run, target, record, landed)

    def forget(self) -> None:
        target, record, _ = self.chance.choice(KEYS)
        self.store.journal.forget(target, [record])
        gone = {key for key in KEYS if key[:2] == (target, record)}
        # With an account go its deals, as far as a plan names them: here a deal and its account have the same id.
        planned = {change.key[:2] for change in self.model.changes}
        if target is Target.ACCOUNT and (Target.DEAL, record) in planned:
            gone |= {key for key in KEYS if key[:2] == (Target.DEAL, record)}
        of_account = {key for key in KEYS if key[1] == record} if target is Target.ACCOUNT else gone
        self.model.changes = [change for change in self.model.changes if change.key not in of_account]
        self.model.written = {key: value for key, value in self.model.written.items() if key not in gone}

    def check(self) -> None:
        """The journal knows what is ours, the acknowledged value first, and what became of every change."""
        found = self.store.journal.last_written(KEYS)
        assert found == {key: self.model.ours(key) for key in KEYS if self.model.ours(key)}
        for run in self.model.runs:
            rows = [(row.seq, row.landed, row.tries) for row in self.store.journal.changes(run)]
            assert rows == [(change.seq, change.landed, change.tries) for change in self.model.of(run)]


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_of_lives_leaves_what_a_model_of_it_knows(seed: int) -> None:
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        lives = Lives(Path(folder), seed)
        for _ in range(50):
            lives.step()
            lives.check()
        lives.store.close()
