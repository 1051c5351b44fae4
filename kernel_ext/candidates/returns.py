"""What library functions return that do not say so in an annotation.

A table, since most of numpy, torch, matplotlib and scikit-learn is not annotated. The
keys are paths of callables and properties, ``*`` stands for any name that has no line
of its own; the values are paths of classes, ``self`` for the type of the owner and
``like`` for the same with the same columns. A class counts only when it is loaded.
"""

from __future__ import annotations

from kernel_ext.candidates import static
from kernel_ext.candidates.value import Value, loaded_class, public_name

# One line a rule: prefix of the path, names, result.
_RULES: tuple[tuple[str, str, str], ...] = (
    ("", "len id hash ord round sum", "int"),
    ("", "input repr ascii chr format hex bin oct", "str"),
    ("", "sorted dir", "list"),
    ("", "vars globals locals", "dict"),
    ("", "open", "io.TextIOWrapper"),
    ("", "isinstance issubclass callable any all hasattr", "bool"),
    (
        "str.",
        "capitalize casefold center expandtabs format format_map join ljust lower "
        "lstrip removeprefix removesuffix replace rjust rstrip strip swapcase title "
        "translate upper zfill",
        "str",
    ),
    ("str.", "split rsplit splitlines", "list"),
    ("str.", "count find index rfind rindex", "int"),
    ("str.", "partition rpartition", "tuple"),
    ("str.", "encode", "bytes"),
    ("bytes.", "decode hex", "str"),
    ("list.", "copy", "list"),
    ("list.", "count index", "int"),
    ("dict.", "copy", "dict"),
    ("set.", "copy union intersection difference", "set"),
    ("io.TextIOWrapper.", "read readline", "str"),
    ("io.TextIOWrapper.", "readlines", "list"),
    ("io.TextIOWrapper.", "__enter__", "self"),
    ("pathlib.Path.", "absolute expanduser resolve rename", "self"),
    ("pathlib.Path.", "read_text", "str"),
    ("pathlib.Path.", "read_bytes", "bytes"),
    ("pathlib.Path.", "open", "io.TextIOWrapper"),
    ("pathlib.PurePath.", "joinpath parent with_name with_stem with_suffix", "self"),
    ("pathlib.PurePath.", "relative_to", "self"),
    ("pathlib.PurePath.", "name stem suffix as_posix", "str"),
    ("pathlib.PurePath.", "parts", "tuple"),
    ("re.", "compile", "re.Pattern"),
    ("re.", "match search fullmatch", "re.Match"),
    ("re.", "findall split", "list"),
    ("re.", "sub escape", "str"),
    ("re.Pattern.", "match search fullmatch", "re.Match"),
    ("re.Match.", "group", "str"),
    ("json.", "load loads", "dict"),
    ("json.", "dumps", "str"),
    ("os.", "listdir", "list"),
    ("os.", "getcwd getenv", "str"),
    ("posixpath.", "join basename dirname abspath expanduser", "str"),
    ("glob.", "glob", "list"),
    ("time.", "time perf_counter", "float"),
    ("datetime.datetime.", "now today utcnow strptime fromtimestamp", "self"),
    ("datetime.datetime.", "strftime isoformat", "str"),
    (
        "numpy.",
        "abs absolute add append arange argmax argsort argwhere array asarray "
        "ascontiguousarray atleast_1d atleast_2d broadcast_to ceil clip "
        "column_stack concatenate convolve copy cos cross cumsum diag diff divide "
        "dot empty empty_like exp expand_dims eye fft flip floor full full_like "
        "genfromtxt hstack identity insert interp isnan linspace loadtxt log log10 "
        "log2 logspace matmul maximum minimum multiply nan_to_num nonzero ones "
        "ones_like outer pad percentile power quantile ravel repeat reshape roll "
        "round sign sin sort sqrt square squeeze stack subtract tan tanh tile "
        "transpose tril triu unique vstack where zeros zeros_like",
        "numpy.ndarray",
    ),
    ("numpy.", "max mean median min prod std sum var average", "numpy.float64"),
    (
        "numpy.random.",
        "choice normal permutation rand randint randn random uniform",
        "numpy.ndarray",
    ),
    ("numpy.random.", "default_rng", "numpy.random.Generator"),
    ("numpy.random.Generator.", "*", "numpy.ndarray"),
    ("numpy.linalg.", "*", "numpy.ndarray"),
    (
        "numpy.ndarray.",
        "astype clip copy cumsum dot flatten imag ravel real repeat reshape round "
        "squeeze swapaxes T take transpose view argsort",
        "numpy.ndarray",
    ),
    ("numpy.ndarray.", "max mean min prod std sum var", "numpy.float64"),
    ("numpy.ndarray.", "argmax argmin ndim size nbytes itemsize", "int"),
    ("numpy.ndarray.", "shape strides", "tuple"),
    ("numpy.ndarray.", "tolist", "list"),
    ("numpy.ndarray.", "dtype", "numpy.dtype"),
    ("pandas.DataFrame.", "columns index", "pandas.Index"),
    ("pandas.Series.", "index", "pandas.Index"),
    ("pandas.DataFrame.", "dtypes", "pandas.Series"),
    (
        "pandas.DataFrame.",
        "assign astype copy drop drop_duplicates dropna fillna head "
        "nlargest nsmallest query reset_index sample sort_index sort_values tail",
        "like",
    ),
    ("pandas.Series.", "max mean median min std sum var", "numpy.float64"),
    ("pandas.Series.", "values to_numpy unique", "numpy.ndarray"),
    ("pandas.Series.", "tolist to_list", "list"),
    ("pandas.Series.", "apply map", "pandas.Series"),
    ("pandas.DataFrame.", "apply", "pandas.Series"),
    ("pandas.DataFrame.", "rolling", "pandas.api.typing.Rolling"),
    ("pandas.api.typing.DataFrameGroupBy.", "*", "pandas.DataFrame"),
    ("pandas.api.typing.SeriesGroupBy.", "*", "pandas.Series"),
    ("pandas.core.groupby.DataFrameGroupBy.", "*", "pandas.DataFrame"),
    ("pandas.core.groupby.SeriesGroupBy.", "*", "pandas.Series"),
    ("pandas.core.strings.accessor.StringMethods.", "*", "pandas.Series"),
    (
        "pandas.",
        "concat merge get_dummies read_csv read_excel read_json",
        "pandas.DataFrame",
    ),
    (
        "pandas.",
        "read_parquet read_sql read_table pivot_table melt",
        "pandas.DataFrame",
    ),
    (
        "torch.",
        "abs arange cat clamp cos dot empty empty_like exp eye flatten from_numpy "
        "full linspace log matmul mean mm mul norm normal ones ones_like outer "
        "permute rand rand_like randint randn randn_like randperm relu reshape "
        "sigmoid sin softmax sqrt square squeeze stack sum tanh tensor transpose "
        "tril triu unsqueeze where zeros zeros_like",
        "torch.Tensor",
    ),
    ("torch.nn.functional.", "*", "torch.Tensor"),
    ("torch.nn.Module.", "__call__", "torch.Tensor"),
    ("torch.Tensor.", "numpy", "numpy.ndarray"),
    ("torch.Tensor.", "size shape", "torch.Size"),
    ("torch.Tensor.", "tolist", "list"),
    ("torch.Tensor.", "item", "float"),
    ("torch.Tensor.", "dim numel ndim element_size", "int"),
    ("torch.Tensor.", "dtype", "torch.dtype"),
    ("torch.Tensor.", "device", "torch.device"),
    ("torch.Tensor.", "backward register_hook type", ""),
    ("torch.Tensor.", "*", "torch.Tensor"),
    ("matplotlib.pyplot.", "subplots", "matplotlib.figure.Figure matplotlib.axes.Axes"),
    ("matplotlib.pyplot.", "figure gcf", "matplotlib.figure.Figure"),
    ("matplotlib.pyplot.", "axes gca subplot twinx", "matplotlib.axes.Axes"),
    ("matplotlib.figure.Figure.", "add_axes add_subplot gca", "matplotlib.axes.Axes"),
    ("matplotlib.axes.Axes.", "imshow", "matplotlib.image.AxesImage"),
    ("matplotlib.axes.Axes.", "twinx twiny", "matplotlib.axes.Axes"),
    ("matplotlib.axes.Axes.", "legend", "matplotlib.legend.Legend"),
    ("matplotlib.axes.Axes.", "plot", "list"),
    ("seaborn.", "load_dataset", "pandas.DataFrame"),
    (
        "seaborn.",
        "barplot boxplot countplot heatmap histplot kdeplot lineplot scatterplot "
        "violinplot",
        "matplotlib.axes.Axes",
    ),
    ("sklearn.", "fit partial_fit set_params", "self"),
    (
        "sklearn.",
        "fit_transform transform inverse_transform predict predict_proba "
        "fit_predict decision_function",
        "numpy.ndarray",
    ),
    ("sklearn.", "score", "float"),
    ("sklearn.", "get_params", "dict"),
    ("sklearn.datasets.", "*", "sklearn.utils.Bunch"),
)


def _table() -> dict[str, str]:
    return {
        prefix + name: result
        for prefix, names, result in _RULES
        for name in names.split()
    }


RETURNS = _table()


def known(path: str, owner: Value | None = None) -> Value | None:
    """Return what the table says of a path such as ``numpy.zeros``.

    Examples
    --------
    >>> known("str.split").type
    <class 'list'>
    """
    prefix = path.rpartition(".")[0]
    result = RETURNS.get(path)
    if result is None:
        result = RETURNS.get(f"{prefix}.*")
    return _value(result or "", owner)


def known_of(owner: Value, name: str) -> Value | None:
    """Return what the table says of an attribute of an instance, by its classes.

    Scikit-learn's estimators keep to one convention, so the package counts as a class.
    """
    cls = owner.obj if owner.live and static.is_class(owner.obj) else owner.type
    paths = [public_name(base) for base in static.mro(cls) if base is not object]
    if paths[0].startswith("sklearn."):
        paths.append("sklearn")
    for path in paths:
        for key in (f"{path}.{name}", f"{path}.*"):
            if key in RETURNS:
                return _value(RETURNS[key], owner)
    return None


def _value(result: str, owner: Value | None) -> Value | None:
    if not result:
        return None
    if result in ("self", "like"):
        if owner is None:
            return None
        if owner.live and static.is_class(owner.obj):
            return Value(owner.obj)
        pattern = owner.pattern if result == "like" else static.MISSING
        return Value(owner.type, like=pattern)
    classes = [_class(path) for path in result.split()]
    if len(classes) > 1:
        items = tuple(Value(cls) if cls else None for cls in classes)
        return Value(tuple, items=items)
    return Value(classes[0]) if classes[0] else None


def _class(path: str) -> type | None:
    return loaded_class(path if "." in path else f"builtins.{path}")
