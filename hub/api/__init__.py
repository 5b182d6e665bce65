"""HTTP version 1: one file a subject."""
