"""Each change of the schema, oldest first."""
