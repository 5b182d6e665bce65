"""The hub: sightings become presence, presence becomes journeys, journeys become one message at the right moment."""
