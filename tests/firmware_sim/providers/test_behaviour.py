from __future__ import annotations

import pytest

from firmware_sim.providers.behaviour import BadBehaviour, Behaviour, Mode, read_behaviours
from firmware_sim.providers.conduct import Conduct


def test_what_is_named_is_taken_and_what_is_not_behaves_well() -> None:
    read = read_behaviours({"apns": {"mode": "refuse", "reason": "Forbidden", "times": 2}, "smtp": {"mode": "delay"}})

    assert read == {
        "apns": Behaviour(mode=Mode.REFUSE, reason="Forbidden", times=2),
        "fcm": Behaviour(),
        "smtp": Behaviour(mode=Mode.DELAY),
        "webhook": Behaviour(),
    }


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "behaviour: found list; right would be an object"),
        ({"gcm": {}}, "behaviour: unknown provider 'gcm'; known: apns, fcm, smtp"),
        ({"apns": 1}, "apns: found int; right would be an object"),
        ({"apns": {"mod": "ok"}}, "apns: unknown key 'mod'; known: mode, reason,"),
        ({"apns": {"mode": "off"}}, "apns.mode: unknown mode 'off'; known: cut,"),
        ({"apns": {"mode": 1}}, "apns.mode: found 1; right would be str"),
        ({"smtp": {"mode": "goaway"}}, "smtp.mode: unknown mode 'goaway'"),
        ({"apns": {"reason": "UNREGISTERED"}}, "apns.reason: found 'UNREGISTERED'; known: BadCollapseId"),
        ({"fcm": {"reason": "Unregistered"}}, "fcm.reason: found 'Unregistered'; known: INVALID_ARGUMENT"),
        ({"fcm": {"times": 0}}, "fcm.times: found 0; right would be more than 0"),
        ({"fcm": {"times": True}}, "fcm.times: found True; right would be int"),
        (
            {"smtp": {"at": "lunch"}},
            "smtp.at: found 'lunch'; known: greeting, ehlo, starttls, login, mail, rcpt, data, content",
        ),
    ],
)
def test_what_is_not_understood_is_told_with_what_would_be_right(document: object, problem: str) -> None:
    with pytest.raises(BadBehaviour) as bad:
        read_behaviours(document)

    assert str(bad.value).startswith(problem)


def test_a_behaviour_with_times_is_over_after_them() -> None:
    conduct = Conduct()
    conduct.put({"apns": Behaviour(mode=Mode.CUT, times=2)})

    assert [conduct.take("apns").mode for _ in range(3)] == [Mode.CUT, Mode.CUT, Mode.OK]
