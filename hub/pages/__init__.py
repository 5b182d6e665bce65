"""The web pages that the hub serves."""
