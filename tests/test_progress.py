"""Progress bars: shown where they are asked for, and no place where Ctrl-C is dropped."""

import inspect

import numpy as np
import pytest
import torch

from skltopo._utils.progress import check_verbose, counted, progress_bar
from skltopo.attacks import gradient_attack


@pytest.mark.parametrize("shown", [True, 1, False, 0])
def test_bars_count_only_where_they_are_shown(shown, capsys):
    with progress_bar(3, shown, "step", "work") as bar:
        results = [counted(lambda i=i: i**2, bar, 1) for i in range(3)]
        bar.set_postfix(loss="1", refresh=False)
    assert results == [0, 1, 4]
    text = capsys.readouterr().err
    assert ("work" in text) == bool(shown)
    assert ("3/3" in text) == bool(shown)


@pytest.mark.parametrize("value", [-1, 1.5, "yes", None])
def test_what_is_no_flag_and_no_count_gets_a_sentence(value):
    with pytest.raises(ValueError, match="verbose must be an integer of at least 0"):
        check_verbose(value)
    model, X = torch.nn.Linear(4, 2), torch.zeros(1, 4)
    with pytest.raises(ValueError, match="verbose must be an integer of at least 0"):
        gradient_attack(model, X, np.zeros(1, int), eps=0.1, n_steps=1, verbose=value)


@pytest.mark.parametrize("value", [True, np.True_, np.False_, 2, np.int64(0)])
def test_flags_and_counts_are_taken(value):
    assert check_verbose(value) == value


@pytest.mark.parametrize("shown", [True, False])
def test_bars_end_without_code_in_python(shown):
    """Python drops a Ctrl-C that comes within a __del__ written in Python: the call goes on."""
    with progress_bar(1, shown, "step") as bar:
        assert not inspect.isfunction(getattr(bar, "__del__", None))
        bar.update()
