"""What do gateway and hub share? Bytes in the air, messages on MQTT, settings. Pure, standard library alone."""
