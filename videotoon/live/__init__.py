"""Painting what a camera sees, as it happens."""
