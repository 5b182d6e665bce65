"""Where everything is kept: SQLite, one connection that writes, one hop for each unit of work."""
