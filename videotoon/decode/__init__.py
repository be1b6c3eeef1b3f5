"""Decoding: from a file or camera to frames."""
