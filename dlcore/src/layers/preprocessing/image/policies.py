"""Changes chosen at random from many: ``RandAugment`` and ``AugMix``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore import ops, random
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import RandomLayer, between
from dlcore.src.layers.preprocessing.image.color import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomPosterization,
    Solarization,
)
from dlcore.src.layers.preprocessing.image.filters import RandomSharpness
from dlcore.src.layers.preprocessing.image.histograms import AutoContrast, Equalization
from dlcore.src.layers.preprocessing.image.warps import (
    RandomRotation,
    RandomShear,
    RandomTranslation,
)

_SHAPES = ("random_shear", "random_translation", "random_rotation")
_TONES = ("random_posterization", "solarization", "auto_contrast", "equalization")
_COLORS = (
    *("random_brightness", "random_color_degeneration", "random_contrast"),
    "random_sharpness",
)


class Policy(RandomLayer):
    """A layer that holds many others.

    Parameters
    ----------
    value_range : pair of float
    factor : float or pair of float
        Range of how strong changes are.
    interpolation : {"bilinear", "nearest"}
    names : sequence of str
        The layers it holds.
    seed, data_format, **kwargs
        Of ``RandomLayer``.
    """

    def __init__(
        self,
        value_range: Any,
        factor: Any,
        interpolation: str,
        names: Sequence[str],
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range = value_range
        self.factor = between("factor", factor, (0.0, 1.0))
        self.interpolation = interpolation
        self._augment_layers = tuple(names)
        strength, top = self.factor, self.factor[1]
        plain = {"data_format": data_format, **kwargs}
        plain.pop("name", None)
        seeded = plain | {"seed": seed}
        ranged = seeded | {"value_range": value_range}
        warped = seeded | {"interpolation": interpolation}
        make: dict[str, Any] = {
            "random_shear": lambda: RandomShear(strength, strength, **warped),
            "random_translation": lambda: RandomTranslation(
                strength, strength, **warped
            ),
            "random_rotation": lambda: RandomRotation(strength, **warped),
            "random_brightness": lambda: RandomBrightness(strength, **ranged),
            "random_color_degeneration": lambda: RandomColorDegeneration(
                strength, **ranged
            ),
            "random_contrast": lambda: RandomContrast(strength, **ranged),
            "random_sharpness": lambda: RandomSharpness(strength, **ranged),
            "random_posterization": lambda: RandomPosterization(
                max(1, int(8 * top)), **ranged
            ),
            "solarization": lambda: Solarization(strength, strength, **ranged),
            "auto_contrast": lambda: AutoContrast(value_range, **plain),
            "equalization": lambda: Equalization(value_range, **plain),
        }
        for name in names:
            setattr(self, name, make[name]())

    def build(self, input_shape: Any) -> None:
        """Build the layers inside."""
        for name in self._augment_layers:
            getattr(self, name).built = True


@export("dlcore.layers.RandAugment")
class RandAugment(Policy):
    """Some changes chosen at random from eleven, one after the other, while training.

    Parameters
    ----------
    value_range : pair of float
        The smallest and the largest value of images.
    num_ops : int
        How many changes.
    factor : float or pair of float
        Range of how strong they are, in [0, 1].
    interpolation : {"bilinear", "nearest"}
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.RandAugment(seed=1)
    >>> tuple(layer(dlcore.ops.ones((2, 8, 8, 3)), training=True).shape)
    (2, 8, 8, 3)

    Notes
    -----
    Source: Cubuk et al., "RandAugment", CVPR workshops 2020.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            value_range,
            factor,
            interpolation,
            (*_SHAPES, *_COLORS, *_TONES),
            seed=seed,
            data_format=data_format,
            **kwargs,
        )
        self.num_ops = num_ops

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw which changes are done, and what each of them would do."""
        if not training:
            return None
        seed = self._seed(seed)
        names = self._augment_layers
        return {
            "layer_idxes": random.randint((self.num_ops,), 0, len(names), seed=seed),
            "transforms": {
                name: getattr(self, name).get_random_transformation(data, seed=seed)
                for name in names
            },
        }

    def _through(self, x: Any, transformation: Any, method: str) -> Any:
        """Do the chosen ones of the layers' methods, one after the other."""
        order = transformation["layer_idxes"]
        for i in range(self.num_ops):
            found = x
            for n, (name, drawn) in enumerate(transformation["transforms"].items()):
                changed = getattr(getattr(self, name), method)(x, drawn)
                found = _chosen(ops.equal(order[i], n), changed, found)
            x = found
        return x

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        return self._through(images, transformation, "transform_images")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of masks alike."""
        if not training or transformation is None:
            return segmentation_masks
        method = "transform_segmentation_masks"
        return self._through(segmentation_masks, transformation, method)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of boxes alike."""
        if not training or transformation is None:
            return bounding_boxes
        return self._through(bounding_boxes, transformation, "transform_bounding_boxes")


def _chosen(condition: Any, new: Any, old: Any) -> Any:
    if isinstance(new, dict):
        return {key: _chosen(condition, new[key], old[key]) for key in new}
    return ops.where(condition, new, old)


@export("dlcore.layers.AugMix")
class AugMix(Policy):
    """Images blended with several chains of random changes of them, while training.

    Parameters
    ----------
    value_range : pair of float
        The smallest and the largest value of images.
    num_chains : int
        How many chains are blended.
    chain_depth : int
        How many changes a chain has.
    factor : float or pair of float
        Range of how strong they are, in [0, 1].
    alpha : float
        Of the distributions that the shares are drawn from.
    all_ops : bool
        Whether changes of colour, contrast, brightness and sharpness are among them.
    interpolation : {"bilinear", "nearest"}
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.AugMix(seed=1)
    >>> tuple(layer(dlcore.ops.ones((2, 8, 8, 3)), training=True).shape)
    (2, 8, 8, 3)

    Notes
    -----
    Source: Hendrycks et al., "AugMix", ICLR 2020.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            value_range,
            factor,
            interpolation,
            (*_SHAPES, *_TONES, *(_COLORS if all_ops else ())),
            seed=seed,
            data_format=data_format,
            **kwargs,
        )
        self.num_chains = num_chains
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops
        # Which changes a chain has is drawn on the host: a graph holds only those.
        self._choice = np.random.default_rng(self.generator.seed)

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw the chains, and the shares that they have."""
        if not training:
            return None
        seed = self._seed(seed)
        shares = random.gamma((self.num_chains,), self.alpha, seed=seed)
        names = self._augment_layers
        chains = []
        for _ in range(self.num_chains):
            chosen = self._choice.integers(0, len(names) + 1, self.chain_depth)
            chains.append(
                [
                    {
                        "layer_name": names[n],
                        "transformation": getattr(
                            self, names[n]
                        ).get_random_transformation(data, seed=seed),
                    }
                    for n in chosen.tolist()
                    if n < len(names)  # else nothing is done
                ]
            )
        return {
            "chain_mixing_weights": shares / ops.sum(shares),
            "weight_sample": random.beta((), self.alpha, self.alpha, seed=seed),
            "chain_transforms": chains,
        }

    def _blended(self, x: Any, transformation: Any, method: str) -> Any:
        x = ops.cast(x, "float32")
        shares = transformation["chain_mixing_weights"]
        total = ops.zeros_like(x)
        for i, chain in enumerate(transformation["chain_transforms"]):
            changed = x
            for step in chain:
                layer = getattr(self, step["layer_name"])
                changed = getattr(layer, method)(changed, step["transformation"])
            total = total + changed * shares[i]
        own = transformation["weight_sample"]
        return own * x + (1.0 - own) * total

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Change a batch of images."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        found = self._blended(images, transformation, "transform_images")
        return self._floating(ops.clip(found, *self.value_range))

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Change a batch of masks alike."""
        if not training or transformation is None:
            return segmentation_masks
        method = "transform_segmentation_masks"
        return self._blended(segmentation_masks, transformation, method)
