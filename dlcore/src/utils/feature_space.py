"""``FeatureSpace``: the columns of a table as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from dlcore import ops
from dlcore.src import backend as backends, tree
from dlcore.src.config import Configurable
from dlcore.src.errors import did_you_mean
from dlcore.src.export import export
from dlcore.src.layers.core.input_layer import Input
from dlcore.src.layers.preprocessing.category_encoding import CategoryEncoding
from dlcore.src.layers.preprocessing.data_layer import DataLayer, home_of
from dlcore.src.layers.preprocessing.discretization import Discretization
from dlcore.src.layers.preprocessing.encoding import check_choice
from dlcore.src.layers.preprocessing.hashing import HashedCrossing, Hashing
from dlcore.src.layers.preprocessing.integer_lookup import IntegerLookup
from dlcore.src.layers.preprocessing.normalization import Normalization, Rescaling
from dlcore.src.layers.preprocessing.string_lookup import StringLookup
from dlcore.src.layers.preprocessing.strings import as_array
from dlcore.src.symbolic import KerasTensor
from dlcore.src.utils.naming import auto_name

#: Where Keras has the classes of features and crosses: what files of either name.
_MODULE = "keras.src.layers.preprocessing.feature_space"


class Part(Configurable):
    """A feature or a cross, which goes into files."""

    def _saved(self) -> dict[str, Any]:
        """Return what a file has of it."""
        from dlcore.src.saving.serialization import serialize_keras_object

        config = {k: serialize_keras_object(v) for k, v in self.get_config().items()}
        name = type(self).__name__
        named = {"module": _MODULE, "class_name": name, "registered_name": name}
        return named | {"config": config}

    @classmethod
    def _loaded(cls, saved: dict[str, Any]) -> Self:
        from dlcore.src.saving.serialization import deserialize_keras_object

        def _read(v: Any) -> Any:
            return deserialize_keras_object(v) if isinstance(v, dict) else v

        found = dict(saved.get("config", {}))
        layer = found.get("preprocessor")
        if isinstance(layer, dict) and layer.get("class_name") == "TFDIdentity":
            found["preprocessor"] = Rescaling(1.0, name=layer["config"].get("name"))
        return cls(**{k: _read(v) for k, v in found.items()})


class Cross(Part):
    """Several features as one."""

    def __init__(
        self, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot"
    ):
        check_choice("output_mode", output_mode, ("int", "one_hot"), "Cross")
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The features' names."""
        return "_X_".join(self.feature_names)


class Feature(Part):
    """A column: its dtype, the layer that makes numbers of it, and what comes out."""

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str):
        check_choice("output_mode", output_mode, ("int", "one_hot", "float"), "Feature")
        self.dtype = dtype
        self.preprocessor = preprocessor
        self.output_mode = output_mode


@export("dlcore.utils.FeatureSpace")
class FeatureSpace(DataLayer):
    """The columns of a table as one vector a row, or a dict of them.

    Parameters
    ----------
    features : dict
        Name of a column to its kind: ``"float"``, ``"float_normalized"``,
        ``"float_rescaled"``, ``"float_discretized"``, ``"integer_categorical"``,
        ``"string_categorical"``, ``"integer_hashed"``, ``"string_hashed"``, or what the
        methods of these names and ``feature`` return.
    output_mode : {"concat", "dict"}
    crosses : sequence, optional
        Tuples of names whose values count together, or what ``cross`` returns.
    crossing_dim, hashing_dim, num_discretization_bins : int
        How many categories crosses, hashed and discretized columns have.
    name : str, optional

    Examples
    --------
    >>> import dlcore
    >>> table = {"age": [31.0, 47.0, 20.0], "city": ["Rome", "Oslo", "Rome"]}
    >>> kinds = {"age": "float_normalized", "city": "string_categorical"}
    >>> space = dlcore.utils.FeatureSpace(kinds)
    >>> space.adapt(table)
    >>> tuple(space(table).shape)
    (3, 4)
    """

    @classmethod
    def cross(
        cls, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """Return a cross of columns."""
        return Cross(feature_names, crossing_dim, output_mode=output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """Return a column with a layer of one's own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Return a column of numbers."""
        name = f"{name or auto_name('float')}_preprocessor"
        return Feature("float32", Rescaling(1.0, name=name), "float")  # a cast

    @classmethod
    def float_rescaled(
        cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None
    ) -> Feature:
        """Return a column of numbers on another scale."""
        name = f"{name or auto_name('float_rescaled')}_preprocessor"
        return Feature("float32", Rescaling(scale, offset, name=name), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Return a column of numbers of mean 0 and variance 1."""
        name = f"{name or auto_name('float_normalized')}_preprocessor"
        return Feature("float32", Normalization(axis=-1, name=name), "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a column of numbers by intervals."""
        name = f"{name or auto_name('float_discretized')}_preprocessor"
        if bin_boundaries is not None:
            layer = Discretization(bin_boundaries=bin_boundaries, name=name)
        else:
            layer = Discretization(num_bins=num_bins, name=name)
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a column of integers that are categories."""
        name = f"{name or auto_name('integer_categorical')}_preprocessor"
        layer = IntegerLookup(max_tokens, num_oov_indices, name=name)
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a column of strings that are categories."""
        name = f"{name or auto_name('string_categorical')}_preprocessor"
        layer = StringLookup(max_tokens, num_oov_indices, name=name)
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a column of strings by hash."""
        name = f"{name or auto_name('string_hashed')}_preprocessor"
        return Feature("string", Hashing(num_bins, name=name), output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a column of integers by hash."""
        name = f"{name or auto_name('integer_hashed')}_preprocessor"
        return Feature("int32", Hashing(num_bins, name=name), output_mode)

    def __init__(
        self,
        features: dict[str, Any],
        output_mode: str = "concat",
        crosses: Sequence[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ):
        super().__init__(name=name)
        if not features:
            raise ValueError("The `features` argument cannot be None or empty.")
        check_choice("output_mode", output_mode, ("dict", "concat"), "FeatureSpace")
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.output_mode = output_mode
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {k: self._as_feature(k, v) for k, v in features.items()}
        self.crosses = [self._as_cross(c) for c in crosses or ()]
        self.preprocessors = {k: f.preprocessor for k, f in self.features.items()}
        self.crossers = {
            c.name: HashedCrossing(c.crossing_dim, name=c.name) for c in self.crosses
        }
        self.inputs = {
            k: Input(shape=(1,), dtype=f.dtype, name=k)
            for k, f in self.features.items()
        }
        self.encoded_features: Any = None
        self.one_hot_encoders: dict[str, CategoryEncoding] = {}
        self._is_adapted = False

    def _as_feature(self, name: str, kind: Any) -> Feature:
        if isinstance(kind, Feature):
            return kind
        if isinstance(kind, dict):
            return Feature._loaded(kind)
        more = {
            "float_discretized": (self.num_discretization_bins,),
            "integer_hashed": (self.hashing_dim,),
            "string_hashed": (self.hashing_dim,),
        }
        plain = ("float", "float_normalized", "float_rescaled")
        known = (*plain, *more, "integer_categorical", "string_categorical")
        if kind not in known:
            hint = did_you_mean(str(kind), known)
            raise ValueError(f"Invalid feature type: {kind} (of {name!r}).{hint}")
        made: Feature = getattr(self, kind)(*more.get(kind, ()), name=name)
        return made

    def _as_cross(self, cross: Any) -> Cross:
        if isinstance(cross, Cross):
            return cross
        if isinstance(cross, dict):
            return Cross._loaded(cross)
        if not self.crossing_dim:
            raise ValueError(
                "When specifying `crosses`, the argument `crossing_dim` "
                "(dimensionality of the crossing space) should be specified as well."
            )
        unknown = [name for name in cross if name not in self.features]
        if unknown:
            raise ValueError(
                "All features referenced in the `crosses` argument should be present "
                f"in the `features` dict. Received unknown features: {unknown}"
            )
        return Cross(cross, self.crossing_dim)

    # Learning.

    def _adaptable(self) -> list[str]:
        def learns(layer: Any) -> bool:
            given = getattr(layer, "input_mean", None) is not None
            lookup = getattr(layer, "_lookup_layer", layer)
            given = given or getattr(lookup, "_has_input_vocabulary", False)
            fixed = isinstance(layer, Discretization) and layer.num_bins is None
            return hasattr(layer, "adapt") and not given and not fixed

        return [name for name, layer in self.preprocessors.items() if learns(layer)]

    def adapt(self, dataset: Any) -> None:
        """Learn vocabularies, means and bounds.

        Parameters
        ----------
        dataset : dict of array-like, or an iterable of such dicts
            Rows or batches of them.
        """
        if not isinstance(dataset, dict) and (
            isinstance(dataset, list | tuple | str) or not hasattr(dataset, "__iter__")
        ):
            raise ValueError(
                "`adapt()` can only be called on a dict of arrays/lists or an iterable "
                f"of them (a tf.data.Dataset, a DataLoader). Received instead: "
                f"{dataset} (of type {type(dataset)})"
            )
        names = self._adaptable()
        found: dict[str, list[Any]] = {name: [] for name in names}
        for batch in [dataset] if isinstance(dataset, dict) else dataset:
            for name in names:
                found[name].append(self._column(self._array_of(batch[name])))
        for name in names:
            self.preprocessors[name].adapt(np.concatenate(found[name]))
        self._is_adapted = True
        self.encoded_features = None
        self.get_encoded_features()

    def _array_of(self, x: Any) -> Any:
        return as_array(x if home_of(x) is None else self._array(x))

    def _column(self, x: Any) -> Any:
        """Give a column an axis of its own; a single value two."""
        shape = tuple(x.shape)
        if len(shape) > 1:
            return x
        wanted = (1, 1) if not shape else (shape[0], 1)
        return ops.reshape(x, wanted) if home_of(x) else x.reshape(wanted)

    # From columns to vectors.

    def get_inputs(self) -> dict[str, Any]:
        """Return the symbolic inputs, for a functional model."""
        self.get_encoded_features()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """Return the symbolic outputs, for a functional model."""
        if not self._is_adapted and self._adaptable():
            raise ValueError(
                "You need to call `.adapt(dataset)` on the FeatureSpace before you can "
                "start using it."
            )
        self._is_adapted = True
        if self.encoded_features is None:
            with backends.use_backend(self.backend):
                self.encoded_features = self._encoded(self.inputs)
            self.built = True
        return self.encoded_features

    def _encoded(self, columns: dict[str, Any]) -> Any:
        values = {
            name: layer(columns[name]) for name, layer in self.preprocessors.items()
        }
        crossed = {
            cross.name: self.crossers[cross.name](
                [values[n] for n in cross.feature_names]
            )
            for cross in self.crosses
        }
        crosses = {cross.name: cross for cross in self.crosses}
        found = {}
        for name in (*sorted(values), *sorted(crossed)):
            kind = self.features.get(name) or crosses[name]
            value = values[name] if name in values else crossed[name]
            found[name] = self._as_vector(name, kind.output_mode, value)
        if self.output_mode == "dict":
            return found
        return ops.concatenate(list(found.values()), -1)

    def _as_vector(self, name: str, output_mode: str, value: Any) -> Any:
        if output_mode == "one_hot":
            if name not in self.one_hot_encoders:
                count = self._categories(name)
                dtype = getattr(value, "dtype", None)
                if dtype is None or "int" not in str(dtype):
                    raise ValueError(
                        f"Feature '{name}' has `output_mode='one_hot'`. Thus its "
                        "preprocessor should return an integer dtype. Instead it "
                        f"returns a {dtype} dtype."
                    )
                self.one_hot_encoders[name] = CategoryEncoding(count)
            return self.one_hot_encoders[name](value)
        dtype = ops.dtype(value)
        if self.output_mode == "concat" and ("int" in dtype or dtype == "string"):
            raise ValueError(
                f"Cannot concatenate features because feature '{name}' has not been "
                f"encoded (it has dtype {dtype}). Consider using `output_mode='dict'`."
            )
        return value

    def _categories(self, name: str) -> int:
        layer = self.preprocessors.get(name) or self.crossers[name]
        if isinstance(layer, IntegerLookup | StringLookup):
            return layer.vocabulary_size()
        if isinstance(layer, Discretization) and layer.bin_boundaries is not None:
            return max(layer.num_bins or 0, len(layer.bin_boundaries) + 1)
        for key in ("num_bins", "num_tokens"):
            if getattr(layer, key, None) is not None:
                return int(getattr(layer, key))
        raise ValueError(
            f"Feature '{name}' has `output_mode='one_hot'`. However it isn't a "
            "standard feature and the dimensionality of its output space is not known, "
            "thus it cannot be one-hot encoded. Try using `output_mode='int'`."
        )

    def __call__(self, data: Any, **kwargs: Any) -> Any:
        """Return the vectors of rows: a dict of columns, or of single values."""
        if not isinstance(data, dict):
            raise ValueError(
                f"A FeatureSpace can only be called with a dict. Received: data={data} "
                f"(of type {type(data)})"
            )
        self.get_encoded_features()
        return super().__call__(data, **kwargs)

    def call(self, data: Any) -> Any:
        """Compute the vectors."""
        columns = {k: self._as_column(data[k]) for k in self.features}
        found = self._encoded({k: self._column(v) for k, v in columns.items()})
        if any(len(v.shape) == 0 for v in columns.values()):
            return tree.map_structure(lambda x: ops.squeeze(x, 0), found)
        return found

    def _as_column(self, x: Any) -> Any:
        return as_array(x) if home_of(x) is None else x

    def build(self, input_shape: Any = None) -> None:
        """Do nothing: ``adapt`` does."""

    def compute_output_spec(self, data: Any, **kwargs: Any) -> Any:
        """Return symbolic tensors of the outputs' shapes and dtypes."""
        first = next(iter(data.values()))
        batch = tuple(np.shape(first) if home_of(first) is None else first.shape)
        if isinstance(first, KerasTensor):
            batch = first.shape

        def of(spec: Any) -> KerasTensor:
            return KerasTensor((*batch[:1], *spec.shape[1:]), spec.dtype)

        return tree.map_structure(of, self.get_encoded_features())

    # Saving.

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "features": {k: f._saved() for k, f in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [c._saved() for c in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Make a space from what ``get_config`` returned."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any]:
        """Return the shapes that the layers were built with."""
        return {k: v.get_build_config() for k, v in self.preprocessors.items()}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the layers; what they learnt is loaded next."""
        for name, shapes in config.items():
            if shapes and not self.preprocessors[name].built:
                self.preprocessors[name].build_from_config(shapes)
        self._is_adapted = True

    def save(self, filepath: Any) -> None:
        """Write the space into a ``.keras`` file: see ``dlcore.saving.load_model``."""
        from dlcore.src.saving.api import save_model

        save_model(self, filepath)

    def save_own_variables(self, store: Any) -> None:
        """Do nothing: the layers inside store what they learnt."""

    def load_own_variables(self, store: Any) -> None:
        """Do nothing: the layers inside load what they learnt."""
