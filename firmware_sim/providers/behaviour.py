"""How are the simulated providers to behave?

`PUT /behaviour` takes an object with a part a provider; a provider that is not named behaves well again:

    {"apns": {"mode": "refuse", "reason": "BadDeviceToken", "times": 3},
     "fcm":  {"mode": "delay", "delay_s": 2.5},
     "smtp": {"mode": "refuse", "code": 550, "at": "rcpt"}}

`times` says for how many requests; after them all is well. `accept` says of cut, hang and reset whether the request is
accepted (and logged) before. `every` makes apns and fcm go away after every so many requests of a connection, whatever
else they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

from firmware_sim.errors import SimError
from firmware_sim.providers.reasons import APNS_REASONS, FCM_REASONS


class Mode(StrEnum):
    """One way to behave."""

    OK = "ok"
    REFUSE = "refuse"  # `reason` (apns, fcm); `code` (smtp, webhook) and `at` (smtp)
    UNREGISTERED = "unregistered"  # the address is gone
    THROTTLE = "throttle"  # 429, smtp 451; `retry_after_s`
    DELAY = "delay"  # the answer comes `delay_s` later
    DRIP = "drip"  # the answer's body (smtp: the answer at a stage) comes a byte every `delay_s`
    CUT = "cut"  # the connection is aborted instead of an answer; `accept`
    HANG = "hang"  # no answer ever; `accept`
    RESET = "reset"  # the stream (smtp: the connection) is reset instead of an answer; `accept`
    GOAWAY = "goaway"  # apns, fcm: after every `every` requests of a connection, 300 unless said
    EXPIRE_TOKENS = "expire_tokens"  # every token known until now is too old from now on


HTTP_MODES: Final = frozenset(Mode)
SMTP_MODES: Final = frozenset(Mode) - {Mode.GOAWAY, Mode.EXPIRE_TOKENS}
WEBHOOK_MODES: Final = frozenset(Mode) - {Mode.RESET, Mode.GOAWAY, Mode.EXPIRE_TOKENS, Mode.DRIP}
PROVIDERS: Final[Mapping[str, frozenset[Mode]]] = {
    "apns": HTTP_MODES,
    "fcm": HTTP_MODES,
    "smtp": SMTP_MODES,
    "webhook": WEBHOOK_MODES,
}
REASONS: Final[Mapping[str, Mapping[str, object]]] = {
    "apns": APNS_REASONS,
    "fcm": FCM_REASONS,
    "smtp": {},
    "webhook": {},
}
GOAWAY_EVERY: Final = 300
STAGES: Final = ("greeting", "ehlo", "starttls", "login", "mail", "rcpt", "data", "content")
# Of SMTP, in its order; content is after the dot.


class BadBehaviour(SimError):
    """What was asked for is not understood; `str()` says where, what was found, what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Of one provider."""

    mode: Mode = Mode.OK
    reason: str | None = None  # the provider's own word
    code: int | None = None  # smtp, webhook: 4xx or 5xx
    at: str = ""  # smtp: at which stage; by itself a refusal is at rcpt, all else at content
    delay_s: float = 1.0
    retry_after_s: int | None = None
    every: int | None = None  # requests
    accept: bool = True
    times: int | None = None  # None: until told otherwise

    @property
    def goes_away_every(self) -> int | None:
        """After how many requests of a connection it says GOAWAY; None: never."""
        return self.every or (GOAWAY_EVERY if self.mode is Mode.GOAWAY else None)


def read_behaviours(document: object) -> Mapping[str, Behaviour]:
    """Every provider's behaviour. Raises BadBehaviour."""
    if not isinstance(document, dict):
        raise BadBehaviour(f"behaviour: found {type(document).__name__}; right would be an object")
    for provider in document:
        if provider not in PROVIDERS:
            raise BadBehaviour(f"behaviour: unknown provider {provider!r}; known: {', '.join(PROVIDERS)}")
    return {name: _read(name, document.get(name, {})) for name in PROVIDERS}


def spent(behaviour: Behaviour) -> Behaviour:
    """What is left of a behaviour after one request that it applied to."""
    if behaviour.times is None:
        return behaviour
    return replace(behaviour, times=behaviour.times - 1) if behaviour.times > 1 else Behaviour(every=behaviour.every)


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "mode": (str,),
    "reason": (str,),
    "code": (int,),
    "at": (str,),
    "delay_s": (int, float),
    "retry_after_s": (int,),
    "every": (int,),
    "accept": (bool,),
    "times": (int,),
}


def _read(provider: str, part: object) -> Behaviour:
    if not isinstance(part, dict):
        raise BadBehaviour(f"{provider}: found {type(part).__name__}; right would be an object")
    known = [each.name for each in fields(Behaviour)]
    for key, value in part.items():
        if key not in known:
            raise BadBehaviour(f"{provider}: unknown key {key!r}; known: {', '.join(known)}")
        kinds = _KINDS[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            right = " or ".join(kind.__name__ for kind in kinds)
            raise BadBehaviour(f"{provider}.{key}: found {value!r}; right would be {right}")
    return _checked(provider, part)


def _checked(provider: str, part: Mapping[str, object]) -> Behaviour:
    allowed = PROVIDERS[provider]
    mode = part.get("mode", Mode.OK)
    if mode not in allowed:
        raise BadBehaviour(f"{provider}.mode: unknown mode {mode!r}; known: {', '.join(sorted(allowed))}")
    if part.get("at", STAGES[0]) not in STAGES:
        raise BadBehaviour(f"{provider}.at: found {part['at']!r}; known: {', '.join(STAGES)}")
    reasons = REASONS[provider]
    if "reason" in part and part["reason"] not in reasons:
        raise BadBehaviour(f"{provider}.reason: found {part['reason']!r}; known: {', '.join(reasons) or 'none'}")
    for key in ("delay_s", "retry_after_s", "every", "times"):
        number = part.get(key, 1)
        if isinstance(number, int | float) and number <= 0:
            raise BadBehaviour(f"{provider}.{key}: found {number}; right would be more than 0")
    values = {**part, "mode": Mode(str(mode))}
    return Behaviour(**values)  # type: ignore[arg-type]  # each value's type was checked against _KINDS
