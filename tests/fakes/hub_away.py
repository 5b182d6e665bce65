"""A hub that is away for a while, behind a `gateway.port.Uplink`: in virtual time, with the marks of the real one."""

from __future__ import annotations

import json

from gateway.pipeline import Pipeline, dumps
from hub.ingest.marks import MarkBook, MarkKey
from wire.mqtt import codec, topics
from wire.mqtt.batch import Batch
from wire.pseudonym import Pseudonym


class Hub:
    """An uplink, and the hub behind it: away until `there`, then it stores and confirms all."""

    def __init__(self) -> None:
        self.there = False
        self.given_up = 0
        self.readings = self.lost = 0
        self.seqs: list[int] = []  # stored, in the order in which they came
        self.tags: set[Pseudonym] = set()  # of which it was told
        self.waiting: list[Batch] = []
        self._marks = MarkBook()

    @property
    def room(self) -> int:
        return 20 if self.there else 0

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None) -> None:
        del retain, expiry_s
        if self.there and ("/live/" in topic or "/log/" in topic):
            self.waiting.append(codec.decode_batch(payload, loads=json.loads))

    def confirm(self, pipeline: Pipeline) -> None:
        batches, self.waiting = self.waiting, []
        for batch in batches:
            self.tags |= {row.tag for row in batch.rows}
            key = MarkKey("v", "g", batch.epoch, 0)
            noted = self._marks.note(key, seq=batch.seq, low=batch.low, rows=len(batch.rows))
            self.lost += noted.lost
            if noted.fresh:
                self.seqs.append(batch.seq)
                self.readings += sum(row.readings for row in batch.rows)
        for mark in self._marks.take():
            pipeline.receive(topics.ack("v", "g"), codec.encode_ack(mark.ack, dumps=dumps))
