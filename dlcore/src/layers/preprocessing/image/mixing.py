"""Images put together from two: ``MixUp`` and ``CutMix``."""

from __future__ import annotations

from typing import Any

from dlcore import ops, random
from dlcore.src.export import export
from dlcore.src.layers.preprocessing.image.base import RandomLayer, between, each_image


def _along(weight: Any, x: Any) -> Any:
    """Give one number an image as many axes as ``x`` has."""
    weight = ops.cast(ops.convert_to_tensor(weight), "float32")
    return ops.reshape(weight, (-1, *[1] * (len(x.shape) - 1)))


def _mixed(x: Any, other: Any, weight: Any) -> Any:
    weight = _along(weight, x)
    x, other = ops.cast(x, "float32"), ops.cast(other, "float32")
    return weight * x + (1.0 - weight) * other


def _partners(x: Any, transformation: Any) -> Any:
    order = ops.convert_to_tensor(transformation["permutation_order"])
    return ops.take(x, order, 0)


@export("dlcore.layers.MixUp")
class MixUp(RandomLayer):
    """Images and labels blended with others of the batch, while training.

    Parameters
    ----------
    alpha : float
        Of the beta distribution that the shares are drawn from: 0.2 leaves most images
        nearly as they are, 1 blends evenly.
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, optional
    **kwargs
        ``bounding_box_format``, and arguments of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.MixUp(seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)

    Notes
    -----
    Source: Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
    """

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.alpha = alpha

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw each image's partner and share."""
        if not training:
            return None
        batch, _, _ = self._shape(data)
        seed = self._seed(seed)
        order = random.shuffle(ops.arange(batch, dtype="int32"), seed=seed)
        weight = random.beta((batch,), self.alpha, self.alpha, seed=seed)
        return {"mix_weight": weight, "permutation_order": order}

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Blend a batch of images."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        weight = each_image(self._floating(transformation["mix_weight"]))
        partners = _partners(images, transformation)
        return self._floating(weight * images + (1.0 - weight) * partners)

    def transform_labels(
        self, labels: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Blend a batch of labels."""
        if not training or transformation is None:
            return labels
        partners = _partners(labels, transformation)
        return _mixed(labels, partners, transformation["mix_weight"])

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Blend a batch of masks."""
        return self.transform_labels(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Put the partners' boxes behind each image's own."""
        if not training or transformation is None:
            return bounding_boxes
        boxes = ops.convert_to_tensor(bounding_boxes["boxes"])
        labels = ops.convert_to_tensor(bounding_boxes["labels"])

        def both(x: Any, axis: int) -> Any:
            return ops.concatenate([x, _partners(x, transformation)], axis)

        return bounding_boxes | {
            "boxes": both(boxes, 1),
            "labels": both(labels, min(1, len(labels.shape) - 1)),
        }


@export("dlcore.layers.CutMix")
class CutMix(RandomLayer):
    """Images with a piece of another one of the batch, while training.

    Labels are blended by the pieces' areas.

    Parameters
    ----------
    factor : float or pair of float
        Range of ``alpha`` of the beta distribution that the areas are drawn from.
    seed : int, optional
    data_format : {"channels_last", "channels_first"}, optional
    **kwargs
        Of ``Layer``.

    Examples
    --------
    >>> import dlcore
    >>> layer = dlcore.layers.CutMix(seed=1)
    >>> tuple(layer(dlcore.ops.ones((5, 8, 8, 3)), training=True).shape)
    (5, 8, 8, 3)

    Notes
    -----
    Source: Yun et al., "CutMix", ICCV 2019.
    """

    def __init__(
        self,
        factor: Any = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = between("factor", factor, (0.0, 1.0))

    def get_random_transformation(
        self, data: Any, training: bool = True, seed: Any = None
    ) -> Any:
        """Draw each image's partner, and the piece."""
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        if len(images.shape) == 3:
            return None
        batch, height, width = self._shape(images)
        seed = self._seed(seed)
        alpha = self._uniform((), *self.factor, seed) + 1e-6
        ratio = ops.sqrt(1.0 - random.beta((batch,), alpha, alpha, seed=seed))
        x = self._interval(batch, width, ratio, seed)
        y = self._interval(batch, height, ratio, seed)
        area = (x[1] - x[0]) * (y[1] - y[0]) / float(width * height)
        return {
            "permutation_order": random.shuffle(
                ops.arange(batch, dtype="int32"), seed=seed
            ),
            "batch_masks": self._rectangles(batch, height, width, (*x, *y)),
            "mix_weight": each_image(1.0 - area),
        }

    def transform_images(
        self, images: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """Put pieces into a batch of images."""
        images = self._floating(images)
        if not training or transformation is None:
            return images
        masks = ops.convert_to_tensor(transformation["batch_masks"])
        return ops.where(masks, _partners(images, transformation), images)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Put pieces into a batch of masks."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_labels(
        self, labels: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Blend a batch of labels."""
        if not training or transformation is None:
            return labels
        partners = _partners(labels, transformation)
        return _mixed(labels, partners, transformation["mix_weight"])

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Refuse boxes: a piece may cut them anywhere."""
        raise NotImplementedError(
            "CutMix does not take bounding boxes: a piece may cut through them. Use "
            "MixUp, or leave the key 'bounding_boxes' out."
        )
