"""Beacon formats: bytes heard in the air, and the frames that they carry."""
