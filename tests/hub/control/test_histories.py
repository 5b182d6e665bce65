"""Facts and events over the control socket come out as they went in."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from hub.control.histories import pack, unpack
from hub.errors import BadRequest
from rules.event import DWELLED, Event
from rules.facts import Facts, Happened, Past, Stay
from rules.run import Run
from tests.fakes.hub_clock import T0

HOUR = timedelta(hours=1)
RUN = Run(
    id="r", journey="welcome", version="v", venue="marlton", guest="ana", once_key="", started_at=T0,
    start_event="e", deadline=T0 + HOUR, data={"since": T0, "n": 1},
)  # fmt: skip
FACTS = Facts(
    guest="ana",
    profile={"member": True, "boarding": T0, "note": None, "share": 0.5},
    consents=frozenset({("marketing", "push"), ("marketing", "email")}),
    reachable=frozenset({"push"}),
    past=(Past(id="m", at=T0, journey="welcome", message="welcome", purpose="marketing"),),
    stays=(Stay(zone="lobby", entered=T0),),
    happened=(Happened(kind="purchase", object=None, at=T0),),
    runs=(RUN,),
    version=7,
)
EVENT = Event(
    id="e", venue="marlton", guest="ana", kind=DWELLED, object="pool", at=T0, received=T0 + HOUR,
    dwell=timedelta(minutes=5), data={"kind": "a name of ours", "at": T0},
)  # fmt: skip


@pytest.mark.parametrize("value", [FACTS, EVENT, (EVENT, EVENT)])
def test_what_was_packed_comes_out_the_same(value: object) -> None:
    assert unpack(msgspec.json.decode(msgspec.json.encode(pack(value)))) == value


@pytest.mark.parametrize("packed", [{"is": "Popen"}, {"what": 1}])
def test_what_is_none_of_ours_is_refused(packed: object) -> None:
    with pytest.raises(BadRequest, match="control: found"):
        unpack(packed)
