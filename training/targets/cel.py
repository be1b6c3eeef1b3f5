"""Target pictures of the style ``cel``: our own anime look, computed without any network.

The picture is flattened, its lightness is pulled into soft steps, the colours are freshened and
tapered lines are drawn along the edges in a dark tint of the colour below them.  Every threshold
is soft, so a little noise or a shift by a fraction of a pixel changes the result only a little.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image8 = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CelConstants:
    """Constants of the look; lengths are pixels of a picture whose short side is about 512."""

    bilateral_passes: int = 3  # before the Kuwahara filter; one more follows it
    bilateral_color: float = 7.0  # standard deviation over Lab distance
    fine_color: float = 4.5  # the same for the first pass, which feeds lines and faces
    bilateral_space: float = 3.0  # px
    kuwahara_radius: int = 3  # px, radius of the sectors
    kuwahara_power: float = 6.0  # how strongly the calmest sector wins
    kuwahara_floor: float = 1.2  # Lab; deviations below count as equally calm
    step: float = 12.0  # L* between two tone steps
    step_sharpness: tuple[float, float] = (1.2, 5.0)  # on flat ramps, on steep slopes
    step_slope: tuple[float, float] = (0.22, 1.0)  # L*/px between which the former applies
    step_ramp: int = 7  # px, width of the narrowest ramp; anything steeper is an edge
    lift: float = 0.075  # brightening of the middle tones, share of white
    black: float = 5.0  # L* of the darkest paint, so that ink still shows on it
    true_black: float = 8.0  # L* below which that fades: the bars around a film stay black
    white: float = 98.0  # L* of the brightest paint
    chroma_gain: float = 1.45  # for pale colours
    chroma_knee: float = 36.0  # Lab chroma at which the gain has faded half
    skin_share: float = 0.55  # share of the chroma gain that skin receives
    skin_tint: tuple[float, float, float] = (3.0, 1.5, 0.0)  # L*, a*, b* added to skin
    shade_tint: tuple[float, float] = (0.6, -1.8)  # a*, b* added to deep shadows
    line_sigma: float = 1.0  # px, inner width of the difference of Gaussians
    line_ratio: float = 1.6  # outer to inner width
    line_dark: float = 0.8  # exponent on lightness; below 1 it favours folds in the dark
    line_chroma: float = 0.28  # darkening by chroma, so that equally light colours part, too
    flow_sigma: float = 2.5  # px, smoothing of the structure tensor
    flow_steps: int = 6  # px, reach of the line smoothing to either side
    line_gain: float = 1.15  # steepness of the soft threshold, per L*
    line_bias: float = 0.30  # L*, response below which no line begins
    line_skin_bias: float = 0.7  # L*, added to the former on skin
    line_reach: int = 14  # px, length to either side over which a line must hold
    line_hold: tuple[float, float] = (0.18, 0.52)  # mean strength along it: none, full line
    line_ink: tuple[float, float] = (4.0, 0.23)  # L* of ink: on black, gain per L* of paint
    line_color: float = 0.8  # share of the paint's chroma that the ink keeps
    texture_sigma: float = 6.0  # px, neighbourhood that tells texture from outline


CONSTANTS = CelConstants()


def smoothstep(low: float, high: float, x: Plane) -> Plane:
    """Cubic Hermite step from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def blur(x: Plane, sigma: float) -> Plane:
    """Gaussian blur with a mirrored border."""
    return np.asarray(cv2.GaussianBlur(x, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)


def to_lab(rgb: Image8) -> Plane:
    """CIE Lab (L* 0..100) of an sRGB picture."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab), np.float32)


def to_rgb(lab: Plane) -> Image8:
    """Convert CIE Lab to an sRGB picture, clipped to the gamut."""
    rgb = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    return np.asarray(np.clip(rgb * 255.0 + 0.5, 0.0, 255.0), np.uint8)


@lru_cache(maxsize=4)
def sector_kernels(radius: int) -> tuple[Plane, ...]:
    """Eight smooth, overlapping sectors of a disc (Papari, Petkov and Campisi 2007)."""
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float32)
    distance = np.hypot(x, y)
    window = np.exp(-0.5 * (distance / (0.55 * radius)) ** 2) * (distance <= radius + 0.5)
    kernels = []
    for index in range(8):
        angle = np.arctan2(y, x) - index * np.pi / 4
        turn = np.arctan2(np.sin(angle), np.cos(angle))
        share = np.exp(-0.5 * (turn / 0.42) ** 2)
        share[radius, radius] = 1.0
        kernel = (window * share).astype(np.float32)
        kernels.append(kernel / kernel.sum())
    return tuple(kernels)


def kuwahara(lab: Plane, c: CelConstants) -> Plane:
    """Generalised Kuwahara filter: mean of the sectors, the calm ones counting most.

    Papari, Petkov and Campisi 2007; sectors are weighed rather than chosen, hence stable.
    """
    stack = np.dstack([lab, np.sum(lab * lab, axis=2, dtype=np.float32)])
    total = np.zeros(lab.shape, np.float32)
    weights = np.zeros(lab.shape[:2], np.float32)
    for kernel in sector_kernels(c.kuwahara_radius):
        mean = cv2.filter2D(stack, -1, kernel, borderType=cv2.BORDER_REFLECT)
        spread = mean[..., 3] - np.sum(mean[..., :3] ** 2, axis=2)
        deviation = np.sqrt(np.maximum(spread, 0.0)) + c.kuwahara_floor
        weight = (deviation / 10.0) ** -c.kuwahara_power
        total += mean[..., :3] * weight[..., None]
        weights += weight
    return total / weights[..., None]


def bilateral(lab: Plane, passes: int, color: float, c: CelConstants) -> Plane:
    """Iterated bilateral filter (Tomasi and Manduchi 1998; Winnemöller et al. 2006)."""
    for _ in range(passes):
        lab = cv2.bilateralFilter(
            lab, 9, color, c.bilateral_space, borderType=cv2.BORDER_REFLECT
        ).astype(np.float32)
    return lab


def skin_mask(lab: Plane) -> Plane:
    """Soft mask of skin-like colours: hue between pink and tan, middle chroma, not dark."""
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    hue = np.degrees(np.arctan2(b, a)).astype(np.float32)
    chroma = np.hypot(a, b).astype(np.float32)
    tone = smoothstep(15, 32, hue) * (1 - smoothstep(64, 78, hue))
    body = smoothstep(8, 15, chroma) * (1 - smoothstep(38, 52, chroma))
    return blur(tone * body * smoothstep(24, 40, lightness), 2.0)


def structure_tensor(grey: Plane, sigma: float) -> tuple[Plane, Plane, Plane]:
    """Edge tangent (x, y) and coherence 0..1 of the smoothed structure tensor.

    Brox et al. 2006; used for line flow by Kyprianidis and Döllner 2008.
    """
    gx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125, borderType=cv2.BORDER_REFLECT)
    gy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125, borderType=cv2.BORDER_REFLECT)
    xx, yy, xy = blur(gx * gx, sigma), blur(gy * gy, sigma), blur(gx * gy, sigma)
    root = np.sqrt((xx - yy) ** 2 + 4.0 * xy * xy)
    angle = 0.5 * np.arctan2(2.0 * xy, xx - yy)
    coherence = root / (xx + yy + 0.05)
    return -np.sin(angle), np.cos(angle), coherence


def along_flow(field: Plane, tx: Plane, ty: Plane, steps: int) -> Plane:
    """Gaussian mean along the edge tangents (line integral; Kang, Lee and Chui 2007)."""
    height, width = field.shape
    y0, x0 = np.mgrid[0:height, 0:width].astype(np.float32)
    total, weights = field.copy(), 1.0
    for sign in (-1.0, 1.0):
        x, y, dx, dy = x0, y0, sign * tx, sign * ty
        for index in range(1, steps + 1):
            x, y = x + dx, y + dy
            weight = float(np.exp(-2.0 * (index / (steps + 1)) ** 2))
            total += weight * cv2.remap(field, x, y, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT)
            weights += weight
            if index < steps:
                nx = cv2.remap(tx, x, y, cv2.INTER_NEAREST, None, cv2.BORDER_REFLECT)
                ny = cv2.remap(ty, x, y, cv2.INTER_NEAREST, None, cv2.BORDER_REFLECT)
                turn = np.where(nx * dx + ny * dy < 0, -1.0, 1.0).astype(np.float32)
                dx, dy = nx * turn, ny * turn
    return np.asarray(total / weights, np.float32)


def flatten(fine: Plane, skin: Plane, c: CelConstants) -> Plane:
    """Kuwahara paint for textures, bilateral paint for ordered detail and around skin."""
    calm = bilateral(fine, c.bilateral_passes - 1, c.bilateral_color, c)
    paint = kuwahara(calm, c)
    face = smoothstep(0.1, 0.5, blur(skin, 8.0))
    order = smoothstep(0.30, 0.65, structure_tensor(calm[..., 0], 1.6)[2])
    keep = np.maximum(0.85 * face, 0.9 * order)[..., None]
    detail = calm + (fine - calm) * (0.6 * face[..., None])
    return np.asarray(paint + (detail - paint) * keep, np.float32)


def line_grey(lab: Plane, c: CelConstants) -> Plane:
    """Mix the grey in which lines are sought: lightness, spread in the dark, less chroma."""
    light = 100.0 * (np.maximum(lab[..., 0], 1.0) / 100.0) ** c.line_dark
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return np.asarray(light - c.line_chroma * chroma, np.float32)


def lines(grey: Plane, skin: Plane, c: CelConstants) -> Plane:
    """Line strength 0..1: flow-based difference of Gaussians, calmed in texture and on skin.

    Kang et al. 2007 and Winnemöller et al. 2012; the suppression is our own.
    """
    tx, ty, coherence = structure_tensor(grey, c.flow_sigma)
    inner = blur(grey, c.line_sigma)
    outer = blur(grey, c.line_sigma * c.line_ratio)
    valley = along_flow(np.maximum(outer - inner, -2.0), tx, ty, c.flow_steps)
    busy = blur(np.abs(outer - inner), c.texture_sigma)
    wide = structure_tensor(grey, c.texture_sigma)[2]
    order = 0.6 * smoothstep(0.15, 0.6, coherence) + 0.4 * smoothstep(0.2, 0.6, wide)
    bias = c.line_bias + c.line_skin_bias * skin + 0.9 * busy * (1.3 - order)
    response = np.asarray(np.tanh(np.maximum(valley - bias, 0.0) * c.line_gain), np.float32)
    hold = along_flow(response, tx, ty, c.line_reach)
    return np.asarray(response * smoothstep(*c.line_hold, hold), np.float32)


def soft_steps(lightness: Plane, c: CelConstants) -> Plane:
    """Pulls lightness to steps with tanh; gently on long ramps (Winnemöller et al. 2006).

    The slope is opened, since next to an edge a sharper step would draw a halo.
    """
    smooth = blur(lightness, 1.0)
    gx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125, borderType=cv2.BORDER_REFLECT)
    gy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125, borderType=cv2.BORDER_REFLECT)
    slope = np.asarray(np.hypot(gx, gy), np.float32)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (c.step_ramp, c.step_ramp))
    slope = blur(np.asarray(cv2.morphologyEx(slope, cv2.MORPH_OPEN, disc), np.float32), 2.0)
    low, high = c.step_sharpness
    sharp = low + (high - low) * smoothstep(*c.step_slope, slope)
    phase = lightness / c.step
    offset = phase - np.floor(phase) - 0.5
    pulled = np.floor(phase) + 0.5 + 0.5 * np.tanh(2 * sharp * offset) / np.tanh(sharp)
    return np.asarray(pulled * c.step, np.float32)


def painted(lightness: Plane, c: CelConstants) -> Plane:
    """Share 0..1 of the darkest paint's own tone: none where the picture is black."""
    if c.true_black <= 0.0:
        return np.ones_like(lightness)
    return smoothstep(0.0, c.true_black, lightness)


def tone(lightness: Plane, c: CelConstants) -> Plane:
    """Lifts the middle and the shadows; a shoulder keeps the lights apart instead of clipping."""
    x = np.clip(lightness / 100.0, 0.0, 1.0)
    x = x + c.lift * 16.0 * (x * (1.0 - x)) ** 2
    black = c.black * painted(lightness, c)
    return np.asarray(black + (c.white - c.black) * x, np.float32)


def grade(lab: Plane, skin: Plane, c: CelConstants) -> Plane:
    """Tone curve and colours: pale ones gain most, skin little, shadows lean to blue."""
    chroma = np.asarray(np.hypot(lab[..., 1], lab[..., 2]), np.float32)
    vivid = 0.75 * smoothstep(25.0, 60.0, chroma)
    lightness = tone(lab[..., 0] + c.skin_tint[0] * skin, c)
    lightness = lightness + (lab[..., 0] - lightness) * vivid
    gain = 1.0 + (c.chroma_gain - 1.0) / (1.0 + (chroma / c.chroma_knee) ** 3)
    gain = gain * np.sqrt(lightness / np.maximum(lab[..., 0], 12.0)).clip(1.0, 1.2)
    gain = gain + (1.0 + c.skin_share * (gain - 1.0) - gain) * skin
    shade = (1.0 - smoothstep(12.0, 45.0, lightness)) * painted(lab[..., 0], c)
    a = lab[..., 1] * gain + c.shade_tint[0] * shade + c.skin_tint[1] * skin
    b = lab[..., 2] * gain + c.shade_tint[1] * shade + c.skin_tint[2] * skin
    return np.dstack([lightness, a, b]).astype(np.float32)


def ink(paint: Plane, line: Plane, c: CelConstants) -> Plane:
    """Draws the lines as a dark tint of the paint below them."""
    dark = c.line_ink[0] + c.line_ink[1] * paint[..., 0]
    lightness = paint[..., 0] + (np.minimum(dark, paint[..., 0]) - paint[..., 0]) * line
    color = 1.0 - (1.0 - c.line_color) * line
    return np.dstack([lightness, paint[..., 1] * color, paint[..., 2] * color]).astype(np.float32)


def layers(rgb: Image8, scale: float, c: CelConstants) -> tuple[Plane, Plane]:
    """Paint (Lab) and line strength at the size of ``rgb``, computed at 1/``scale`` of it."""
    height, width = rgb.shape[:2]
    small = rgb
    if scale != 1.0:
        size = (max(round(width / scale), 16), max(round(height / scale), 16))
        mode = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
        small = np.asarray(cv2.resize(rgb, size, interpolation=mode), np.uint8)
    lab = to_lab(small)
    fine = bilateral(lab, 1, c.fine_color, c)
    skin = skin_mask(fine)
    line = lines(line_grey(fine, c), skin, c)
    flat = flatten(fine, skin, c)
    flat = bilateral(flat.astype(np.float32), 1, c.bilateral_color, c)
    flat[..., 0] = soft_steps(flat[..., 0], c)
    paint = grade(flat, skin, c)
    if scale != 1.0:
        paint, line = enlarge(paint, (width, height)), enlarge(line, (width, height))
    if scale > 1.0:
        paint, line = crisp(paint, scale, 3.0), crisp(line, scale, 2.0)
    else:
        paint = crisp(paint, 1.0)
    return paint, np.clip(line, 0.0, 1.0)


def enlarge(plane: Plane, size: tuple[int, int]) -> Plane:
    """Cubic resize after a blur that takes the stairs from edges; ``crisp`` steepens them."""
    smooth = blur(plane, 0.7)
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_CUBIC), np.float32)


def crisp(plane: Plane, width: float, amount: float = 1.5) -> Plane:
    """Unsharp mask kept between the local extremes: steeper edges without halos."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(width) + 1,) * 2)
    sharp = plane + amount * (plane - blur(plane, width))
    return np.asarray(np.clip(sharp, cv2.erode(plane, disc), cv2.dilate(plane, disc)), np.float32)


def cel(rgb: Image8, scale: float = 1.0) -> Image8:
    """The picture as an anime cel; ``scale`` is its short side over about 512 px."""
    paint, line = layers(rgb, scale, CONSTANTS)
    return to_rgb(ink(paint, line, CONSTANTS))
