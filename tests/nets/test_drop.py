import pytest
import torch

from glyphsmith.nets.drop import Dropout


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9])
def test_the_asked_share_is_dropped_and_the_mean_stays(p):
    torch.manual_seed(0)
    x = torch.ones(64, 4003)
    dropped = Dropout(p)(x)
    # 256 192 coins: five standard deviations are below 0.005, and the share counts in steps of 1/256.
    assert float((dropped == 0).float().mean()) == pytest.approx(p, abs=0.007)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.03 if p > 0.5 else 0.01)


def test_every_value_is_dropped_on_its_own():
    torch.manual_seed(1)
    dropped = Dropout(0.5)(torch.ones(4000, 8)) == 0
    together = (dropped[:, :-1] & dropped[:, 1:]).float().mean()
    assert float(together) == pytest.approx(0.25, abs=0.02)
    assert float(dropped.float().mean(dim=0).min()) > 0.45


def test_reading_and_a_share_of_zero_change_nothing():
    x = torch.rand(3, 5)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)


def test_the_seed_decides_and_precision_stays():
    x = torch.ones(5, 7, dtype=torch.bfloat16)
    torch.manual_seed(3)
    first = Dropout(0.5)(x)
    torch.manual_seed(3)
    assert torch.equal(first, Dropout(0.5)(x))
    assert first.dtype == torch.bfloat16


@pytest.mark.parametrize("p", [-0.1, 1.0, 2.0])
def test_a_share_that_is_none_is_refused(p):
    with pytest.raises(ValueError, match="dropout"):
        Dropout(p)
