"""Just enough of H.264 (ITU-T H.264) to show a coded picture again without coding it again."""
