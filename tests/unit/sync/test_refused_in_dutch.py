"""Who reads Dutch is told in Dutch why a plan is not written, and what to do, without English words around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from connector.errors import StopRun, UsageError
from connector.model.changes import Target
from tests.twins.fate import Crash
from tests.unit.sync.writing import breaks_off, house, planned

if TYPE_CHECKING:
    from connector.sync import Result
    from tests.twins import House

ANEW = "`tiersync sync` maakt een nieuw plan"


def dutch() -> House:
    made = house()
    made.policy = replace(made.policy, language="nl")
    return made


def told(result: Result) -> tuple[int, str, str]:
    """The exit code of a refusal, what it says, and its hint."""
    return result.exit_code, result.reasons[-1].message, result.hint


def test_a_run_that_was_written_in_part_is_told_in_dutch() -> None:
    made = dutch()
    held = made.walk().sync()
    breaks_off(made, Crash())
    with pytest.raises(Crash):
        made.walk().approve(held.run, reason="gezien")
    text = f"run {held.run} is voor een deel weggeschreven, 12 van de {held.figures['changes']} waarden"
    hint = "`tiersync sync` handelt af wat hij achterliet en maakt van de rest een nieuw plan"
    found = told(made.walk().approve(held.run, reason="gezien"))
    assert found == (3, f"{text}: zijn proces is gestopt zonder bericht", hint)


def test_a_run_that_failed_before_it_wrote_is_told_in_dutch() -> None:
    made = dutch()

    def closed() -> None:
        raise StopRun("vol")

    made.crm.on_preflight = closed
    run = made.walk().sync(yes=True).run
    text = f"run {run} eindigde voordat er iets was weggeschreven: vol"
    assert told(made.walk().approve(run, reason="x")) == (3, text, ANEW)


def test_a_run_without_a_plan_is_told_in_dutch() -> None:
    made = dutch()

    def unreadable() -> None:
        raise StopRun("pagina 2 is afgebroken")

    made.crm.before_pull = unreadable
    run = made.walk().sync().run
    with pytest.raises(UsageError) as caught:
        made.walk().approve(run, reason="x")
    text = f"run {run} heeft geen plan om weg te schrijven: pagina 2 is afgebroken"
    assert (str(caught.value), caught.value.hint) == (text, ANEW)


def test_a_run_that_was_written_already_is_told_in_dutch() -> None:
    made = dutch()
    held = made.walk().sync()
    made.walk().approve(held.run, reason="gezien")
    what_became = f"`tiersync runs show {held.run}` vertelt wat ervan geworden is, en `tiersync sync` schrijft weg"
    code, text, hint = told(made.walk().approve(held.run, reason="nog eens"))
    already = f"run {held.run} is al weggeschreven, met `tiersync approve` op 2026-04-02 08:00 CEST"
    assert (code, text, hint) == (3, already, f"{what_became} wat sindsdien veranderde")


def test_a_run_that_was_never_held_is_told_in_dutch() -> None:
    made = dutch()
    own, idle = made.walk().sync(yes=True).run, made.walk().sync().run
    text = f"run {own} is nooit aangehouden: hij heeft zijn plan zelf weggeschreven"
    assert told(made.walk().approve(own, reason="x"))[1] == text
    text = f"run {idle} is nooit aangehouden: er was niets weg te schrijven"
    hint = "`tiersync status` noemt de runs die op goedkeuring wachten"
    assert told(made.walk().approve(idle, reason="x")) == (3, text, hint)


def test_a_plan_that_the_crm_moved_on_from_is_told_in_dutch() -> None:
    made = dutch()
    held = made.walk().sync()
    for number in range(7):
        made.crm.put(Target.ACCOUNT, f"a{number}", seg_tier="zelf")
    code, text, hint = told(made.walk().approve(held.run, reason="x"))
    start = (
        "het CRM is veranderd nadat dit plan was gemaakt: account a0 seg_tier: gepland vanaf niets, in het CRM staat"
    )
    assert (code, hint) == (3, f"de volgende {ANEW}")
    assert text.startswith(f"{start} 'zelf'; ")
    assert text.endswith("; en nog 2")


def test_a_record_that_is_gone_since_the_plan_is_told_in_dutch() -> None:
    made = dutch()
    held = made.walk().sync()
    del made.crm.records[Target.ACCOUNT]["a3"]
    assert "account a3 seg_tier: het record is verdwenen" in told(made.walk().approve(held.run, reason="x"))[1]


def test_a_plan_that_a_newer_run_overtook_is_told_in_dutch() -> None:
    made = dutch()
    made.walk().sync(yes=True)
    made.crm.put(Target.DEAL, "more", account_id="a0", amount="500")
    file = planned(made)
    made.crm.put(Target.DEAL, "most", account_id="a1", amount="500")
    newer = made.walk().sync().run
    text = f"run {newer} is weggeschreven nadat dit plan was gemaakt"
    assert told(made.walk().apply(file)) == (3, text, f"de volgende {ANEW}")


def test_a_plan_that_is_not_what_was_planned_is_told_in_dutch() -> None:
    made = dutch()
    made.walk().sync(yes=True)
    made.crm.put(Target.DEAL, "more", account_id="a0", amount="500")
    file = planned(made)
    text = f"de wijzigingen in het bestand zijn niet die van het plan van run {file.run}"
    assert told(made.walk().apply(replace(file, digest="of another plan")))[1] == text
    held = dutch()
    run = held.walk().sync().run
    tampered = held.journal.planned[run][0]
    tampered.row = replace(tampered.row, change=tampered.row.change._replace(new="strategic"))
    text = f"in het journaal staat niet meer wat run {run} had gepland"
    assert told(held.walk().approve(run, reason="x"))[1] == text


def test_a_hold_that_expired_is_told_in_dutch() -> None:
    made = dutch()
    held = made.walk().sync()
    made.clock.move(days=7, minutes=1)
    text = f"run {held.run} kon worden vrijgegeven tot 2026-04-09 08:00 CEST"
    assert told(made.walk().approve(held.run, reason="x")) == (3, text, ANEW)


def test_a_hold_whose_pull_is_old_is_told_in_dutch() -> None:
    made = dutch()
    made.walk().sync(yes=True)
    made.limits(max_population_drop_pct=30, min_accounts=1)
    for number in range(4):
        made.crm.put(Target.DEAL, f"a{number}-0", amount="0")
    held = made.walk().sync()
    made.clock.move(hours=25)
    text = f"run {held.run} is aangehouden door POPULATION_DROP en wat hij heeft opgehaald is ouder dan 24 uur"
    assert told(made.walk().approve(held.run, reason="x")) == (3, text, ANEW)


def test_values_that_the_crm_rewrites_are_told_in_dutch() -> None:
    made = dutch()
    made.crm.rewrites["seg_tier", "small"] = "SMALL"
    code, text, hint = told(made.walk().sync(yes=True))
    assert code == 1
    assert hint == "zoek naar een workflow of trigger op deze eigenschap; alleen de eerste groep is weggeschreven"
    assert text == (
        "account a0: seg_tier is weggeschreven als 'small' en daarna staat er 'SMALL'; iets in het CRM verandert wat "
        "er wordt weggeschreven"
    )
