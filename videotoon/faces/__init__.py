"""Painting every face of a clip at the scale at which a network draws faces well.

    detector -> tracker -> alignment -> face network -> region correction -> blending

Tracking is sequential and runs before the workers; painting runs inside them. Nothing here is
imported unless ``--face`` is given.
"""
