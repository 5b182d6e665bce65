"""The `innkeeper` command: one file a subject. Reads arguments, calls the rooms, prints, and says with an exit code."""
