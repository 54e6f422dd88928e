"""Step: verdicts against the CRM and the journal; every intended change goes to the journal, account by account."""

from __future__ import annotations

from itertools import chain, groupby, islice
from typing import TYPE_CHECKING

from connector.model.changes import Change, Landed, Target
from connector.model.outputs import TIER
from connector.model.runs import Reason, counted
from connector.planning.causes import Basis
from connector.planning.compare import AccountPlan, key, plan_account
from connector.planning.doubt import ranks, waits
from connector.planning.plan import Digest, Plan
from connector.planning.tally import Tally
from connector.planning.undo import Undone
from connector.ports import EvaluationRequest
from connector.sync import memory
from connector.sync.beside import joined, tell_matched
from connector.sync.calls import calls
from connector.sync.pull import earlier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from connector.model.verdicts import AccountContext, Difference
    from connector.planning.compare import Key
    from connector.ports import Evaluation, Journal, QuarantineRow, Snapshot
    from connector.sync.going import Going

ACCOUNTS_AT_ONCE = 500
UNREADABLE_SHOWN = 20


def evaluate(going: Going, snapshot: Snapshot) -> Evaluation:
    """Apply the rules to the snapshot; the caller closes the evaluation."""
    parts, before = going.parts, earlier(going)
    request = EvaluationRequest(
        files=snapshot.files,
        as_of=going.as_of,
        time_zone=parts.policy.time_zone,
        home_currency=parts.policy.home_currency,
        language=parts.policy.language,
        before=before.files if before else {},
        beside=joined(snapshot, {table.name: table.join for table in parts.beside}, as_of=going.as_of, before=before),
        keeps_false=parts.crm.keeps_false,
        remembers=_remembers(parts.journal),
    )
    evaluation = parts.engine.evaluate(parts.rules, request, parts.progress)
    figures = evaluation.figures()
    going.figures.update(evaluated=figures.evaluated, active_customers=figures.active_customers)
    if not figures.evaluated:
        going.reasons.append(Reason("NO_ACCOUNTS", going.say("NO_ACCOUNTS", day=going.as_of.isoformat())))
    _tell_unreadable(going, evaluation)
    tell_matched(going, evaluation, request.beside)
    return evaluation


def _remembers(journal: Journal) -> bool:
    """Whether what we wrote before is an earlier state: not so while a first run never came to its end."""
    return memory.last_good(journal) is not None or not journal.has_written()


def make_plan(going: Going, evaluation: Evaluation, *, doubted: bool = False) -> Plan:
    """Compare account by account and journal what comes out; the values of writes that are still open are ours.

    Where data seem to be missing (`doubted`), accounts that would come out worse wait for a person.
    """
    maker = _Maker(going, evaluation, doubted=doubted)
    for accounts in _chunks(evaluation.differences(), ACCOUNTS_AT_ONCE):
        maker.take(accounts)
    going.figures.update(changes=maker.tally.changes, kept=maker.tally.kept, quarantined=maker.tally.set_aside)
    now = maker.now
    going.plan = Plan(
        run=going.run,
        as_of=now.as_of,
        rule_version=now.rule_version,
        made_at=going.now,
        digest=maker.digest.text(),
        tally=maker.tally,
        calls=calls(
            going.parts.crm,
            maker.tally.records,
            maker.tally.by_property,
            looks_for_edits=bool(going.parts.policy.quiet),
        ),
        going_on=maker.going_on,
    )
    _note(going, going.plan, now, waiting=maker.waiting.text())
    memory.leave(going.parts.journal, going.run, maker.left)
    return going.plan


class _Maker:
    """Folds accounts into the journal, the tally and the digest."""

    def __init__(self, going: Going, evaluation: Evaluation, *, doubted: bool) -> None:
        journal, policy = going.parts.journal, going.parts.policy
        good = memory.last_good(journal)
        self.going = going
        self.before = memory.basis(good)
        self.now = Basis(
            rule_version=evaluation.rule_version,
            as_of=going.as_of,
            home_currency=policy.home_currency,
            language=policy.language,
            parameters={name: str(rule.value) for name, rule in going.parts.rules.parameters.items()},
        )
        self.follows = frozenset(output.name for output in evaluation.outputs if output.follows)
        self.undone = memory.undone(journal) if self._same_inputs() else Undone()
        self.first = not journal.has_written()
        self.quarantined = {(row.target, row.record): row for row in journal.quarantined() if row.next_try > going.now}
        self.merged = going.parts.mirror.merged()
        self.ranks = ranks(evaluation.outputs)
        best_first = self.ranks.get(TIER, ())
        self.tally, self.digest = Tally(best_first=best_first), Digest()
        self.left: dict[str, str] = {}
        self.going_on = Tally(best_first=best_first) if doubted else None
        self.waiting = Digest()
        """Of the changes that wait for a person while others go on."""

    def take(self, accounts: Sequence[tuple[AccountContext, Sequence[Difference]]]) -> None:
        """Plan some accounts: one question to the journal, one answer into it."""
        ours = self._ours(accounts)
        policy = self.going.parts.policy
        plans = [
            self._named(
                plan_account(
                    context,
                    differences,
                    ours=ours,
                    edited_values=policy.edited_values,
                    on_edit=policy.on_edit,
                    before=self.before,
                    now=self.now,
                )
            )
            for context, differences in accounts
        ]
        self._count(plans)
        if self.going.parts.listing is not None:
            self.going.parts.listing(plans)
        journal = self.going.parts.journal
        if self.going_on is None:
            journal.intend(self.going.run, chain.from_iterable(plan.changes for plan in plans))
        else:
            self._intend_what_goes_on(plans, self.going_on)
        if any(plan.kept for plan in plans):
            kept = chain.from_iterable(plan.kept for plan in plans)
            journal.intend(self.going.run, kept, landed=Landed.KEPT, reason=self.going.say("kept"))

    def _intend_what_goes_on(self, plans: Sequence[AccountPlan], going_on: Tally) -> None:
        """Journal the changes in their order, those of accounts that wait for a person as waiting."""
        reason = self.going.say("missing")
        for waiting, group in groupby(plans, key=lambda plan: waits(plan, ranks=self.ranks)):
            mine = list(group)
            changes = list(chain.from_iterable(plan.changes for plan in mine))
            if waiting:
                self.waiting.add(changes)
                self.going.parts.journal.intend(self.going.run, changes, landed=Landed.WAITING, reason=reason)
            else:
                self.going.parts.journal.intend(self.going.run, changes)
                for plan in mine:
                    going_on.add(plan)
                    going_on.undone_again += self.undone.rewritten(plan, follows=self.follows)

    def _count(self, plans: Sequence[AccountPlan]) -> None:
        self.tally.add(*plans)
        self.tally.undone_again += sum(self.undone.rewritten(plan, follows=self.follows) for plan in plans)
        self.digest.add(chain.from_iterable(plan.changes for plan in plans))

    def _ours(self, accounts: Sequence[tuple[AccountContext, Sequence[Difference]]]) -> dict[Key, Sequence[str | None]]:
        if self.first:
            return {}
        keys = [key(item) for _, differences in accounts for item in differences]
        ours: dict[Key, Sequence[str | None]] = dict(self.going.parts.journal.last_written(keys))
        ours = self._inherited(keys, besides=ours) | ours
        still_open = self.going.open_values
        for name in still_open.keys() & set(keys):
            ours[name] = (*ours.get(name, ()), *still_open[name])
        return ours

    def _inherited(self, keys: Sequence[Key], *, besides: Collection[Key]) -> dict[Key, Sequence[str | None]]:
        """What we wrote on records that were merged since: the survivor holds it, often under an id of its own.

        Where the CRM lets the survivor's own empty value win (Salesforce), empty is ours too: we never wrote there.
        """
        before: dict[Key, Key] = {
            (target, old, name): (target, record, name)
            for target, record, name in keys
            if target is Target.ACCOUNT and (target, record, name) not in besides
            for old in self.merged.get(record, ())
        }
        found: dict[Key, Sequence[str | None]] = {}
        for was, values in (self.going.parts.journal.last_written(before) if before else {}).items():
            found[before[was]] = (*found.get(before[was], (None,)), *values)
        return found

    def _named(self, plan: AccountPlan) -> AccountPlan:
        return self._without_quarantined(self.undone.named(plan, follows=self.follows))

    def _without_quarantined(self, plan: AccountPlan) -> AccountPlan:
        """Leave out records whose next try is not yet due; they are journalled with the CRM's words."""
        if not self.quarantined:
            return plan
        left_out: dict[tuple[Target, str], list[Change]] = {}
        for change in plan.changes:
            if (change.target, change.record) in self.quarantined:
                left_out.setdefault((change.target, change.record), []).append(change)
        for record, changes in left_out.items():
            reason = _set_aside(self.going, self.quarantined[record])
            self.left[changes[0].account] = str(changes[0].cause)
            self.going.parts.journal.intend(self.going.run, changes, landed=Landed.SKIPPED, reason=reason)
        self.tally.set_aside += len(left_out)
        free = tuple(change for change in plan.changes if (change.target, change.record) not in left_out)
        return AccountPlan(plan.context, free, plan.kept)

    def _same_inputs(self) -> bool:
        before, now = self.before, self.now
        return before is not None and (before.rule_version, before.home_currency) == (
            now.rule_version,
            now.home_currency,
        )


def _set_aside(going: Going, row: QuarantineRow) -> str:
    return going.say("set_aside", moment=f"{row.next_try:%Y-%m-%d %H:%M %Z}", words=row.reason)


def _note(going: Going, plan: Plan, now: Basis, *, waiting: str) -> None:
    journal = going.parts.journal
    journal.note(
        going.run,
        as_of=plan.as_of,
        rule_version=plan.rule_version,
        digest=plan.digest,
        figures=dict(going.figures),
        details={
            "parameters": dict(now.parameters),
            "home_currency": now.home_currency,
            "language": now.language,
            "made_at": plan.made_at.isoformat(),
            "after": journal.recall(memory.APPLIED),
            "good": journal.recall(memory.GOOD),
            "waiting_digest": waiting,
        },
    )


def _tell_unreadable(going: Going, evaluation: Evaluation) -> None:
    for reason in evaluation.unreadable[:UNREADABLE_SHOWN]:
        going.partial(going.told(reason))
    going.figures["unreadable"] = counted(evaluation.unreadable)


def _chunks(
    accounts: Iterable[tuple[AccountContext, Sequence[Difference]]], size: int
) -> Iterator[list[tuple[AccountContext, Sequence[Difference]]]]:
    iterator = iter(accounts)
    while chunk := list(islice(iterator, size)):
        yield chunk
