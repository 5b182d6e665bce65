"""The story on the Pi, in virtual time: from an advert to a batch that the hub has stored."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.clock import Clock
from gateway.held import Held, Origin
from gateway.pipeline import GATHER_S, LIVE_EXPIRY_S, STATE_EVERY_S, About, Pipeline, dumps
from gateway.spool import Begin, Spool
from gateway.watchdog import Ear
from gateway.window import Sighting
from tests.fakes.radio import an_advert
from tests.fakes.uplink import FakeUplink
from wire.advert import formats
from wire.advert.frame import EddystoneTlm
from wire.mqtt import codec, topics
from wire.mqtt.batch import Batch
from wire.mqtt.messages import Ack, AdapterState, DesiredConfig, GatewayState, TagHealth
from wire.pseudonym import Pseudonym, pseudonym
from wire.tag import parse_tag

KEY = bytes(range(32))
GUEST = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:7"
STRANGER = "ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:10:8"
NAME = pseudonym(KEY, parse_tag(GUEST))
CONFIG = DesiredConfig(version=1, key=KEY, tags={NAME: 3})


class House:
    """A pipeline, its uplink, and a clock that a test turns."""

    def __init__(self, config: DesiredConfig | None = CONFIG) -> None:
        self.now = 1000.0
        self.begin(Begin(epoch="e"))
        if config is not None:
            self.configure(codec.encode_config(config, dumps=dumps))
        self.pass_time(0.0)

    def begin(self, begin: Begin) -> None:
        """A run of the gateway that finds this; another one takes the place of the first."""
        self.uplink = FakeUplink()
        self.spool = Spool(begin, max_bytes=1 << 20)
        clock = Clock(lambda: self.now, lambda: self.now + 1.7e9, lambda: True)
        origin = Origin(venue="marlton", gateway="lobby-1", boot="b")
        about = About(version="1", bleak="3", source="bluez")
        self.pipeline = Pipeline(origin, about, uplink=self.uplink, spool=self.spool, clock=clock)
        self.uplink.join(self.pipeline)

    def configure(self, payload: bytes) -> None:
        self.pipeline.receive(topics.config("marlton", "lobby-1"), payload)

    def acknowledge(self, ack: Ack) -> None:
        self.pipeline.receive(topics.ack("marlton", "lobby-1"), codec.encode_ack(ack, dumps=dumps))

    def hear(self, tag: str, rssi_dbm: int = -60) -> None:
        self.pipeline.hear(an_advert(tag, rssi_dbm), self.now)

    def pass_time(self, seconds: float) -> None:
        """Turn whenever the pipeline asks to be turned, as `run` does."""
        until = self.now + seconds
        while True:
            due = self.pipeline.turn(self.now)
            assert due > self.now, "it would spin"
            if due > until:
                break
            self.now = due
        self.now = until

    def batches(self, kind: str = "live") -> list[Batch]:
        found = [each for each in self.uplink.published if f"/{kind}/" in each.topic]
        return [codec.decode_batch(each.payload, loads=json.loads) for each in found]

    def states(self) -> list[GatewayState]:
        found = [each for each in self.uplink.published if each.topic.endswith("/state")]
        assert all(each.retain for each in found)
        return [codec.decode_state(each.payload, loads=json.loads) for each in found]


def test_guest_who_walks_in_is_told_within_a_tenth_of_a_second() -> None:
    house = House()
    house.pass_time(7.4)

    house.hear(GUEST, -63)
    house.pass_time(0.1)

    (batch,) = house.batches()
    assert batch.rows == ((NAME, *[batch.rows[0].first_age_ms] * 2, 1, -63, -63, -63),)
    assert batch.rows[0].last_age_ms == GATHER_S * 1000
    assert (batch.gateway, batch.epoch, batch.seq, batch.wall_ok) == ("lobby-1", "e", 1, True)


def test_a_batch_goes_to_its_tags_bucket_and_expires_at_a_broker_that_keeps_it() -> None:
    house = House()

    house.hear(GUEST)
    house.pass_time(0.1)

    published = house.uplink.published[-1]
    assert (published.topic, published.expiry_s) == ("ik/1/marlton/lobby-1/live/3", LIVE_EXPIRY_S)
    assert not published.retain


def test_guests_who_walk_in_together_share_a_batch() -> None:
    both = parse_tag(GUEST), parse_tag(STRANGER)
    house = House(replace(CONFIG, tags={pseudonym(KEY, tag): 0 for tag in both}))

    house.hear(GUEST)
    house.pass_time(0.01)
    house.hear(STRANGER)
    house.pass_time(0.1)

    assert [len(batch.rows) for batch in house.batches()] == [2]


def test_nothing_of_a_stranger_leaves_the_gateway_but_a_count() -> None:
    house = House()

    for _ in range(5):
        house.hear(STRANGER)
    house.pass_time(STATE_EVERY_S + 1)

    assert house.batches() == []
    assert house.states()[-1].dropped == 5
    assert all(b"fda50693" not in each.payload for each in house.uplink.published)


def test_before_a_configuration_nobody_is_told() -> None:
    house = House(config=None)

    house.hear(GUEST)
    house.pass_time(10.0)

    assert house.batches() == []
    assert house.states()[-1].config == ""


def test_what_an_earlier_run_left_waits_for_a_configuration_and_goes_out_whole() -> None:
    house = House(config=None)
    rows = [Sighting(NAME, house.now - 300, house.now - 299, 3, -60.0, -58, -60)]
    left = [Held("e", 3, seq, rows, house.now - 299) for seq in range(1, 6)]
    house.begin(Begin(epoch="e", next_seq={3: 6}, held=left))

    house.pass_time(5.0)
    before = house.batches("log")
    house.configure(codec.encode_config(CONFIG, dumps=dumps))
    house.pass_time(1.0)

    assert before == []
    assert [(batch.seq, len(batch.rows)) for batch in house.batches("log")] == [(seq, 1) for seq in range(1, 6)]


def test_what_is_held_waits_while_a_configuration_is_taken_away() -> None:
    house = House()
    house.uplink.drop(house.pipeline)
    house.hear(GUEST)
    house.pass_time(1.0)

    house.configure(b"")
    house.uplink.join(house.pipeline)
    house.pass_time(20.0)
    meanwhile = house.batches() + house.batches("log")
    house.configure(codec.encode_config(CONFIG, dumps=dumps))
    house.pass_time(1.0)

    assert meanwhile == []
    assert [len(batch.rows) for batch in house.batches("log")] == [1]


def test_guest_who_stays_is_told_every_five_seconds_with_all_readings() -> None:
    house = House()
    for _ in range(21):
        house.hear(GUEST)
        house.pass_time(1.0)

    readings = [batch.rows[0].readings for batch in house.batches()]

    assert readings == [1, 4, 5, 5, 5]


def test_a_batch_that_the_hub_has_stored_is_forgotten() -> None:
    house = House()
    house.hear(GUEST)
    house.pass_time(0.1)

    house.acknowledge(Ack(epoch="e", bucket=3, upto=1))
    house.pass_time(30.0)

    assert len(house.spool) == 0
    assert house.batches("log") == []


def test_a_batch_that_nobody_confirms_goes_on_log_with_its_true_age() -> None:
    house = House()
    house.hear(GUEST)
    house.pass_time(10.5)

    (batch,) = house.batches("log")
    assert batch.seq == 1
    assert batch.rows[0].last_age_ms == pytest.approx(10_030, abs=300)


def test_what_is_heard_during_an_outage_comes_when_it_ends() -> None:
    house = House()
    house.uplink.drop(house.pipeline)
    for _ in range(60):
        house.hear(GUEST)
        house.pass_time(1.0)

    house.uplink.join(house.pipeline)
    house.pass_time(10.0)

    told = {batch.seq: batch for batch in house.batches("log") + house.batches()}
    assert sum(batch.rows[0].readings for batch in told.values()) >= 55
    assert set(told) == set(range(1, len(told) + 1))


def test_what_a_mute_broker_has_swallowed_goes_out_again_and_nothing_is_forgotten_meanwhile() -> None:
    house = House()
    house.hear(GUEST)
    house.pass_time(1.0)
    house.uplink.room = 0  # all that may be on its way is, and no word of it comes
    for _ in range(50):
        house.hear(GUEST)
        house.pass_time(1.0)
    swallowed = {batch.seq for batch in house.batches()}
    house.uplink.published.clear()

    house.uplink.drop(house.pipeline)
    house.uplink.given_up = 1
    house.uplink.join(house.pipeline)
    house.pass_time(10.0)

    told = {batch.seq for batch in house.batches("log") + house.batches()}
    assert swallowed <= {batch.seq for batch in house.batches("log")}
    assert told == set(range(1, max(told) + 1))
    assert max(told) > len(swallowed) + 5
    assert (house.states()[-1].mute_sessions, house.states()[-1].lost_batches) == (1, 0)


def test_guest_who_withdraws_is_not_told_and_what_was_held_of_her_is_left_out() -> None:
    house = House()
    house.uplink.drop(house.pipeline)
    house.hear(GUEST)
    house.pass_time(1.0)

    house.configure(codec.encode_config(replace(CONFIG, version=2, tags={}), dumps=dumps))
    house.uplink.join(house.pipeline)
    house.hear(GUEST)
    house.pass_time(10.0)

    told = house.batches() + house.batches("log")
    assert {batch.seq for batch in told} == {1}
    assert all(batch.rows == () for batch in told)


def test_what_was_left_out_is_counted_once_the_hub_has_the_batch() -> None:
    house = House()
    house.hear(GUEST)
    house.pass_time(0.1)
    house.configure(codec.encode_config(replace(CONFIG, version=2, tags={}), dumps=dumps))
    house.pass_time(2 * STATE_EVERY_S)  # it goes out again and again
    before = house.states()[-1].withdrawn_rows

    house.acknowledge(Ack(epoch="e", bucket=3, upto=1))
    house.pass_time(STATE_EVERY_S)

    assert (before, house.states()[-1].withdrawn_rows, house.states()[-1].spool_batches) == (0, 1, 0)


def test_a_row_that_was_left_out_is_told_when_its_guest_has_agreed_again_before_the_hub_has_it() -> None:
    house = House()
    house.hear(GUEST)
    house.pass_time(0.1)
    house.configure(codec.encode_config(replace(CONFIG, version=2, tags={}), dumps=dumps))
    house.pass_time(11.0)

    house.configure(codec.encode_config(replace(CONFIG, version=3), dumps=dumps))
    house.pass_time(11.0)
    house.acknowledge(Ack(epoch="e", bucket=3, upto=1))
    house.pass_time(STATE_EVERY_S)

    assert [len(batch.rows) for batch in house.batches("log")] == [0, 1]
    assert house.states()[-1].withdrawn_rows == 0


def test_the_configuration_in_force_is_answered_in_the_state() -> None:
    house = House(config=None)
    payload = codec.encode_config(CONFIG, dumps=dumps)

    house.configure(payload)
    house.pass_time(0.0)

    assert house.states()[-1].config == codec.config_hash(payload)
    assert house.states()[-1].config_error == ""


def test_a_broken_configuration_keeps_the_old_one_and_says_why() -> None:
    house = House()
    in_force = house.states()[-1].config

    house.configure(b'{"v":1,"version":2,"key":"short"}')
    house.hear(GUEST)
    house.pass_time(0.1)

    assert house.states()[-1].config == in_force
    assert house.states()[-1].config_error.startswith("config key: found")
    assert len(house.batches()) == 1


def test_a_configuration_that_is_taken_away_admits_nobody() -> None:
    house = House()

    house.configure(b"")
    house.hear(GUEST)
    house.pass_time(1.0)

    assert house.batches() == []
    assert (house.states()[-1].config, bool(house.states()[-1].config_error)) == ("", True)


@pytest.mark.parametrize("payload", [b"", b"{", b'{"v":1,"epoch":"e","bucket":3,"upto":-1}'])
def test_an_acknowledgement_that_cannot_be_read_confirms_nothing(payload: bytes) -> None:
    house = House()
    house.hear(GUEST)
    house.pass_time(0.1)

    house.pipeline.receive(topics.ack("marlton", "lobby-1"), payload)

    assert len(house.spool) == 1


def test_first_sights_stay_below_the_hubs_cap() -> None:
    tags = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{number}" for number in range(100)]
    house = House(replace(CONFIG, tags={pseudonym(KEY, parse_tag(tag)): 0 for tag in tags}, max_batches_s=5.0))

    for tag in tags:
        house.hear(tag)
        house.pass_time(0.05)

    batches = house.batches()
    assert 20 <= len(batches) <= 26
    assert sum(len(batch.rows) for batch in batches) >= 95


def test_rows_of_a_crowd_are_split_into_several_batches() -> None:
    tags = [f"ibeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825:1:{number}" for number in range(900)]
    house = House(replace(CONFIG, tags={pseudonym(KEY, parse_tag(tag)): 0 for tag in tags}))

    for tag in tags:
        house.hear(tag)
    house.pass_time(1.0)

    assert [len(batch.rows) for batch in house.batches()] == [400, 400, 100]


def test_the_state_says_how_we_hear() -> None:
    house = House()

    ear = Ear(name="hci0", mode="active", note="BlueZ released the advertisement monitor", since=house.now)
    house.pipeline.scanning(ear)
    house.pass_time(STATE_EVERY_S)
    ear.adverts += 90
    house.pass_time(STATE_EVERY_S)

    state = house.states()[-1]
    assert (state.online, state.scan, state.scan_note) == (True, "active", "BlueZ released the advertisement monitor")
    assert (state.source, state.boot, state.version) == ("bluez", "b", "1")
    assert state.adapters == {"hci0": AdapterState(scan="active", note=ear.note, duty=1.0, adverts_s=3.0)}
    assert state.duty == 1.0


def test_an_idle_gateway_says_how_it_is_and_nothing_else() -> None:
    house = House()
    before = len(house.uplink.published)

    house.pass_time(10 * STATE_EVERY_S)

    assert {each.topic for each in house.uplink.published[before:]} == {"ik/1/marlton/lobby-1/state"}
    assert len(house.uplink.published) - before == 10


async def test_a_gateway_that_stops_tells_what_it_held_and_waits_for_the_hub() -> None:
    house = House()
    house.hear(GUEST)
    house.pass_time(0.5)
    house.hear(GUEST)
    house.acknowledge(Ack(epoch="e", bucket=3, upto=1))

    left = await house.pipeline.drain(0.0)
    house.pipeline.say_goodbye()

    assert left == 1
    assert [batch.rows[0].readings for batch in house.batches()] == [1]
    assert house.states()[-1] == GatewayState(online=False, version="1", bleak="3", boot="b", source="bluez")


def test_a_pseudonym_without_a_bucket_is_nobody() -> None:
    house = House(replace(CONFIG, tags={Pseudonym("aaaaaaaaaaaaaaaa"): 0}))

    house.hear(GUEST)
    house.pass_time(1.0)

    assert house.batches() == []


def test_telemetry_of_an_enrolled_tag_reaches_the_state_and_a_strangers_does_not() -> None:
    theirs, ours = "eddystone:edd1ebeac04e5defa017:0123456789ab", "eddystone:edd1ebeac04e5defa017:0123456789ac"
    name = pseudonym(KEY, parse_tag(ours))
    house = House(replace(CONFIG, tags={name: 0}))

    for sent in range(40):
        for tag, address in ((ours, "C0:00:00:00:00:01"), (theirs, "C0:00:00:00:00:02")):
            house.pipeline.hear(an_advert(tag, -60, address), house.now)
            telemetry = EddystoneTlm(battery_mv=2380, temperature_c=21.5, adverts=4 * sent, uptime_s=1.0)
            house.pipeline.hear(formats.encode(telemetry, address=address, rssi_dbm=-60), house.now)
        house.pass_time(1.0)
    house.pass_time(STATE_EVERY_S)

    told = house.states()[-1].tags
    assert set(told) == {name}
    assert told[name] == TagHealth(battery_mv=2380, temperature_c=21.5, reception=0.5, age_s=told[name].age_s)
