"""Tests of what all stages use of the machine."""
