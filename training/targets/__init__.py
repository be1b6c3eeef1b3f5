"""Target pictures of our own styles, computed without a teacher network."""
