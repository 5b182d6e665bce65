"""A vendor's tag that gateway.toml describes: the least file around it, the description, and what such a tag says."""

from __future__ import annotations

LEAST = '[gateway]\nid = "lobby-1"\nvenue = "marlton"\n[mqtt]\nurl = "mqtt://127.0.0.1"\n'
CARD = """
[[format]]
name = "card"
company = 0x0639
prefix = "CA10"
mask = "fff0"
id_at = 3
id_bytes = 6
power_at = 9
battery_at = 10
"""
SAID = bytes.fromhex("ca1f00ac233fa00001c50bb8")
