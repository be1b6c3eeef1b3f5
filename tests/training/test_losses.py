"""Every loss term measures what it says."""

# ruff: noqa: E402 - without torch the file is skipped before it imports anything else
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from training import losses
from training.colour import planes_to_rgb, rgb_to_planes
from training.dataset import to_planes


def picture(seed: int = 1, side: int = 64):
    generator = torch.Generator().manual_seed(seed)
    luma = torch.rand(2, 1, side, side, generator=generator) - 0.5
    u, v = (torch.rand(2, 1, side // 2, side // 2, generator=generator) - 0.5 for _ in range(2))
    return luma, u, v


def test_all_distances_vanish_for_equal_pictures() -> None:
    one = picture()
    assert losses.charbonnier(one[0], one[0]) == pytest.approx(0.0, abs=1e-6)
    assert losses.chroma_distance(one, one) == 0.0
    assert losses.edge_distance(one[0], one[0]) == 0.0
    assert losses.multi_scale_structure(one, one) == pytest.approx(0.0, abs=1e-4)
    assert losses.steadiness(one, one) == 0.0
    assert losses.fidelity(one, one) == 0.0


def test_charbonnier_is_close_to_the_absolute_error() -> None:
    zero = torch.zeros(1, 1, 8, 8)
    assert losses.charbonnier(zero + 0.5, zero) == pytest.approx(0.496, abs=1e-3)


def test_sobel_sees_a_vertical_edge_across_only() -> None:
    luma = torch.zeros(1, 1, 16, 16)
    luma[..., 8:] = 1.0
    across, down = losses.sobel(luma).unbind(dim=1)
    assert across.max() == 1.0
    assert down.abs().max() == 0.0


def test_structure_ignores_little_and_punishes_much() -> None:
    luma, u, v = picture()
    little = losses.multi_scale_structure((luma + 0.01, u, v), (luma, u, v))
    much = losses.multi_scale_structure(picture(2), (luma, u, v))
    assert little < 0.01 < 0.4 < much


def test_structure_sees_colour_too() -> None:
    luma, u, v = picture()
    assert losses.multi_scale_structure((luma, u.flip(-1), v), (luma, u, v)) > 0.05


def test_fidelity_weighs_pictures_by_the_share_of_their_error_not_by_its_size() -> None:
    luma = torch.full((2, 1, 16, 16), -0.4)
    chroma = torch.zeros(2, 1, 8, 8)
    errors = torch.tensor([0.05, 0.2]).view(2, 1, 1, 1).requires_grad_()
    losses.fidelity((luma + errors, chroma, chroma), (luma, chroma, chroma)).backward()
    small, large = (errors.grad * errors).detach().ravel().tolist()
    assert 0.8 < small / large < 1.0  # a squared error would give 1/16


def test_rgb_agrees_with_the_conversion_of_pictures() -> None:
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (4, 4, 3), np.uint8)
    planes = rgb_to_planes(np.kron(coarse, np.ones((16, 16, 1), np.uint8)))
    colours = losses.rgb(to_planes(planes[0][None], planes[1][None]))[0].permute(1, 2, 0)
    assert np.abs(colours.numpy() * 255.0 - planes_to_rgb(*planes)).max() < 0.51


def test_relativistic_losses_have_their_optimum_one_apart() -> None:
    real, fake = torch.full((4, 1), 1.0), torch.zeros(4, 1)
    assert losses.discriminator_loss(real, fake) == 0.0
    assert losses.generator_adversarial_loss(real, fake) == 4.0
    assert losses.generator_adversarial_loss(fake, real) == 0.0


@pytest.mark.parametrize("shift", [(0, 1), (1, 0), (-1, 1), (0, 0)])
def test_shifted_moves_luma_by_a_pixel_and_chroma_by_half(shift: tuple[int, int]) -> None:
    ramp = torch.arange(32.0).repeat(32, 1)[None, None]
    chroma = torch.arange(16.0).repeat(16, 1)[None, None]
    luma, u, _ = losses.shifted((ramp, chroma, chroma), *shift)
    inner = (slice(None), slice(None), slice(4, -4), slice(4, -4))
    assert torch.equal(luma[inner], ramp[inner] - shift[1])
    assert torch.allclose(u[inner], chroma[inner] - 0.5 * shift[1])


def test_steadiness_leaves_the_border_out() -> None:
    one, other = picture(), picture()
    other[0][..., :8] += 1.0
    assert losses.steadiness(one, other, border=16) == 0.0
