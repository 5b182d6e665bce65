"""What travels between gateway and hub: bytes in the air and messages on MQTT. Pure, standard library alone."""
