"""From a spec to the points that it stands for."""
