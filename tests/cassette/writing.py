"""The situations in which properties are made and values written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import StopRun
from connector.model.changes import Landed, Outcome, RecordWrite, Target
from connector.ports import PullRequest
from tests.cassette.situation import EVERYTHING, Situation, ended, equals
from tests.hubspot.line import MONEY, OUTPUTS, TIER
from tests.hubspot.parts import account

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.crm.hubspot import HubSpot
    from tests.hubspot.line import Line

# ── provision and write ──────────────────────────────────────────────────────────────────────────


def provision(crm: HubSpot) -> Any:
    return [step.action for step in crm.provision(OUTPUTS, language="nl", dry_run=False)]


def provisioned(line: Line) -> None:
    line.crm.provision(OUTPUTS, language="nl", dry_run=False)


def one_option_less(line: Line) -> None:
    provisioned(line)
    options = line.definition("seg_tier")["options"][:1]
    line.ask("PATCH", "/crm/v3/properties/companies/seg_tier", {"options": options})


def taken(line: Line) -> None:
    made = {"name": "seg_tier", "label": "Mine", "groupName": "companyinformation", "type": "string"}
    line.ask("POST", "/crm/v3/properties/companies", made | {"fieldType": "text"})


def write_all(crm: HubSpot) -> Any:
    values = {"seg_tier": "large", "seg_say_no": "true", "seg_revenue_12m": "12.5", "seg_say_no_reasons": "N1;N2"}
    outcomes = crm.write([account("101", **values), account("102", seg_tier="small"), account("103", seg_tier=None)])
    return landed(outcomes), crm.read(Target.ACCOUNT, ["101", "103"], ["seg_tier", "seg_revenue_12m"])


def landed(outcomes: Any) -> dict[str, str]:
    return {outcome.record: outcome.landed.value for outcome in outcomes}


def write_money(*records: str) -> Callable[[HubSpot], Any]:
    return lambda crm: crm.write([account(record, seg_revenue_12m="1") for record in records])


def write_name_of_nobody(crm: HubSpot) -> Any:
    return crm.write([RecordWrite(Target.ACCOUNT, "1", (("name", "nobody"),))])


def lands(**expected: str) -> Callable[[Any], None]:
    wanted = {name.removeprefix("r"): kind for name, kind in expected.items()}

    def check(outcomes: list[Outcome]) -> None:
        assert landed(outcomes) == wanted

    return check


def refused_alone(outcomes: list[Outcome]) -> None:
    assert landed(outcomes) == {"101": "written", "102": "refused", "103": "written"}
    (refused,) = [outcome for outcome in outcomes if outcome.landed is Landed.REFUSED]
    assert refused.code == "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
    assert "conditional property rule" in refused.reason


def after_provision(action: str = "", **rule: Any) -> Callable[[Line], None]:
    def prepare(line: Line) -> None:
        provisioned(line)
        if action:
            line.fault(action, **rule)

    return prepare


def merged(line: Line) -> None:
    provisioned(line)
    line.ask("POST", "/crm/v3/objects/companies/merge", {"primaryObjectId": "102", "objectIdToMerge": "103"})


def preflight(crm: HubSpot) -> Any:
    return crm.preflight([TIER, MONEY])


def findings(crm: HubSpot) -> Any:
    return list(crm.doctor(PullRequest(EVERYTHING), OUTPUTS))


def examined(result: Any) -> None:
    levels = {finding.subject: finding.level for finding in result}
    assert levels["account"] == "good"
    assert levels["properties"] in {"good", "bad"}
    assert "access" not in levels


ALL_WRITTEN = {"r101": "written", "r102": "written"}
WRITES = [
    Situation("provision", "group and properties are made", provision, equals(["create"] * 7)),
    Situation("provision_again", "everything is present", provision, equals(["present"] * 7), provisioned),
    Situation(
        "provision_option",
        "an option is missing",
        provision,
        equals(["extend", *["present"] * 6]),
        one_option_less,
    ),
    Situation("provision_refused", "our name on another type", provision, ended(StopRun, "seg_tier"), taken),
    Situation("preflight", "properties that are missing", preflight, ended(StopRun, "companies.seg_tier")),
    Situation("doctor", "everything is asked, nothing written", findings, examined, live=True),
    Situation(
        "write",
        "values are written, cleared and read back",
        write_all,
        equals(
            (
                {"101": "written", "102": "written", "103": "written"},
                {
                    "101": {"seg_tier": "large", "seg_revenue_12m": "12.5"},
                    "103": {"seg_tier": None, "seg_revenue_12m": None},
                },
            )
        ),
        provisioned,
    ),
    Situation(
        "write_gone", "a record that does not exist", write_name_of_nobody, lands(r1="gone"), provisioned, live=True
    ),
    Situation(
        "write_merged",
        "a record that was merged away",
        write_money("101", "103"),
        lands(r101="written", r103="gone"),
        merged,
    ),
    Situation(
        "write_refused",
        "an admin's rule refuses one record of three",
        write_money("101", "102", "103"),
        refused_alone,
        after_provision("400-conditional", path="batch/update", body='"102"'),
    ),
    Situation(
        "write_lost",
        "the answer of a write is lost at the edge",
        write_money("101", "102"),
        lands(**ALL_WRITTEN),
        after_provision("504", path="batch/update", times=1),
    ),
    Situation(
        "write_cut",
        "a write lands and its answer is cut",
        write_money("101", "102"),
        lands(**ALL_WRITTEN),
        after_provision("truncate", path="batch/update", times=1),
    ),
    Situation(
        "write_locked",
        "a record is locked for a moment",
        write_money("101", "102"),
        lands(**ALL_WRITTEN),
        after_provision("423", path="batch/update", times=1),
    ),
]
