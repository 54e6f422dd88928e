"""SOQL: what it finds, in which order, how it is written, and how a bad query is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from connector.sandbox.salesforce.org.ids import canonical
from connector.sandbox.salesforce.org.schema import Field

if TYPE_CHECKING:
    from tests.contract.sandbox_salesforce.desk import Desk


@pytest.fixture
def book(desk: Desk) -> Desk:
    """Three accounts, the first of them the parent of the second, and four opportunities."""
    alpha = desk.create(Name="Alpha", Industry="Energy", NumberOfEmployees=50, Rating="Hot", BillingCity="Breda")
    beta = desk.create(Name="beta", Industry="Banking", NumberOfEmployees=5, ParentId=alpha)
    desk.create(Name="Gamma_1")
    for name, account, stage, amount, day in (
        ("one", alpha, "Closed Won", 100, "2026-01-15"),
        ("two", alpha, "Closed Won", 250.5, "2026-11-22"),
        ("three", beta, "Closed Lost", 70, "2026-11-21"),
        ("four", None, "Prospecting", None, "2027-01-31"),
    ):
        desk.opportunity(Name=name, AccountId=account, StageName=stage, Amount=amount, CloseDate=day)
    return desk


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Name = 'ALPHA'", ["Alpha"]),
        ("Name != 'alpha'", ["beta", "Gamma_1"]),
        ("Industry != 'Energy'", ["beta", "Gamma_1"]),
        ("NOT Industry = 'Energy'", ["beta", "Gamma_1"]),
        ("Industry = null", ["Gamma_1"]),
        ("Industry != null", ["Alpha", "beta"]),
        ("Name LIKE '%a'", ["Alpha", "beta"]),
        ("Name LIKE 'gamm_\\_1'", ["Gamma_1"]),
        ("NumberOfEmployees < 50", ["beta"]),
        ("NumberOfEmployees >= 5 AND NumberOfEmployees <= 50", ["Alpha", "beta"]),
        ("Industry IN ('Energy', 'Retail') OR Name = 'Gamma_1'", ["Alpha", "Gamma_1"]),
        ("Industry NOT IN ('energy')", ["beta", "Gamma_1"]),
        ("(Industry = 'Energy' OR Industry = 'Banking') AND NumberOfEmployees > 10", ["Alpha"]),
        ("Parent.Name = 'Alpha'", ["beta"]),
        ("Owner.IsActive = true AND Parent.Id = null", ["Alpha", "Gamma_1"]),
        ("Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true)", ["Alpha"]),
        ("Id NOT IN (SELECT AccountId FROM Opportunity)", ["Gamma_1"]),
        ("CreatedDate = TODAY", ["Alpha", "beta", "Gamma_1"]),
        ("CreatedDate < 2026-11-22T10:00:00+01:00", []),
        ("CreatedDate <= 2026-11-22T10:00:00+01:00", ["Alpha", "beta", "Gamma_1"]),
        ("SystemModstamp > 2026-11-22T08:59:59Z OR Name = 'x'", ["Alpha", "beta", "Gamma_1"]),
        ("SystemModstamp > 2026-11-22T09:00:00Z", []),
        ("SystemModstamp < 2026-11-22T09:00:00.250Z AND Id <= '001zzzzzzzzzzzz'", ["Alpha", "beta", "Gamma_1"]),
    ],
)
def test_a_where_finds_what_it_says(book: Desk, where: str, names: list[str]) -> None:
    assert book.values(f"SELECT Name FROM Account WHERE {where} ORDER BY Name") == names


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("CloseDate = 2026-01-15", ["one"]),
        ("CloseDate = TODAY", ["two"]),
        ("CloseDate = YESTERDAY", ["three"]),
        ("CloseDate = LAST_N_DAYS:1", ["two", "three"]),
        ("CloseDate = THIS_YEAR", ["one", "two", "three"]),
        ("CloseDate = NEXT_QUARTER", ["four"]),
        ("CloseDate > THIS_MONTH", ["four"]),
        ("CALENDAR_YEAR(CloseDate) = 2027", ["four"]),
        ("IsClosed = false", ["four"]),
        ("Amount > 70.0 AND IsWon = TRUE", ["one", "two"]),
        ("Account.Parent.Name = 'Alpha'", ["three"]),
        ("Account.Industry = null", ["four"]),
    ],
)
def test_dates_numbers_and_parents_of_parents_are_compared(book: Desk, where: str, names: list[str]) -> None:
    assert book.values(f"SELECT Name FROM Opportunity o WHERE {where} ORDER BY Id") == names


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("Amount", ["four", "three", "one", "two"]),
        ("Amount DESC", ["four", "two", "one", "three"]),
        ("Amount DESC NULLS LAST", ["two", "one", "three", "four"]),
        ("IsWon DESC, Amount ASC NULLS LAST", ["one", "two", "three", "four"]),
        ("Account.Name NULLS LAST, Name DESC", ["two", "one", "three", "four"]),
        ("SystemModstamp, Id", ["one", "two", "three", "four"]),
    ],
)
def test_several_keys_order_the_rows(book: Desk, order: str, names: list[str]) -> None:
    assert book.values(f"SELECT Name FROM Opportunity ORDER BY {order}") == names


def test_a_record_carries_its_address_its_parents_and_its_children(book: Desk) -> None:
    text = """SELECT Id, Name, Owner.Name, Parent.Owner.IsActive, (SELECT Name FROM Opportunities ORDER BY Name)
        FROM Account"""
    alpha, beta, gamma = book.query(f"{text} ORDER BY Name").json["records"]
    assert alpha["attributes"] == {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{alpha['Id']}"}
    assert (alpha["Owner"]["attributes"]["type"], alpha["Owner"]["Name"], alpha["Parent"]) == (
        "User",
        "Integration",
        None,
    )
    assert beta["Parent"]["Owner"]["IsActive"] is True
    assert [row["Name"] for row in alpha["Opportunities"]["records"]] == ["one", "two"]
    assert (alpha["Opportunities"]["totalSize"], gamma["Opportunities"]) == (2, None)


def test_count_tells_the_total_alone(book: Desk) -> None:
    assert book.query("SELECT COUNT() FROM Opportunity WHERE IsWon = true").json == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }


def test_groups_carry_their_keys_and_aggregates(book: Desk) -> None:
    text = """SELECT Account.Name n, SUM(Amount) total, COUNT(Id), MAX(CloseDate) last FROM Opportunity
        WHERE AccountId != null GROUP BY Account.Name HAVING COUNT(Id) > 0 ORDER BY SUM(Amount) DESC"""
    found = book.query(text).json["records"]
    assert found[0]["attributes"] == {"type": "AggregateResult"}
    assert [(row["n"], row["total"], row["expr0"], row["last"]) for row in found] == [
        ("Alpha", 350.5, 2, "2026-11-22"),
        ("beta", 70.0, 1, "2026-11-21"),
    ]


def test_more_than_two_thousand_groups_have_no_next_page(desk: Desk) -> None:
    desk.accounts(2001)
    reply = desk.query("SELECT Name, COUNT(Id) FROM Account GROUP BY Name")
    assert (reply.status, "queryMore" in reply.message) == (400, True)
    assert len(desk.rows("SELECT Name, COUNT(Id) FROM Account GROUP BY Name LIMIT 2000")) == 2000


def test_pages_hold_two_thousand_rows_or_as_many_as_asked_for(desk: Desk) -> None:
    ids = desk.accounts(2300)
    first = desk.query("SELECT Id FROM Account ORDER BY Id").json
    assert (first["totalSize"], first["done"], len(first["records"])) == (2300, False, 2000)
    last = desk.get(first["nextRecordsUrl"]).json
    assert (last["done"], "nextRecordsUrl" in last) == (True, False)
    assert [row["Id"] for row in first["records"] + last["records"]] == ids
    for asked, given in ((250, 250), (1, 200), (9000, 2000)):
        reply = desk.query("SELECT Id FROM Account", sforce_query_options=f"batchSize={asked}")
        assert len(reply.json["records"]) == given


@pytest.mark.parametrize("size", [1, 3, 4, 10])
def test_pages_behind_a_stamp_and_an_id_hold_every_row_once_while_rows_are_touched(desk: Desk, size: int) -> None:
    ids = desk.accounts(7)
    desk.time.seconds += 60
    ids += desk.accounts(3)
    seen: list[tuple[str, str]] = []
    where, deed = "SystemModstamp >= 2026-11-22T09:00:00Z", iter([ids[0], ids[6]])
    while True:
        order = f"ORDER BY SystemModstamp, Id LIMIT {size}"
        reply = desk.query(f"SELECT Id, SystemModstamp FROM Account WHERE {where} {order}").json
        rows = [(row["SystemModstamp"], row["Id"]) for row in reply["records"]]
        assert (reply["totalSize"], reply["done"], rows) == (len(rows), True, sorted(rows))
        seen += rows
        if len(rows) < size:
            break
        stamp, last = rows[-1][0][:19] + "Z", rows[-1][1]
        where = f"SystemModstamp >= {stamp} AND (SystemModstamp > {stamp} OR Id > '{last}')"
        desk.time.seconds += 1
        if touched := next(deed, None):
            desk.patch(f"/sobjects/Account/{touched}", {"Name": "touched"})
    assert seen == sorted(set(seen))
    assert {identity for _, identity in seen} == set(ids)


def test_pages_behind_an_id_hold_every_row_once(desk: Desk) -> None:
    ids, seen, last = desk.accounts(5), list[str](), "001000000000000AAA"
    while rows := desk.values(f"SELECT Id FROM Account WHERE Id > '{last}' ORDER BY Id LIMIT 2"):
        seen += rows
        last = rows[-1]
    assert seen == sorted(ids)


def test_two_long_texts_make_pages_of_two_hundred(desk: Desk) -> None:
    desk.accounts(201)
    admin = desk.as_admin()
    field = {"type": "LongTextArea", "label": "Notes", "length": 300, "visibleLines": 3}
    admin.post("/tooling/sobjects/CustomField/", {"FullName": "Account.Notes__c", "Metadata": field})
    text = "SELECT Id, Description, Notes__c FROM Account"
    assert desk.query(text).code == "INVALID_FIELD"
    profile = desk.org.table("User").rows[desk.org.user_id("admin@sandbox.test")]["ProfileId"]
    owned = next(row["Id"] for row in desk.org.table("PermissionSet").rows.values() if row["ProfileId"] == profile)
    granted = {"ParentId": owned, "SobjectType": "Account", "Field": "Account.Notes__c", "PermissionsRead": True}
    assert admin.post("/sobjects/FieldPermissions", granted).status == 201
    assert len(admin.query(text).json["records"]) == 200


def test_pages_may_be_short_and_still_hold_every_row_once(desk: Desk) -> None:
    ids = desk.accounts(900)
    desk.org.switches.short_pages = True
    reply = desk.query("SELECT Id FROM Account ORDER BY Id").json
    seen, pages = [row["Id"] for row in reply["records"]], 1
    while not reply["done"]:
        reply = desk.get(reply["nextRecordsUrl"]).json
        seen += [row["Id"] for row in reply["records"]]
        pages += 1
    assert seen == ids
    assert pages > 1


@pytest.mark.parametrize("locator", ["0r8xx0000000001AAA-2000", "nothing", "0r85g00000000G8AAI-99"])
def test_a_locator_that_is_not_known_is_refused(desk: Desk, locator: str) -> None:
    assert desk.get(f"/query/{locator}").code == "INVALID_QUERY_LOCATOR"


def test_query_all_shows_deleted_rows_on_every_page(desk: Desk) -> None:
    ids = desk.accounts(250)
    assert desk.ask("DELETE", f"/composite/sobjects?ids={','.join(ids[:200])}").status == 200
    assert desk.rows("SELECT COUNT(Id) FROM Account") == [{"expr0": 50}]
    first = desk.query(
        "SELECT Id, IsDeleted FROM Account ORDER BY Id", deleted=True, sforce_query_options="batchSize=200"
    )
    second = desk.get(first.json["nextRecordsUrl"]).json
    assert first.json["totalSize"] == 250
    assert "/query/" in first.json["nextRecordsUrl"]
    deleted = [row["Id"] for row in first.json["records"] + second["records"] if row["IsDeleted"]]
    assert deleted == ids[:200]


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("SELEKT Id FROM Account", "MALFORMED_QUERY", "unexpected token: SELEKT"),
        ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Id = 'b' OR Id = 'c'", "MALFORMED_QUERY", "unexpected token: OR"),
        (
            "SELECT Bacon__c FROM Account LIMIT 2",
            "INVALID_FIELD",
            "^\nERROR at Row:1:Column:8\nNo such column 'Bacon__c' on",
        ),
        ("SELECT Id FROM Account WHERE\n Nix = 1", "INVALID_FIELD", "ERROR at Row:2:Column:2\n"),
        ("SELECT Foo.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Foo' in field path"),
        ("SELECT Id FROM XYZZY", "INVALID_TYPE", "sObject type 'XYZZY' is not supported"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'", "INVALID_FIELD", "of type date and should not"),
        (
            "SELECT Id FROM Account WHERE SystemModstamp > 2026-01-01",
            "INVALID_FIELD",
            "of type dateTime and should not",
        ),
        ("SELECT Id FROM Account WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("SELECT Id FROM Account WHERE Description = 'a'", "INVALID_FIELD", "can not be filtered in a query call"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "must be grouped or aggregated: Name"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("SELECT Id, id FROM Account", "INVALID_FIELD", "duplicate field selected: id"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT CurrencyIsoCode FROM Account", "INVALID_FIELD", "No such column 'CurrencyIsoCode'"),
        ("SELECT IsPersonAccount FROM Account", "INVALID_FIELD", "No such column 'IsPersonAccount'"),
    ],
)
def test_a_bad_query_is_refused_in_the_vendors_words(desk: Desk, text: str, code: str, part: str) -> None:
    reply = desk.query(text)
    assert (reply.status, reply.code) == (400, code)
    assert part in reply.message


def test_a_field_that_security_hides_is_refused_like_one_that_is_not_there(desk: Desk) -> None:
    user = desk.org.user_id("integration@sandbox.test")
    shown = {field["name"] for field in desk.get("/sobjects/Account/describe").json["fields"]}
    table = desk.org.table("FieldPermissions")
    sets = desk.org.permission_sets(user)
    for row in [row for row in table.rows.values() if row["Field"] == "Account.Rating" and row["ParentId"] in sets]:
        table.drop(row["Id"])
    reply, other = desk.query("SELECT Rating FROM Account"), desk.query("SELECT Ratinx FROM Account")
    assert reply.message.replace("Rating", "Ratinx") == other.message
    hidden = {field["name"] for field in desk.get("/sobjects/Account/describe").json["fields"]}
    assert shown - hidden == {"Rating"}
    assert desk.as_admin().query("SELECT Rating FROM Account").status == 200


def test_ids_are_case_sensitive_and_read_with_15_or_18_characters(desk: Desk) -> None:
    ids = desk.accounts(100)
    folded = [identity[:15].lower() for identity in ids]
    assert len(set(folded)) < len(set(ids))
    for identity in ids[:3]:
        assert canonical(identity[:15]) == identity
        assert desk.values(f"SELECT Id FROM Account WHERE Id = '{identity[:15]}'") == [identity]
    assert canonical("001D000000IqhSL") == "001D000000IqhSLIAZ"


def test_a_formula_follows_its_source_and_moves_no_stamp(book: Desk) -> None:
    book.org.objects["opportunity"].add(
        Field("Rating_Shown__c", "string", "Rating", custom=True, formula="Account.Rating")
    )
    before = book.values("SELECT SystemModstamp FROM Opportunity WHERE Name = 'one'")
    book.time.seconds += 60
    alpha = book.values("SELECT Id FROM Account WHERE Name = 'Alpha'")[0]
    assert book.patch(f"/sobjects/Account/{alpha}", {"Rating": "Cold"}).status == 204
    assert book.rows("SELECT Rating_Shown__c, SystemModstamp FROM Opportunity WHERE Name = 'one'") == [
        {"Rating_Shown__c": "Cold", "SystemModstamp": before[0]}
    ]
    assert book.patch(f"/sobjects/Opportunity/{book.opportunity()}", {"Rating_Shown__c": "x"}).code == (
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_an_answer_is_indented_when_that_is_asked_for(desk: Desk) -> None:
    plain = desk.query("SELECT COUNT() FROM Account")
    pretty = desk.query("SELECT COUNT() FROM Account", x_prettyprint="1")
    assert pretty.json == plain.json
    assert "\n" in pretty.text


def test_a_slash_before_the_question_mark_may_be_there_or_not(desk: Desk) -> None:
    text = urlencode({"q": "SELECT COUNT() FROM Account"})
    assert desk.get(f"/query?{text}").json == desk.get(f"/query/?{text}").json
