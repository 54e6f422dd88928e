"""TLS is verified, and an authority of one's own is added the usual way; nothing switches verification off."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connector.errors import StopRun
from connector.settings.model import HubSpot, Salesforce, Section
from tests.hubspot.parts import TOKEN, hubspot_at, pulled
from tests.salesforce import parts as salesforce
from tests.salesforce.parts import TOKEN as SESSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed but itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(made.public_bytes(pem) + plain)
    return file


@pytest.fixture
def heard(certificate: Path) -> Iterator[tuple[str, list[str]]]:
    """A server behind that certificate: its address, and the tokens that reached it."""
    tokens: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tokens.append(str(self.headers["Authorization"]))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that is refused is what is tested."""

    with Quiet(("127.0.0.1", 0), Ear) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}", tokens
        server.shutdown()
        thread.join()


PULLS: dict[str, Callable[[str], object]] = {
    TOKEN: lambda url: pulled(hubspot_at(url)),
    SESSION: lambda url: salesforce.pulled(salesforce.salesforce_at(url)),
}


@pytest.mark.parametrize("token", PULLS, ids=["HubSpot", "Salesforce"])
def test_a_certificate_that_nobody_vouches_for_gets_no_token(heard: tuple[str, list[str]], token: str) -> None:
    url, tokens = heard
    with pytest.raises(StopRun, match="no secure connection"):
        PULLS[token](url)
    assert tokens == []


@pytest.mark.parametrize("name", ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PYTHONHTTPSVERIFY"])
@pytest.mark.parametrize("token", PULLS, ids=["HubSpot", "Salesforce"])
def test_no_habit_of_the_environment_switches_verification_off(
    heard: tuple[str, list[str]], token: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, tokens = heard
    monkeypatch.setenv(name, "0" if name.startswith("PYTHON") else "")
    with pytest.raises(StopRun, match="no secure connection"):
        PULLS[token](url)
    assert tokens == []


@pytest.mark.parametrize("token", PULLS, ids=["HubSpot", "Salesforce"])
def test_an_authority_of_ones_own_is_named_in_the_environment(
    heard: tuple[str, list[str]], token: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, tokens = heard
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(StopRun, match=r"token|session"):
        PULLS[token](url)
    assert set(tokens) == {f"Bearer {token}"}


@pytest.mark.parametrize("section", [HubSpot, Salesforce])
def test_no_setting_switches_verification_off(section: type[Section]) -> None:
    assert [name for name in section.model_fields if "verify" in name or "tls" in name or "ssl" in name] == []
