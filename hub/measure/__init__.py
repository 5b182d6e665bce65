"""Did it help? Counts and figures."""
