"""The driver: claims queued sweeps and trains their trials by Ray Tune."""
