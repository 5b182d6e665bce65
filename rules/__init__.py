"""The pure core: what a venue's files mean, and what is decided by them."""
