"""What did the operator ask for? hub.toml, read once and checked whole."""
