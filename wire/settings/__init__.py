"""What do people write into the files that a hub and a gateway both look into? Pure, standard library alone."""
