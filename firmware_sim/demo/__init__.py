"""The whole system on one machine, each part a process of its own, and a story that tells whether it works."""
