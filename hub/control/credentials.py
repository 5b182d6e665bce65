"""With which password does a gateway come to the broker, and what may it say there? Two files for mosquitto.

`passwd` has a line for each user with the hash that mosquitto itself would write (`$7$`, PBKDF2 with SHA-512): a
password is told once and kept nowhere. `acl` is the same for every house but for the hub's own name and the gateways
that were revoked: of these it takes every topic, for a certificate opens the door without a password. Both are written
whole, beside what is there, and put in its place.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.errors import BadConfig

ITERATIONS: Final = 101  # mosquitto_passwd's own; our passwords are 256 random bits, which nobody guesses
SALT_BYTES: Final = 12
SECRET_BYTES: Final = 32
OWNER_AND_GROUP: Final = 0o640  # mosquitto reads them through its group

ACL: Final = """\
# Who may say what. A gateway's user name, venue/gateway, stands for %u: it reaches its own topics and nothing else.

user {hub}
topic read ik/1/+/+/live/#
topic read ik/1/+/+/log/#
topic read ik/1/+/+/state
topic write ik/1/+/+/ack
topic write ik/1/+/+/config
{revoked}
pattern write ik/1/%u/live/#
pattern write ik/1/%u/log/#
pattern write ik/1/%u/state
pattern read ik/1/%u/ack
pattern read ik/1/%u/config
"""
REVOKED: Final = """
user {user}
topic deny ik/1/#
"""
_REVOKED: Final = re.compile(r"^user (\S+)\ntopic deny ik/1/#$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubUser:
    """The hub's own user at the broker."""

    name: str = "hub"
    password_file: Path | None = None  # None: somebody else keeps its line


def mosquitto_hash(password: str, *, salt: bytes, iterations: int = ITERATIONS) -> str:
    """The password as mosquitto keeps it."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"$7${iterations}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def matches(password: str, hashed: str) -> bool:
    """Is this the password of such a line?"""
    _, kind, iterations, salt, _ = hashed.split("$")
    again = mosquitto_hash(password, salt=b64decode(salt), iterations=int(iterations))
    return kind == "7" and secrets.compare_digest(again, hashed)


class Credentials:
    """The broker's files in `{data_dir}/mosquitto`."""

    def __init__(self, folder: Path, hub: HubUser, *, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.passwd = folder / "passwd"
        self.acl = folder / "acl"
        self._hub = hub
        self._draw = draw

    def users(self) -> Mapping[str, str]:
        """Every user's hash. Raises BadConfig."""
        try:
            lines = self.passwd.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as exc:
            raise BadConfig(f"{self.passwd}: cannot be read; right would be mosquitto's passwords") from exc
        pairs = (line.partition(":") for line in lines if line and not line.startswith("#"))
        return {user: hashed for user, _, hashed in pairs}

    def make(self, user: str) -> str:
        """A new password for this user, told this once. Raises BadConfig."""
        secret = b64encode(self._draw(SECRET_BYTES), altchars=b"-_").decode().rstrip("=")
        users = {**self.users(), user: mosquitto_hash(secret, salt=self._draw(SALT_BYTES))}
        self._write(users, self.revoked() - {user})
        return secret

    def remove(self, user: str) -> bool:
        """No password lets this user in, and no certificate to any topic; had it a password? Raises BadConfig."""
        users = dict(self.users())
        known = users.pop(user, None) is not None
        self._write(users, self.revoked() | {user})
        return known

    def revoked(self) -> frozenset[str]:
        """Who may say and hear nothing, however it came in. Raises BadConfig."""
        try:
            return frozenset(_REVOKED.findall(self.acl.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return frozenset()
        except (OSError, UnicodeDecodeError) as exc:
            raise BadConfig(f"{self.acl}: cannot be read; right would be mosquitto's access list") from exc

    def _write(self, users: dict[str, str], revoked: Collection[str]) -> None:
        users = self._with_hub(users)
        try:
            self.passwd.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            _replace(self.passwd, "".join(f"{user}:{hashed}\n" for user, hashed in sorted(users.items())))
            denied = "".join(REVOKED.format(user=user) for user in sorted(revoked))
            _replace(self.acl, ACL.format(hub=self._hub.name, revoked=denied))
        except OSError as exc:
            raise BadConfig(f"{exc.filename or self.passwd}: {(exc.strerror or str(exc)).lower()}") from exc

    def _with_hub(self, users: dict[str, str]) -> dict[str, str]:
        """The hub's own line, where hub.toml names its password; one that is right stays as it is."""
        if self._hub.password_file is None:
            return users
        try:
            password = self._hub.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return users
        hashed = users.get(self._hub.name)
        if hashed is None or not matches(password, hashed):
            hashed = mosquitto_hash(password, salt=self._draw(SALT_BYTES))
        return {**users, self._hub.name: hashed}


def _replace(path: Path, text: str) -> None:
    """Whole, durably, and readable by its owner and group alone."""
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, OWNER_AND_GROUP)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if path.exists():
        os.chown(draft, -1, path.stat().st_gid)  # the group that an operator gave it
    draft.replace(path)
