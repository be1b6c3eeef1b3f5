"""Trains, exports and measures the networks of the bundled styles; see ``python -m training``."""
