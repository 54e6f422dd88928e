"""The provider against the sandbox over HTTP, its faults included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connector.crm.hubspot.session.scopes import USED, WRITES, WRITES_DEALS
from connector.errors import AccessRefused, BadAnswer, QuotaUsedUp, StopRun
from connector.model.changes import Landed, RecordWrite, Target
from connector.model.fields import CATALOGUE, Table, Type
from connector.model.outputs import GROUP_NAME, Output
from connector.ports import PullRequest
from connector.sandbox import running
from connector.sandbox.hubspot.limits import Quota
from tests.hubspot.line import MONEY, OUTPUTS, SAY_NO, TIER, TOKEN, Line
from tests.hubspot.parts import account, pulled

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def line() -> Iterator[Line]:
    with running(now=lambda: datetime.now(UTC)) as sandbox:
        found = Line(sandbox.url)
        yield found
        found.crm.close()
        found.http.close()


# ── provision ────────────────────────────────────────────────────────────────────────────────────


def test_provision_makes_group_properties_and_options_in_the_language_asked(line: Line) -> None:
    steps = line.crm.provision(OUTPUTS, language="nl", dry_run=False)
    assert {(s.target, s.property, s.action) for s in steps} == {
        *((Target.ACCOUNT, output.name, "create") for output in OUTPUTS),
        (Target.DEAL, "seg_account_tier", "create"),
        (Target.DEAL, "seg_account_say_no", "create"),
    }
    tier = line.definition("seg_tier")
    assert (tier["label"], tier["type"], tier["fieldType"], tier["groupName"]) == (
        "Klantsegment",
        "enumeration",
        "select",
        GROUP_NAME,
    )
    assert [(o["value"], o["label"]) for o in tier["options"]] == [("large", "Grote klant"), ("small", "Klein")]
    say_no = line.definition("seg_account_say_no", "deals")
    assert {o["value"]: o["label"] for o in say_no["options"]} == {"true": "Ja", "false": "Nee"}
    assert line.definition("seg_say_no_reasons")["fieldType"] == "checkbox"
    assert line.definition("seg_revenue_12m")["showCurrencySymbol"] is True
    groups = line.ask("GET", "/crm/v3/properties/companies/groups")["results"]
    assert {g["name"]: g["label"] for g in groups}[GROUP_NAME] == "Klantsegmentatie"


def test_a_dry_run_of_provision_writes_nothing(line: Line) -> None:
    steps = line.crm.provision(OUTPUTS, language="nl", dry_run=True)
    assert {step.action for step in steps} == {"create"}
    assert line.writes() == []


def test_provision_adds_missing_options_and_keeps_the_ones_people_made(line: Line) -> None:
    line.crm.provision([TIER], language="en", dry_run=False)
    theirs = {"label": "Klein", "value": "theirs", "displayOrder": 9, "hidden": False}
    kept = [*line.definition("seg_tier")["options"][:1], theirs]
    line.ask("PATCH", "/crm/v3/properties/companies/seg_tier", {"options": kept})
    step = line.crm.provision([TIER], language="nl", dry_run=False)[0]
    assert (step.action, step.detail) == ("extend", "option small is missing")
    options = {o["value"]: o["label"] for o in line.definition("seg_tier")["options"]}
    assert options == {"large": "Large customer", "theirs": "Klein", "small": "Klein (small)"}
    assert {s.action for s in line.crm.provision([TIER], language="nl", dry_run=False)} == {"present"}


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"type": "string", "fieldType": "text"}, "it is of type string, needed is enumeration"),
        ({"type": "number", "fieldType": "number"}, "it is of type number, needed is enumeration"),
    ],
)
def test_provision_refuses_a_property_of_another_type_before_it_makes_anything(
    line: Line, made: dict[str, str], why: str
) -> None:
    taken = {"name": "seg_tier", "label": "Mine", "groupName": "companyinformation", **made}
    line.ask("POST", "/crm/v3/properties/companies", taken)
    before = len(line.writes())
    with pytest.raises(StopRun, match=f"account property seg_tier: {why}") as error:
        line.crm.provision(OUTPUTS, language="en", dry_run=False)
    assert error.value.hint
    assert len(line.writes()) == before
    assert [s.detail for s in line.crm.provision([TIER], language="en", dry_run=True) if s.action == "refuse"] == [why]
    with pytest.raises(StopRun, match=why) as unready:
        line.crm.preflight([TIER])
    told = [f.fix for f in line.crm.doctor(PullRequest({Table.ACCOUNTS: ("account_id",)}), [TIER]) if why in f.message]
    assert len(told) == 1
    assert all(hint.startswith("rename or archive") for hint in (error.value.hint, unready.value.hint, *map(str, told)))


def test_a_property_made_by_someone_else_meanwhile_is_no_error(line: Line) -> None:
    line.crm.provision([SAY_NO], language="en", dry_run=False)
    line.crm._provisioner()._create(Target.ACCOUNT, [("seg_say_no", SAY_NO), ("seg_revenue_12m", MONEY)], "en")
    assert line.definition("seg_say_no")["label"] == "Say no"
    assert line.definition("seg_revenue_12m")["type"] == "number"


def test_preflight_names_the_first_that_are_missing_and_counts_the_rest(line: Line) -> None:
    with pytest.raises(StopRun) as error:
        line.crm.preflight(OUTPUTS)
    for name in ("companies.seg_tier", "companies.seg_say_no", "companies.seg_revenue_12m"):
        assert f"{name} does not exist" in str(error.value)
    assert str(error.value).endswith("; and 3 more")
    existing = line.crm._existing(OUTPUTS)
    assert existing is not None
    wrong = line.crm._provisioner().preflight(OUTPUTS, existing)
    assert {"companies.seg_say_no_reasons does not exist", "deals.seg_account_say_no does not exist"} < set(wrong)
    assert not [one for one in wrong if "seg_override_reason" in one]
    assert error.value.hint == "run tiersync provision"


def test_fields_may_name_another_property_for_an_output(line: Line) -> None:
    crm = line.connect(fields={"seg_tier": "klantsegment"})
    crm.provision([TIER], language="nl", dry_run=False)
    company = line.create(name="A")
    crm.write([RecordWrite(Target.ACCOUNT, company, (("seg_tier", "large"),))])
    assert crm.read(Target.ACCOUNT, [company], ["seg_tier"]) == {company: {"seg_tier": "large"}}
    assert line.definition("klantsegment")["label"] == "Klantsegment"


# ── pull ─────────────────────────────────────────────────────────────────────────────────────────

EVERYTHING = {table: tuple(f.name for f in CATALOGUE[table]) for table in (Table.ACCOUNTS, Table.DEALS, Table.TICKETS)}


def test_a_generated_population_arrives_whole() -> None:
    with running(now=lambda: datetime.now(UTC), population=300) as sandbox:
        line = Line(sandbox.url)
        rows, summary = pulled(line.crm, columns={**EVERYTHING, Table.OWNERS: ("owner_id", "name", "archived")})
        counts = {
            table: line.ask("POST", f"/crm/v3/objects/{kind}/search", {"limit": 1})["total"]
            for table, kind in ((Table.ACCOUNTS, "companies"), (Table.DEALS, "deals"), (Table.TICKETS, "tickets"))
        }
        line.http.close()
    assert {table: summary.rows[table] for table in counts} == counts
    assert counts[Table.ACCOUNTS] == 300
    links = rows[Table.DEAL_ACCOUNTS]
    pairs = list(zip(links["from_id"], links["account_id"], strict=True))
    assert len(pairs) == len(set(pairs))
    assert {deal for deal, _ in pairs} <= set(rows[Table.DEALS]["deal_id"])
    primaries = [deal for deal, primary in zip(links["from_id"], links["primary"], strict=True) if primary == "true"]
    assert len(primaries) == len(set(primaries))
    assert set(rows[Table.OWNERS]["archived"]) == {"true", "false"}
    assert summary.home_currency == "EUR"


def test_a_company_with_two_association_types_is_one_link(line: Line) -> None:
    company, deal = line.create(name="A"), line.create("deals", dealname="D")
    line.ask("PUT", f"/crm/v4/objects/deals/{deal}/associations/default/companies/{company}")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    line.ask("PUT", f"/crm/v4/objects/deals/{deal}/associations/companies/{company}", types)
    rows, _ = pulled(line.crm)
    assert rows[Table.DEAL_ACCOUNTS] == {"from_id": [deal], "account_id": [company], "primary": ["true"]}


def test_a_merge_is_followed_by_changes(line: Line) -> None:
    first, second = line.create(name="A"), line.create(name="B")
    _, summary = pulled(line.crm)
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    survivor = str(line.ask("POST", "/crm/v3/objects/companies/merge", body)["id"])
    rows, _ = pulled(line.crm, since=summary.watermark)
    assert survivor in rows[Table.ACCOUNTS]["account_id"]
    gone = set(rows[Table.GONE]["id"])
    assert {first, second} - {survivor} <= gone
    assert survivor not in gone
    line.crm.provision([MONEY], language="en", dry_run=False)
    outcomes = line.crm.write([account(first, seg_revenue_12m="1"), account(second, seg_revenue_12m="1")])
    assert {o.landed for o in outcomes if o.record != survivor} == {Landed.GONE}


def test_a_deleted_record_is_gone(line: Line) -> None:
    company = line.create(name="A")
    _, summary = pulled(line.crm)
    line.ask("DELETE", f"/crm/v3/objects/companies/{company}")
    rows, _ = pulled(line.crm, since=summary.watermark)
    assert rows[Table.GONE] == {"table": ["accounts"], "id": [company]}
    assert pulled(line.crm)[1].rows[Table.ACCOUNTS] == 0


def test_another_company_currency_leaves_its_conversion_unused_and_fills_the_currency(line: Line) -> None:
    line.ask("POST", "/_sandbox/account", {"currency": "USD"})
    line.create("deals", dealname="D", amount="10")
    asked = {Table.ACCOUNTS: ("account_id",), Table.DEALS: ("deal_id", "amount", "currency", "home_amount")}
    rows, summary = pulled(line.crm, columns=asked)
    assert rows[Table.DEALS]["currency"] == ["USD"]
    assert summary.not_connected[Table.DEALS] == frozenset({"home_amount"})
    assert summary.warnings[0].code == "HOME_CURRENCY_DIFFERS"


@pytest.mark.parametrize("action", ["truncate", "empty", "html", "empty-object", "no-results"])
@pytest.mark.parametrize("path", ["objects/companies", "objects/deals", "associations/", "search", "properties/"])
def test_a_spoiled_answer_stops_the_pull(line: Line, action: str, path: str) -> None:
    line.create(name="A")
    line.create("deals", dealname="D")
    line.fault(action, path=path)
    with pytest.raises(BadAnswer):
        pulled(line.crm)


def test_a_list_that_leaves_a_record_out_stops_the_pull(line: Line) -> None:
    for number in range(3):
        line.create(name=f"A{number}")
    line.fault("drop-result", method="GET", path="objects/companies")
    with pytest.raises(BadAnswer, match="2 records arrived and HubSpot counts 3"):
        pulled(line.crm)


@pytest.mark.parametrize("action", ["429-ten-secondly", "423", "500", "502", "503", "524", "reset-before", "cut"])
def test_a_passing_fault_is_sat_out(line: Line, action: str) -> None:
    line.create(name="A")
    line.fault(action, path="companies", method="GET", times=2)
    assert pulled(line.crm)[1].rows[Table.ACCOUNTS] == 1
    assert line.clock.at >= 1


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("429-daily", QuotaUsedUp),
        ("401-invalid", AccessRefused),
        ("403-scopes", AccessRefused),
        ("530", AccessRefused),
        ("477", StopRun),
    ],
)
def test_a_lasting_refusal_ends_the_run(line: Line, action: str, error: type[StopRun]) -> None:
    line.fault(action, path="companies")
    with pytest.raises(error) as told:
        pulled(line.crm)
    assert told.value.hint
    assert TOKEN not in str(told.value) + told.value.hint


def test_odd_values_are_taken_as_they_come(line: Line) -> None:
    line.create(name="A", numberofemployees="3")
    asked = {Table.ACCOUNTS: ("account_id", "employees", "created_at"), Table.DEALS: ("deal_id",)}
    line.fault("set-property", property="numberofemployees", value="a;b;c", path="companies\\?", times=1)
    assert pulled(line.crm, columns=asked)[0][Table.ACCOUNTS]["employees"] == ["a;b;c"]
    line.ask("DELETE", "/_sandbox/faults")
    line.fault("set-property", property="numberofemployees", value="", path="companies\\?", times=1)
    assert pulled(line.crm, columns=asked)[0][Table.ACCOUNTS]["employees"] == [None]
    line.fault("no-fraction")
    assert pulled(line.crm, columns=asked)[1].rows[Table.ACCOUNTS] == 1
    line.fault("unknown-type", path="properties")
    assert pulled(line.crm, columns=asked)[1].rows[Table.ACCOUNTS] == 1


EXPLANATION = Output("seg_explanation", Type.LONG_TEXT, {"en": "Explanation", "nl": "Toelichting"})


def test_the_line_ends_hubspot_keeps_a_text_with_are_ours(line: Line) -> None:
    line.crm.provision([EXPLANATION], language="en", dry_run=False)
    company, text = line.create(name="A"), "Rank 1.\nTier large."
    held = {"seg_explanation": text.replace("\n", "\r\n")}
    line.ask("POST", f"/_sandbox/records/companies/{company}", {"properties": held})
    assert line.crm.read(Target.ACCOUNT, [company], ["seg_explanation"]) == {company: {"seg_explanation": text}}
    asked = {Table.ACCOUNTS: ("account_id", "seg_explanation"), Table.DEALS: ("deal_id",)}
    assert pulled(line.crm, columns=asked)[0][Table.ACCOUNTS]["seg_explanation"] == [text]


# ── write ────────────────────────────────────────────────────────────────────────────────────────


LOST = ["reset-before", "reset-after", "cut", "504", "truncate", "empty", "423", "429-ten-secondly"]


@pytest.mark.parametrize("action", LOST)
def test_a_write_survives_a_lost_answer(line: Line, action: str) -> None:
    line.crm.provision([MONEY], language="en", dry_run=False)
    companies = [line.create(name=f"A{number}") for number in range(3)]
    line.fault(action, path="batch/update", times=1)
    outcomes = line.crm.write([account(company, seg_revenue_12m="12.5") for company in companies])
    assert {outcome.landed for outcome in outcomes} == {Landed.WRITTEN}
    held = line.crm.read(Target.ACCOUNT, companies, ["seg_revenue_12m"])
    assert held == {company: {"seg_revenue_12m": "12.5"} for company in companies}
    landed = [w for w in line.writes() if "batch/update" in w["path"]]
    assert len(landed) == 1


def test_a_refused_record_is_isolated_with_the_crms_words(line: Line) -> None:
    line.crm.provision([TIER, MONEY], language="en", dry_run=False)
    companies = [line.create(name=f"A{number}") for number in range(8)]
    line.crm.write([account(companies[0], seg_tier="large")])
    # An option is taken away behind our back, and the definitions may no longer be read.
    line.ask("PATCH", "/crm/v3/properties/companies/seg_tier", {"options": line.definition("seg_tier")["options"][:1]})
    line.fault("403-scopes", method="GET", path="properties/companies")
    batch = [account(c, seg_tier="small" if n == 5 else "large") for n, c in enumerate(companies)]
    outcomes = {o.record: o for o in line.crm.write(batch)}
    refused = outcomes.pop(companies[5])
    assert (refused.landed, refused.code) == (Landed.REFUSED, "INVALID_OPTION")
    assert "small was not one of the allowed options" in refused.reason
    assert {o.landed for o in outcomes.values()} == {Landed.WRITTEN}


def test_an_admins_rule_refuses_one_record_and_not_the_others(line: Line) -> None:
    line.crm.provision([MONEY], language="en", dry_run=False)
    companies = [line.create(name=f"A{number}") for number in range(4)]
    line.fault("400-conditional", path="batch/update", body=companies[2])
    outcomes = {o.record: o for o in line.crm.write([account(c, seg_revenue_12m="1") for c in companies])}
    assert outcomes[companies[2]].code == "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
    assert [outcomes[c].landed for c in companies].count(Landed.WRITTEN) == 3


# ── limits, tokens, doctor ───────────────────────────────────────────────────────────────────────


def test_the_day_is_not_used_beyond_the_share() -> None:
    with running(now=lambda: datetime.now(UTC), quota=Quota(daily=40)) as sandbox:
        line = Line(sandbox.url)
        for number in range(5):
            line.create(name=f"A{number}")
        pulled(line.crm)
        with pytest.raises(QuotaUsedUp, match=r"2\d of today's 40 HubSpot calls are left, and 20 are kept"):
            pulled(line.crm)
        quota = line.crm.quota()
        line.http.close()
    assert quota.limit == 40
    assert quota.left is not None
    assert 20 <= quota.left < 25
    assert quota.resets_at is not None
    assert quota.resets_at > datetime.now(UTC)


def test_oauth_tokens_expire_and_are_renewed() -> None:
    with running(now=lambda: datetime.now(UTC)) as sandbox:
        line = Line(sandbox.url, token="", client_id="a", client_secret="b-secret", refresh_token="eu1-refresh")
        line.create(name="A")
        assert pulled(line.crm)[1].rows[Table.ACCOUNTS] == 1
        line.ask("POST", "/_sandbox/clock", {"advance": 1801})
        assert pulled(line.crm)[1].rows[Table.ACCOUNTS] == 1
        line.ask("POST", "/_sandbox/clock", {"advance": 1500})
        line.clock.at += 1500
        assert pulled(line.crm)[1].rows[Table.ACCOUNTS] == 1
        line.http.close()


@pytest.mark.parametrize(
    ("more", "less", "level", "told"),
    [
        (set(), set(), "good", "all 4 that are needed"),
        ({"crm.export", "crm.objects.contacts.write"}, set(), "warning", "crm.export, crm.objects.contacts.write"),
        (set(), {WRITES}, "bad", f"lacks {WRITES}"),
        (set(), {WRITES_DEALS}, "bad", f"lacks {WRITES_DEALS}"),
    ],
)
def test_doctor_tells_an_app_that_may_do_too_much_or_too_little(
    more: set[str], less: set[str], level: str, told: str
) -> None:
    with running(now=lambda: datetime.now(UTC)) as sandbox:
        sandbox_scopes = sorted((USED | more) - less)
        line = Line(sandbox.url, token="", client_id="a", client_secret="b-secret", refresh_token="eu1-refresh")
        line.ask("POST", "/_sandbox/access", {"oauth_scopes": sandbox_scopes})
        found = list(line.crm.doctor(PullRequest({Table.ACCOUNTS: ("account_id",)}), [TIER]))
        line.http.close()
    scopes = [finding for finding in found if finding.subject == "scopes"]
    assert [finding.level for finding in scopes] == [level]
    assert told in scopes[0].message
    assert (scopes[0].fix == "") == (level == "good")


def test_doctor_says_what_is_wrong_and_how_to_mend_it(line: Line) -> None:
    request = PullRequest({Table.ACCOUNTS: ("account_id", "pain_fit", "seg_tier"), Table.DEALS: ("deal_id",)})
    steps = line.crm.provision(OUTPUTS, language="en", dry_run=True)
    lines = [finding.message for finding in line.crm.doctor(request, OUTPUTS) if finding.subject == "properties"]
    assert [told.split(":")[0] for told in lines] == [f"{len(steps)} of {len(steps)} do not exist"]
    found = {(f.level, f.subject): f for f in line.crm.doctor(request, [TIER])}
    assert found["warning", "accounts"].message.endswith("not connected: pain_fit")
    assert found["bad", "properties"].fix == "run tiersync provision"
    assert ("good", "account") in found
    assert ("unchecked", "scopes") in found
    assert ("good", "quota") in found
    assert ("good", "clock") in found
    line.crm.provision([TIER], language="en", dry_run=False)
    found = {(f.level, f.subject): f for f in line.crm.doctor(request, [TIER])}
    assert ("good", "properties") in found
    assert not any(level == "bad" for level, _ in found)
    slow = line.connect(now=lambda: datetime.now(UTC) - timedelta(hours=2))
    clock = {f.subject: f for f in slow.doctor(request, [TIER])}["clock"]
    assert (clock.level, clock.message) == ("warning", "120 minutes away from HubSpot's")
    line.fault("401-invalid")
    last = list(line.connect(token="0a1b2c3d-1111-2222-3333-444455556666").doctor(request, [TIER]))
    assert [(f.level, f.subject) for f in last] == [("warning", "token"), ("bad", "access")]
