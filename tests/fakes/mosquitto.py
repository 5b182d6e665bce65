"""The broker as we deploy it: Debian's mosquitto with deploy/mosquitto's own files, TLS, passwords and ACL.

For tests that are marked `needs("mosquitto")`:

    with running_mosquitto({"hub": "h", "marlton/lobby-1": "g"}) as broker:
        broker.url          # mqtts://localhost:PORT
        broker.ca_file      # what a client trusts; broker.password_file(user) holds a user's password

    with running_mosquitto({"hub": "h"}, certificates=["marlton/lobby-1"]) as broker:
        broker.certificates_port       # deploy/mosquitto/certificates.conf
        broker.certificate(user)       # its certificate and key; those of a stranger's CA: broker.forged(user)

It is up within a second. Only the paths in mosquitto.conf and the ports are changed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import wire
from tests.fakes.ports import free_ports

DEPLOY = Path(wire.__file__).parents[1] / "deploy" / "mosquitto"


@dataclass(frozen=True, slots=True)
class RunningMosquitto:
    port: int
    folder: Path
    certificates_port: int = 0
    command: tuple[str, ...] = ()
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)  # the last one runs

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self.processes[-1]

    def start(self) -> None:
        """(Again), on the same port."""
        with (self.folder / "log").open("a") as log:
            self.processes.append(subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=log))
        _wait_for(self, self.process)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait(10)

    @property
    def url(self) -> str:
        return f"mqtts://localhost:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def acl(self) -> Path:
        return self.folder / "acl"

    def certificate(self, user: str) -> tuple[Path, Path]:
        name = user.replace("/", "_")
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def forged(self, user: str) -> tuple[Path, Path]:
        """The same name, signed by somebody whom the broker does not know."""
        return self.certificate(f"forged_{user}")

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def password_file(self, user: str) -> Path:
        return self.folder / f"{user.replace('/', '.')}.password"


@contextmanager
def running_mosquitto(users: Mapping[str, str], *, certificates: Sequence[str] = ()) -> Iterator[RunningMosquitto]:
    with TemporaryDirectory() as made:
        folder = Path(made)
        config = folder / "mosquitto.conf"
        port, certificates_port = free_ports(2)
        command = (program("mosquitto"), "-c", str(config))
        broker = RunningMosquitto(port, folder, certificates_port, command)
        _write_certificates(broker, certificates)
        _write_passwords(broker, users)
        shutil.copy(DEPLOY / "acl", broker.acl)
        config.write_text(_config(broker, certificates=bool(certificates)))
        try:
            broker.start()
            yield broker
        finally:
            if broker.processes:
                broker.process.terminate()
                broker.process.wait(10)


def _config(broker: RunningMosquitto, *, certificates: bool) -> str:
    text = (DEPLOY / "mosquitto.conf").read_text()
    if certificates:
        text += (DEPLOY / "certificates.conf").read_text()
    text = text.replace("listener 8883", f"listener {broker.port} 127.0.0.1")
    text = text.replace("listener 8884", f"listener {broker.certificates_port} 127.0.0.1")
    text = text.replace("/etc/mosquitto/certs/", f"{broker.folder}/")
    text = text.replace("/etc/mosquitto/innkeeper.passwd", str(broker.folder / "passwd"))
    text = text.replace("/etc/mosquitto/innkeeper.acl", str(broker.acl))
    if os.geteuid() == 0:
        text += "user root\n"  # or it would give up its rights, and could not read our folder
    return text


def _write_passwords(broker: RunningMosquitto, users: Mapping[str, str]) -> None:
    passwords = broker.folder / "passwd"
    passwords.touch(mode=0o600)
    for user, password in users.items():
        subprocess.run([program("mosquitto_passwd"), "-b", passwords, user, password], check=True)
        broker.password_file(user).write_text(f"{password}\n")


def _write_certificates(broker: RunningMosquitto, users: Sequence[str]) -> None:
    """An authority for this one broker and its gateways, and another that the broker does not know."""
    ours, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    _write_certificate(broker.folder / "ca", "test ca", ours, "test ca", ours)
    shutil.copy(broker.ca_file, broker.folder / "gateways-ca.crt")
    _write_certificate(
        broker.folder / "server", "test server", ec.generate_private_key(ec.SECP256R1()), "test ca", ours
    )
    for user in users:
        key = ec.generate_private_key(ec.SECP256R1())
        _write_certificate(broker.certificate(user)[0].with_suffix(""), user, key, "test ca", ours)
        _write_certificate(broker.forged(user)[0].with_suffix(""), user, key, "test ca", theirs)


def _write_certificate(
    file: Path, name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey
) -> None:
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_called(name))
        .issuer_name(_called(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    file.with_name(f"{file.name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.with_name(f"{file.name}.key").write_bytes(private)


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _wait_for(broker: RunningMosquitto, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", broker.port), timeout=0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"mosquitto did not start: {(broker.folder / 'log').read_text()}")


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise FileNotFoundError(name)
    return found
