"""The composition root: opens every room, wires them together, runs them in one group of tasks."""
