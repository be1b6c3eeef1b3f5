"""A small judge of patches: does this look like a target picture or like a student's?"""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchDiscriminator(nn.Module):
    """Four spectrally normalised convolutions (PatchGAN, Isola et al. 2017; Miyato et al. 2018).

    Takes the six half-resolution phases [N, 6, H/2, W/2] of a picture, so that it sees luma at
    full resolution, and gives one score per patch [N, 1, H/4, W/4].
    """

    def __init__(self, channels: int = 6, width: int = 24) -> None:
        super().__init__()

        def layer(inputs: int, outputs: int, stride: int) -> nn.Module:
            return spectral_norm(nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1))

        self.layers = nn.Sequential(
            layer(channels, width, 1),
            nn.LeakyReLU(0.2),
            layer(width, 2 * width, 2),
            nn.LeakyReLU(0.2),
            layer(2 * width, 2 * width, 1),
            nn.LeakyReLU(0.2),
            layer(2 * width, 1, 1),
        )

    def forward(self, phases: Tensor) -> Tensor:
        """Scores of half-resolution phases; higher means more like a target."""
        scores: Tensor = self.layers(phases)
        return scores
