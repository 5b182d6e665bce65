"""How does each provider behave just now?"""

from __future__ import annotations

from collections.abc import Mapping

from firmware_sim.providers.behaviour import Behaviour, Mode, spent


class Conduct:
    """The present behaviour of all providers; each request takes its turn of it."""

    def __init__(self) -> None:
        self._of: dict[str, Behaviour] = {}
        self.expired: dict[str, int] = {}  # how often a provider was told to expire its tokens

    def of(self, provider: str) -> Behaviour:
        """How it behaves, without taking a turn."""
        return self._of.get(provider, Behaviour())

    def take(self, provider: str) -> Behaviour:
        """How it behaves towards this request."""
        behaviour = self.of(provider)
        if behaviour.times is not None:
            self._of[provider] = spent(behaviour)
        return behaviour

    def put(self, behaviours: Mapping[str, Behaviour]) -> None:
        """From now on."""
        for provider, behaviour in behaviours.items():
            if behaviour.mode is Mode.EXPIRE_TOKENS:
                self.expired[provider] = self.expired.get(provider, 0) + 1
                self._of[provider] = Behaviour()
            else:
                self._of[provider] = behaviour
