"""The driver: takes sweeps from the table that is the queue and has Ray Tune train them."""
