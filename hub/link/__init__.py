"""The hub's way to its gateways: an MQTT broker."""
