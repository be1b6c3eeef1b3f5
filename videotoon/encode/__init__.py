"""Encoding: from painted frames to compressed video."""
