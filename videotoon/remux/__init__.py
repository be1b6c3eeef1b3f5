"""Bringing sound, subtitles and the rest of the input to the painted video."""
