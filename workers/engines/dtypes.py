"""The torch type of each precision."""

import torch

from workers.contract import Precision

DTYPES = {Precision.FLOAT32: torch.float32, Precision.FLOAT64: torch.float64}
