"""The library most Python programs use, against the sandbox: every login, queries, rows, Bulk 2.0, metadata."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from connector.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox.server import Running

COMPANIES = 60
SECRETS = {"consumer_key": "sandbox-integration", "consumer_secret": "sandbox-secret"}
USER = {"username": "integration@sandbox.test", "password": "sandbox-password"}


class Loopback(HTTPAdapter):
    """Sends https to any host to the sandbox instead and names the host that was wanted."""

    def __init__(self, base: str) -> None:
        self._base = urlsplit(base)
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        wanted = urlsplit(str(request.url))
        request.headers["X-Forwarded-Host"] = wanted.netloc
        request.url = urlunsplit((self._base.scheme, self._base.netloc, wanted.path, wanted.query, ""))
        return super().send(request, *args, **options)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(now=lambda: datetime.now(UTC), crm="salesforce", population=COMPANIES) as found:
        found.app.org.switches.bulk_polls = 0
        yield found


@pytest.fixture
def session(sandbox: Running) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        made.mount("https://", Loopback(sandbox.url))
        yield made


def connect(**options: Any) -> Any:
    """Log in; the library's own types do not tell its keyword arguments apart."""
    return Salesforce(**options)


@pytest.fixture
def client(session: requests.Session) -> Any:
    return connect(session=session, domain="acme.my", version="66.0", **SECRETS)


def count(client: Any) -> int:
    return int(client.query("SELECT COUNT() FROM Account WHERE External_Id__c != null")["totalSize"])


def test_client_credentials(client: Any) -> None:
    assert count(client) == COMPANIES


def test_username_password_and_security_token_up_to_version_64(session: requests.Session) -> None:
    login = {**USER, "security_token": "sandbox-token", "session": session}
    assert count(connect(version="59.0", **login)) == COMPANIES
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_OPERATION"):
        connect(version="65.0", **login)
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        connect(version="59.0", **{**login, "password": "wrong"})


def test_oauth_password(session: requests.Session) -> None:
    assert count(connect(session=session, version="66.0", **USER, **SECRETS)) == COMPANIES
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        connect(session=session, version="66.0", **USER, **{**SECRETS, "consumer_secret": "wrong"})


def test_jwt_bearer(sandbox: Running, session: requests.Session) -> None:
    key = generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    login = {"username": USER["username"], "consumer_key": SECRETS["consumer_key"], "privatekey": private}
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
        connect(session=session, version="66.0", **login)
    access = {"apps": {"sandbox-integration": {"certificate": public}}}
    assert requests.post(f"{sandbox.url}/_sandbox/access", json=access, timeout=10).status_code == 200
    assert count(connect(session=session, version="66.0", **login)) == COMPANIES


def test_a_session_of_ones_own(session: requests.Session) -> None:
    token = "00D5g00000000G8!sandbox-integration"
    assert count(connect(session=session, session_id=token, instance="acme.my.salesforce.com")) == COMPANIES


def test_an_expired_session_is_opened_anew(sandbox: Running, client: Any) -> None:
    sandbox.app.org.access.sessions.clear()
    assert count(client) == COMPANIES


def test_a_query_is_walked_over_its_pages(client: Any) -> None:
    text = "SELECT Id, Name, Account.Name, Owner.IsActive FROM Opportunity ORDER BY SystemModstamp, Id"
    pages = {"Sforce-Query-Options": "batchSize=200"}
    ids = [row["Id"] for row in client.query_all_iter(text, headers=pages)]
    assert (len(ids), len(set(ids))) == (COMPANIES * 4, COMPANIES * 4)
    first = client.query(text, headers=pages)
    second = client.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert [row["Id"] for row in first["records"] + second["records"]] == ids
    assert client.query("SELECT Id FROM Account LIMIT 1", include_deleted=True)["totalSize"] == 1


def test_rows_are_made_read_changed_and_deleted(client: Any) -> None:
    made = client.Account.create({"Name": "Zoë & Co"})
    assert made["success"]
    identity = made["id"]
    assert client.Account.get(identity)["Name"] == "Zoë & Co"
    assert client.Account.update(identity, {"Rating": "Hot"}) == 204
    assert client.Account.upsert(f"Id/{identity}", {"Site": "x"}) in {200, 204}
    assert client.Account.describe()["keyPrefix"] == "001"
    assert client.Account.metadata()["objectDescribe"]["name"] == "Account"
    now = datetime.now(UTC)
    window = (now - timedelta(minutes=10), now + timedelta(minutes=10))
    assert identity in client.Account.updated(*window)["ids"]
    assert client.Account.delete(identity) == 204
    assert identity in {row["id"] for row in client.Account.deleted(*window)["deletedRecords"]}
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(identity)


def test_errors_arrive_as_the_librarys_own(client: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        client.Account.create({"Rating": "Hot"})
    with pytest.raises(SalesforceMalformedRequest, match="MALFORMED_QUERY"):
        client.query("SELEKT")


def test_collections_limits_and_describe(client: Any) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": f"Collected {number}"} for number in range(3)]
    made = client.restful("composite/sobjects", method="POST", json={"records": records})
    assert [one["success"] for one in made] == [True] * 3
    ids = ",".join(one["id"] for one in made)
    assert len(client.restful("composite/sobjects", params={"ids": ids}, method="DELETE")) == 3
    assert {"Account", "Opportunity", "User"} <= {one["name"] for one in client.describe()["sobjects"]}
    assert client.limits()["DailyApiRequests"]["Max"] == 5_000_000
    assert client.api_usage["api-usage"].total == 5_000_000


def test_bulk2_writes_and_reads(client: Any) -> None:
    records = [{"Name": f"Bulk {number}", "Site": "old"} for number in range(5)]
    done = client.bulk2.Account.insert(records=records, wait=0.01)[0]
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (5, 0)
    text = "SELECT Id, Name, Site FROM Account WHERE Name LIKE 'Bulk %'"
    found = [line for page in client.bulk2.Account.query(text, wait=0.01) for line in page.splitlines()]
    assert len(found) == 6
    ids = [row["Id"] for row in client.query(text)["records"]]
    changes = [{"Id": identity, "Site": "new"} for identity in ids] + [{"Id": "001000000000001AAA", "Site": "new"}]
    done = client.bulk2.Account.update(records=changes, wait=0.01)[0]
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (6, 1)
    assert "INVALID_CROSS_REFERENCE_KEY" in client.bulk2.Account.get_failed_records(done["job_id"])
    assert client.bulk2.Account.get_successful_records(done["job_id"]).count("new") == 5
    assert client.bulk2.Account.get_unprocessed_records(done["job_id"]).count("001") == 0
    client.bulk2.Account.delete(records=[{"Id": identity} for identity in ids], wait=0.01)
    assert client.query(text)["totalSize"] == 0


def test_metadata_makes_and_reads_fields(sandbox: Running, session: requests.Session) -> None:
    admin = connect(
        session=session, session_id="00D5g00000000G8!sandbox-admin", instance="acme.my.salesforce.com", version="66.0"
    )
    admin.metadata_url = f"{sandbox.url}/services/Soap/m/66.0/"
    md = admin.mdapi
    try:
        values = [md.CustomValue(fullName=letter, label=letter, default=False) for letter in "AB"]
        definition = md.ValueSetValuesDefinition(sorted=False, value=values)
        picked = md.ValueSet(restricted=True, valueSetDefinition=definition)
        kind = md.FieldType("Picklist")
        name = "Account.Tier_From_Library__c"
        md.CustomField.upsert([md.CustomField(fullName=name, label="Tier", type=kind, valueSet=picked)])
        read = md.CustomField.read(name)
        assert (read.fullName, read.type) == (name, "Picklist")
        assert [one.fullName for one in read.valueSet.valueSetDefinition.value] == ["A", "B"]
        with pytest.raises(Exception, match="visibleLines"):
            md.CustomField.create([md.CustomField(fullName="Account.L__c", label="L", type="LongTextArea", length=300)])
        found = admin.toolingexecute("query/?q=SELECT+Id+FROM+CustomField+WHERE+DeveloperName='Tier_From_Library'")
        assert found["totalSize"] == 1
    finally:
        md._client.transport.session.close()
