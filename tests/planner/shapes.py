"""Data sets that the planner's tests know of."""

from workers.contract import DatasetShape

SHAPES = {
    "digits": DatasetShape(name="digits", n_inputs=64, n_classes=10, n_train=1437, n_eval=360),
    "mnist": DatasetShape(name="mnist", n_inputs=784, n_classes=10, n_train=60000, n_eval=10000),
    "spirals": DatasetShape(name="spirals", n_inputs=2, n_classes=2, n_train=1000, n_eval=500),
    "sounds": DatasetShape(name="sounds", n_inputs=12, n_classes=0, n_train=500, n_eval=100),
}
