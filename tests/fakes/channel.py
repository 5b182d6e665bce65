"""A channel that answers as a test tells it, and remembers what it accepted."""

from __future__ import annotations

from collections.abc import Sequence

from hub.errors import SendFailed
from hub.outbox.message import Accepted, Notification


class FakeChannel:
    """hub.outbox.port.Channel."""

    def __init__(self, *answers: SendFailed | None) -> None:
        self._answers = list(answers)  # one a call; when they are used up, all is accepted
        self.tried: list[Notification] = []
        self.accepted: list[Notification] = []

    def then(self, *answers: SendFailed | None) -> None:
        self._answers.extend(answers)

    @property
    def accepted_ids(self) -> Sequence[str]:
        return [notification.id for notification in self.accepted]

    async def send(self, notification: Notification) -> Accepted:
        self.tried.append(notification)
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer
        self.accepted.append(notification)
        return Accepted(provider_id=f"fake-{len(self.accepted)}")
