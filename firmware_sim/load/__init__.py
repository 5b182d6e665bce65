"""A crowd at a hub's door, without radios: tags are enrolled, sightings published as fast as told, and counted."""
