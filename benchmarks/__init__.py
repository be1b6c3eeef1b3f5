"""Measurements that anyone can repeat: speed, quality, faces, durability."""
