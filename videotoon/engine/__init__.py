"""Engines that paint: styles, networks, backends."""
