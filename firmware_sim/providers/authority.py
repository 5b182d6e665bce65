"""Which keys and certificates do the simulated providers show, and which files make a hub trust them?

Made once a directory and kept, so that a hub goes on trusting providers that were started again. Secrets are 0600.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware_sim.errors import SimError
from firmware_sim.providers.clock import Now

TEAM_ID: Final = "HOTELTEAM1"
KEY_ID: Final = "HOTELKEY01"
TOPIC: Final = "com.example.innkeeper"
PROJECT: Final = "innkeeper-demo"
ACCOUNT: Final = f"hub@{PROJECT}.iam.gserviceaccount.com"
SENDER: Final = "Innkeeper <hello@hotel.example>"

SMTP_USER: Final = "innkeeper"

KEY_USAGES: Final = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip

LIFE: Final = timedelta(days=365)
CLOCKS_DIFFER: Final = timedelta(hours=1)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayOptions:
    """What the mail relay wants of those who send."""

    security: str = "starttls"  # tls, starttls, none
    login: bool = False


USUAL_RELAY: Final = RelayOptions()


class BadDirectory(SimError):
    """A file of the directory cannot be used; `str()` says where, what was found, what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What the providers need of their directory."""

    apns_key: ec.EllipticCurvePublicKey
    fcm_key: rsa.RSAPublicKey
    server_pem: Path  # certificate and key
    webhook_secret: bytes
    smtp_password: str

    def tls(self, *alpn: str) -> ssl.SSLContext:
        """A server's context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.server_pem)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


def lay_out(directory: Path, *, port: int, now: Now, smtp: RelayOptions = USUAL_RELAY) -> Authority:
    """Make what is missing of the directory, and write the files that a hub is given. Raises BadDirectory."""
    directory.mkdir(parents=True, exist_ok=True)
    apns_key = _kept_key(directory / "apns.p8", lambda: ec.generate_private_key(ec.SECP256R1()))
    fcm_key = _kept_key(directory / "fcm.key", lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))
    if not isinstance(apns_key, ec.EllipticCurvePrivateKey) or not isinstance(fcm_key, rsa.RSAPrivateKey):
        raise BadDirectory(f"{directory}: found keys of another kind; right would be an empty directory")
    server_pem = directory / "server.pem"
    if not (directory / "ca.pem").exists() or not _is_good(server_pem, now):
        _certify(directory, now)
    if not (directory / "webhook.secret").exists():
        _write(directory / "webhook.secret", secrets.token_urlsafe(32).encode())
    secret = (directory / "webhook.secret").read_bytes()
    if not (directory / "smtp.password").exists():
        _write(directory / "smtp.password", secrets.token_urlsafe(16).encode() + b"\n")
    _write(directory / "service-account.json", _service_account(fcm_key, port).encode())
    _write(directory / "hub.toml.part", hub_toml_part(directory, port, smtp).encode())
    return Authority(
        apns_key=apns_key.public_key(),
        fcm_key=fcm_key.public_key(),
        server_pem=server_pem,
        webhook_secret=secret,
        smtp_password=(directory / "smtp.password").read_text(encoding="ascii").strip(),
    )


def hub_toml_part(directory: Path, port: int, smtp: RelayOptions) -> str:
    """The tables that make a hub use these providers. Paths are absolute, so that they fit any hub.toml."""
    files = {
        name: json.dumps(str(directory.absolute() / name))
        for name in ("ca.pem", "apns.p8", "service-account.json", "smtp.password")
    }
    login = f'username = "{SMTP_USER}"\npassword_file = {files["smtp.password"]}\n' if smtp.login else ""
    return f"""[apns]
endpoint = "https://127.0.0.1:{port}"
team_id = "{TEAM_ID}"
key_id = "{KEY_ID}"
key_file = {files["apns.p8"]}
topic = "{TOPIC}"
ca_file = {files["ca.pem"]}

[fcm]
endpoint = "https://127.0.0.1:{port + 1}"
service_account_file = {files["service-account.json"]}
ca_file = {files["ca.pem"]}

[smtp]
host = "127.0.0.1"
port = {port + 2}
security = "{smtp.security}"
{login}sender = "{SENDER}"
ca_file = {files["ca.pem"]}
"""


def _service_account(key: Key, port: int) -> str:
    return json.dumps(
        {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "innkeeper-sim",
            "private_key": _pem(key).decode(),
            "client_email": ACCOUNT,
            "client_id": "100000000000000000000",
            "token_uri": token_uri(port),
        },
        indent=2,
    )


def token_uri(port: int) -> str:
    """Where the service account gets its access tokens."""
    return f"https://127.0.0.1:{port + 1}/token"


def _kept_key(path: Path, make: Callable[[], Key]) -> object:
    if not path.exists():
        _write(path, _pem(make()))
    try:
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as exc:
        raise BadDirectory(f"{path}: found no PEM key; right would be an empty directory") from exc


def _is_good(server_pem: Path, now: Now) -> bool:
    """Whether the certificate is there and will be good for a while."""
    if not server_pem.exists():
        return False
    try:
        certificate = x509.load_pem_x509_certificate(server_pem.read_bytes())
    except ValueError:
        return False
    return certificate.not_valid_before_utc <= now() < certificate.not_valid_after_utc - CLOCKS_DIFFER


def _certify(directory: Path, now: Now) -> None:
    """A new authority and its one certificate; the authority's key is not kept."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "innkeeper-sim local CA")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    addresses = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - CLOCKS_DIFFER)
            .not_valid_after(now() + LIFE)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )

    usage = dict.fromkeys(KEY_USAGES, False)
    ca = (
        builder(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**{**usage, "key_cert_sign": True, "crl_sign": True}), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        builder(name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{**usage, "digital_signature": True}), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    _write(directory / "server.pem", server.public_bytes(pem) + _pem(key))
    _write(directory / "ca.pem", ca.public_bytes(pem), mode=0o644)


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace the file in one step; it never has wider rights than it ends with."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
    new.replace(path)
