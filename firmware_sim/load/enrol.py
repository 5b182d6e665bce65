"""How does a crowd become known to a hub? As a booking system would make it known: over HTTP, with a token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx2

from firmware_sim.errors import SimError
from wire.pseudonym import Pseudonym

AT_ONCE: Final = 20  # requests under way
TAG: Final = "ibeacon:10adc0de-10ad-4c0d-8e10-adc0de10adc0:{high}:{low}"
CONSENT: Final = {"granted": True, "source": "load", "wording": "A simulated guest."}


async def gateways_of(api: httpx2.AsyncClient, venue: str, count: int) -> Sequence[str]:
    """The first `count` gateways that the venue's file names. Raises SimError when there are fewer."""
    found = (await _asked(api, "GET", "gateways", params={"venue": venue}))["items"]
    names = sorted(one["gateway"] for one in found if one["zone"] is not None)
    if not names:
        raise SimError(f"--venue: found {venue}; right would be a venue of this hub that has gateways")
    if len(names) < count:
        raise SimError(f"--gateways: found {count}; right would be at most {len(names)}, as {venue} has")
    return names[:count]


async def enrol(api: httpx2.AsyncClient, venue: str, count: int) -> Sequence[Pseudonym]:
    """Guests who agreed that their tag is heard, and to nothing else: no message ever goes to them."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> Pseudonym:
        async with turns:
            guest, tag = f"load-{n}", TAG.format(high=n >> 16, low=n & 0xFFFF)
            await _asked(api, "PUT", f"guests/{guest}", json={"first_name": f"Load {n}"})
            await _asked(api, "PUT", f"guests/{guest}/consents/presence/tag", json=CONSENT)
            bound = await _asked(api, "PUT", f"tags/{tag}", json={"guest": guest})
            return Pseudonym(bound["pseudonyms"][venue])

    return await asyncio.gather(*(one(n) for n in range(1, count + 1)))


async def _asked(
    api: httpx2.AsyncClient,
    method: str,
    path: str,
    *,
    json: Mapping[str, Any] | None = None,
    params: Mapping[str, str] | None = None,
) -> Any:  # noqa: ANN401  JSON
    try:
        answer = await api.request(method, f"/v1/{path}", json=json, params=params)
    except httpx2.TransportError as exc:
        raise SimError(f"{api.base_url}: cannot be reached: {str(exc).lower()}; right would be a hub there") from exc
    if not answer.is_success:
        raise SimError(f"{method} /v1/{path}: the hub says {answer.status_code}: {_detail(answer)}")
    return answer.json()


def _detail(answer: httpx2.Response) -> str:
    """The hub's own word, of its problem document; nothing where whoever answers is no hub."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return "nothing that a hub says"
