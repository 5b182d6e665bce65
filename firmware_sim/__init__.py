"""A simulated venue: radio, beacons, guests, BlueZ, and the providers' endpoints."""
