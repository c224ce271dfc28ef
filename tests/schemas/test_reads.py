"""What is read never holds a number that JSON lacks, and names every column of a trial."""

import math
from uuid import uuid4

import pytest
from pydantic import ValidationError

from service.schemas.reads import EpochRead, LayerProfileRead, TrialRead
from service.store.models import Epoch, LayerProfile, Trial


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused_not_made_null(number: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        TrialRead(id=uuid4(), final_train_loss=number)


def test_every_column_of_a_trial_and_of_an_epoch_is_told() -> None:
    assert set(TrialRead.model_fields) == set(Trial.__table__.columns.keys())
    for told, table in ((EpochRead, Epoch), (LayerProfileRead, LayerProfile)):
        assert set(told.model_fields) == set(table.__table__.columns.keys()) - {"trial_id"}
