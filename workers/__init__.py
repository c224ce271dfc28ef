"""Code that runs on a compute node: data sets, schedules, engines, the training loop."""
