"""Facts of libraries that their signatures and documentation do not tell.

Keys are public paths; `f()` is what calling f gives, `C.a` what the attribute a of a C
is, `C[]` an item of a C. A list is a tuple's parts, `Self` the receiver's own type.
"""

from __future__ import annotations

MODULES = [
    ("tensorflow.compat.v1", "tensorflow"),
    ("tensorflow.compat.v2", "tensorflow"),
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.keras", "keras"),
    ("tf_keras", "keras"),
    ("matplotlib.pylab", "matplotlib.pyplot"),
    ("pylab", "matplotlib.pyplot"),
    ("sklearn.externals.joblib", "joblib"),
    ("torch.functional", "torch"),
    ("jax.interpreters.xla", "jax"),
]
"""Modules that are known by another name: (as written, as counted)."""

CONVENTIONS = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "sns": "seaborn",
    "tf": "tensorflow",
}
"""What a name surely is when the text binds it nowhere (imported elsewhere)."""

_FIGURE, _AXES = "matplotlib.figure.Figure", "matplotlib.axes.Axes"
_FRAME, _SERIES = "pandas.DataFrame", "pandas.Series"
_ARRAY, _TENSOR = "numpy.ndarray", "torch.Tensor"
_BUNCH = "sklearn.utils.Bunch"

KNOWN: dict[str, str | list[str | None]] = {
    "open()": "io.TextIOWrapper",
    "enumerate()": "enumerate",
    "zip()": "zip",
    "sorted()": "list",
    "input()": "str",
    "len()": "int",
    "sum()": "int",
    "abs()": "float",
    "round()": "float",
    "repr()": "str",
    "super()": "super",
    "range()": "range",
    "matplotlib.pyplot.subplots()": [_FIGURE, _AXES],
    "matplotlib.figure.Figure.subplots()": _AXES,
    "matplotlib.axes.Axes.figure": _FIGURE,
    "matplotlib.axes.Axes.flat": _AXES,  # an array of Axes, from plt.subplots(2)
    "matplotlib.axes.Axes.ravel()": _AXES,
    "matplotlib.axes.Axes.flatten()": _AXES,
    "matplotlib.figure.Figure.add_subplot()": _AXES,
    "matplotlib.figure.Figure.add_axes()": _AXES,
    "matplotlib.figure.Figure.gca()": _AXES,
    "plotly.subplots.make_subplots()": "plotly.graph_objects.Figure",
    "bokeh.plotting.figure()": "bokeh.plotting.Figure",
    "PIL.Image.open()": "PIL.Image.Image",
    "PIL.Image.fromarray()": "PIL.Image.Image",
    "cv2.imread()": _ARRAY,
    "cv2.cvtColor()": _ARRAY,
    "cv2.resize()": _ARRAY,
    "skimage.io.imread()": _ARRAY,
    "gym.make()": "gym.Env",
    "gymnasium.make()": "gymnasium.Env",
    "polars.col()": "polars.Expr",
    "polars.lit()": "polars.Expr",
    "polars.read_csv()": "polars.DataFrame",
    "datasets.load_dataset()": "datasets.DatasetDict",
    "keras.models.load_model()": "keras.Model",
    "geopandas.read_file()": "geopandas.GeoDataFrame",
    "pandas.read_hdf()": _FRAME,
    "collections.defaultdict()": "collections.defaultdict",
    "collections.OrderedDict()": "collections.OrderedDict",
    "collections.deque()": "collections.deque",
    **{
        f"tensorflow.{name}()": "tensorflow.Tensor"
        for name in "reduce_mean reduce_sum matmul cast reshape zeros ones "
        "expand_dims concat stack squeeze one_hot square argmax range "
        "random.normal random.uniform nn.softmax nn.relu nn.conv2d add "
        "multiply transpose exp placeholder".split()
    },
    "matplotlib.pyplot.hist()": [_ARRAY, _ARRAY, None],
    "pandas.to_datetime()": _SERIES,
    "pandas.to_numeric()": _SERIES,
    "pandas.cut()": _SERIES,
    "pandas.DataFrame.columns": "pandas.Index",
    "pandas.DataFrame.index": "pandas.Index",
    "pandas.DataFrame.loc": "pandas.core.indexing._LocIndexer",
    "pandas.DataFrame.iloc": "pandas.core.indexing._iLocIndexer",
    "pandas.DataFrame.dtypes": _SERIES,
    "pandas.DataFrame.shape": "tuple",
    "pandas.DataFrame.plot": "pandas.plotting.PlotAccessor",
    "pandas.Series.plot": "pandas.plotting.PlotAccessor",
    "pandas.Series.str": "pandas.Series.str",
    "pandas.Series.dt": "pandas.Series.dt",
    "pandas.Series.cat": "pandas.Series.cat",
    "pandas.Series.values": _ARRAY,
    "pandas.Series.index": "pandas.Index",
    "pandas.Series.T": _SERIES,
    "pandas.Series.shape": "tuple",
    "pandas.Series.apply()": _SERIES,
    **{
        f"pandas.DataFrame.{name}()": _FRAME
        for name in "head tail fillna copy astype sample replace".split()
    },
    **{
        f"pandas.Series.{name}()": "float"
        for name in "sum mean median std var min max skew kurt".split()
    },
    **{
        f"pandas.api.typing.{group}.{name}()": table
        for group, table in [("DataFrameGroupBy", _FRAME), ("SeriesGroupBy", _SERIES)]
        for name in "sum mean median std var min max count size first last agg "
        "aggregate transform apply nunique cumsum rank head tail".split()
    },
    "numpy.ndarray.shape": "tuple",
    "numpy.ndarray.dtype": "numpy.dtype",
    "numpy.ndarray.T": _ARRAY,
    "numpy.ndarray.flat": _ARRAY,
    "numpy.random.default_rng()": "numpy.random.Generator",
    **{
        f"numpy.{name}()": _ARRAY
        for name in "linspace unique outer random.randint random.random "
        "random.choice linalg.inv nonzero interp polyfit histogram2d "
        "c_ r_ percentile".split()
    },
    "numpy.meshgrid()": [_ARRAY, _ARRAY, _ARRAY],
    "numpy.linalg.eig()": [_ARRAY, _ARRAY],
    "numpy.linalg.eigh()": [_ARRAY, _ARRAY],
    "numpy.linalg.svd()": [_ARRAY, _ARRAY, _ARRAY],
    **{
        f"numpy.ndarray.{name}()": _ARRAY
        for name in "reshape copy sum mean std var min max argmax argmin argsort "
        "cumsum clip round swapaxes".split()
    },
    "torch.Tensor.shape": "torch.Size",
    "torch.Tensor.data": _TENSOR,
    "torch.Tensor.grad": _TENSOR,
    "torch.Tensor.T": _TENSOR,
    "torch.Tensor.device": "torch.device",
    "torch.Tensor.numpy()": _ARRAY,
    "torch.nn.Module.to()": "Self",
    "torch.nn.Module.eval()": "Self",
    "torch.nn.Module.train()": "Self",
    "torch.nn.Module.cuda()": "Self",
    "torch.nn.Module.cpu()": "Self",
    "torch.nn.Module.state_dict()": "dict",
    "torch.load()": "dict",
    **{
        f"sklearn.datasets.load_{name}()": _BUNCH
        for name in "iris digits boston breast_cancer wine diabetes".split()
    },
    "sklearn.datasets.fetch_openml()": _BUNCH,
    "sklearn.datasets.fetch_california_housing()": _BUNCH,
    "sklearn.datasets.fetch_20newsgroups()": _BUNCH,
    "sklearn.datasets.fetch_lfw_people()": _BUNCH,
    "sklearn.utils.Bunch.data": _ARRAY,
    "sklearn.utils.Bunch.target": _ARRAY,
    "sklearn.utils.Bunch.target_names": _ARRAY,
    "sklearn.datasets.make_blobs()": [_ARRAY, _ARRAY],
    "sklearn.datasets.make_classification()": [_ARRAY, _ARRAY],
    "sklearn.datasets.make_regression()": [_ARRAY, _ARRAY],
    "sklearn.base.BaseEstimator.fit()": "Self",
    "sklearn.base.BaseEstimator.set_params()": "Self",
    "sklearn.base.BaseEstimator.predict()": _ARRAY,
    "sklearn.base.BaseEstimator.predict_proba()": _ARRAY,
    "sklearn.base.BaseEstimator.decision_function()": _ARRAY,
    "sklearn.base.BaseEstimator.transform()": _ARRAY,
    "sklearn.base.BaseEstimator.fit_transform()": _ARRAY,
    "sklearn.base.BaseEstimator.inverse_transform()": _ARRAY,
    "sklearn.base.BaseEstimator.fit_predict()": _ARRAY,
    "sklearn.base.BaseEstimator.score()": "float",
    "sklearn.base.BaseEstimator.coef_": _ARRAY,
    "sklearn.base.BaseEstimator.feature_importances_": _ARRAY,
    "sklearn.base.BaseEstimator.labels_": _ARRAY,
    "sklearn.base.BaseEstimator.cluster_centers_": _ARRAY,
    "sklearn.base.BaseEstimator.cv_results_": "dict",
    "sklearn.pipeline.make_pipeline()": "sklearn.pipeline.Pipeline",
    "seaborn.load_dataset()": _FRAME,
    "seaborn.set()": "None",
    **{
        f"seaborn.{name}()": _AXES
        for name in "scatterplot lineplot barplot boxplot histplot kdeplot heatmap "
        "countplot violinplot distplot regplot stripplot swarmplot "
        "pointplot".split()
    },
    "seaborn.FacetGrid.ax": _AXES,
    "seaborn.FacetGrid.fig": _FIGURE,
    **{
        f"seaborn.{name}()": "seaborn.FacetGrid"
        for name in "catplot relplot displot lmplot".split()
    },
    "seaborn.pairplot()": "seaborn.PairGrid",
    "seaborn.jointplot()": "seaborn.JointGrid",
    "keras.Model.fit()": "keras.callbacks.History",
    "keras.Sequential.fit()": "keras.callbacks.History",
    "keras.models.Sequential.fit()": "keras.callbacks.History",
    "keras.callbacks.History.history": "dict",
    "tensorflow.constant()": "tensorflow.Tensor",
    "requests.get()": "requests.Response",
    "requests.post()": "requests.Response",
    "requests.Response.text": "str",
    "requests.Response.json()": "dict",
    "json.load()": "dict",
    "json.loads()": "dict",
    "os.path.join()": "str",
    "os.path.dirname()": "str",
    "os.path.basename()": "str",
    "os.path.abspath()": "str",
    "os.environ": "os._Environ",
    "glob.glob()": "list",
    "time.time()": "float",
    "datetime.datetime.now()": "datetime.datetime",
    "datetime.datetime.strptime()": "datetime.datetime",
    "argparse.ArgumentParser.add_subparsers()": "argparse._SubParsersAction",
    "copy.deepcopy()": "Self",
    "bs4.BeautifulSoup.find_all()": "bs4.ResultSet",
    "bs4.BeautifulSoup.find()": "bs4.Tag",
}

ELEMENTS: dict[str, str | list[str | None]] = {
    "str": "str",
    "bytes": "int",
    "range": "int",
    "io.TextIOWrapper": "str",
    "pandas.DataFrame": "str",
    "pandas.Index": "str",
    "pandas.DataFrame.iterrows": [None, _SERIES],
    "pandas.DataFrame.items": ["str", _SERIES],
    "pandas.Series.items": [None, None],
    "pandas.api.typing.DataFrameGroupBy": ["str", _FRAME],
    "pandas.api.typing.SeriesGroupBy": ["str", _SERIES],
    "pandas.api.typing.DataFrameGroupBy[]": "pandas.api.typing.SeriesGroupBy",
    "os.walk": ["str", "list", "list"],
    "os.listdir": "str",
    "glob.glob": "str",
    "numpy.ndarray": "numpy.ndarray",
    "torch.Tensor": _TENSOR,
    "matplotlib.axes.Axes": _AXES,  # an array of Axes, from plt.subplots(2)
    "matplotlib.axes.Axes[]": _AXES,
    "str.split": "str",
    "str.splitlines": "str",
    "io.TextIOWrapper.readlines": "str",
    "str.split[]": "str",
    "os._Environ[]": "str",
    "sys.argv[]": "str",
}
"""What iterating over a type, or over the result of a function, gives."""
