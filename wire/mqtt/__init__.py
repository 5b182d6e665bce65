"""Topics and messages of version 1 of the wire."""
