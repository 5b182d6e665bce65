"""One adapter a provider: each hands one notification over, once."""
