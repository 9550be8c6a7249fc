import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # else scikit-learn skips one of its checks

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)
