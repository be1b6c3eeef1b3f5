"""Painting many files in one go."""
