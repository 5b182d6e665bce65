"""The daemon on the Pi: hears adverts, keeps those of enrolled tags, and hands sightings to the hub."""
