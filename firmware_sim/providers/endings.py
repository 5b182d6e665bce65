"""How does a behaviour change the reply to an accepted request?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from firmware_sim.providers.behaviour import Behaviour, Mode
from firmware_sim.providers.message import Ending, Reply

_ENDINGS: Final = {Mode.CUT: Ending.CUT, Mode.HANG: Ending.HANG, Mode.RESET: Ending.RESET}


def is_accepted(behaviour: Behaviour) -> bool:
    """Whether a good request is accepted at all, whatever becomes of its answer."""
    return behaviour.accept or behaviour.mode not in _ENDINGS


def ended(behaviour: Behaviour, reply: Reply) -> Reply:
    """The reply, slowed or spoilt."""
    pause = timedelta(seconds=behaviour.delay_s)
    if behaviour.mode is Mode.DELAY:
        return replace(reply, delay=pause)
    if behaviour.mode is Mode.DRIP:
        return replace(reply, drip=pause, body=reply.body or b" " * DRIP_BYTES)
    return replace(reply, ending=_ENDINGS.get(behaviour.mode, Ending.ANSWER))


DRIP_BYTES: Final = 64  # APNs answers without a body; a dripping one has to have something to drip
