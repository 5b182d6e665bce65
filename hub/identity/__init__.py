"""Whose tag is it? The only room that knows both a tag and a guest."""
