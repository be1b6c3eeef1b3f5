"""Reuse of painted frames when the same picture comes again."""
