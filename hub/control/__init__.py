"""How does a command speak to a hub that runs? Over a socket in the data directory, that its owner alone can open."""
