"""An outbox whose disk is full for a moment."""

from __future__ import annotations

from typing import Any

from hub.errors import StoreFailed
from tests.fakes.box import FakeBox
from tests.fakes.office import Office


class FullForAMoment(FakeBox):
    """The disk refuses the first call of one kind after an answer."""

    def __init__(self, call: str, office: Office) -> None:
        super().__init__()
        self.refused = 0
        kind = getattr(self, call)

        async def refusing(*args: Any, **fields: Any) -> Any:  # noqa: ANN401  passed on as they are
            if not self.refused and (office.apns.asked or office.smtp.asked):
                self.refused = 1
                raise StoreFailed("store: database or disk is full")
            return await kind(*args, **fields)

        setattr(self, call, refusing)
