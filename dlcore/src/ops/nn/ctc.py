"""Connectionist temporal classification: sequences of labels without their times.

Every step of the input says one class or the blank; repeated classes are merged, and
blanks are dropped. Source: Graves et al., "Connectionist temporal classification",
ICML 2006.
"""

from __future__ import annotations

from typing import Any

from dlcore.src.dtypes import result_type
from dlcore.src.errors import did_you_mean
from dlcore.src.ops import rules
from dlcore.src.ops.control import scan
from dlcore.src.ops.core import cast
from dlcore.src.ops.declare import derived
from dlcore.src.ops.math import top_k
from dlcore.src.ops.nn.activations import log_softmax
from dlcore.src.ops.nn.losses import one_hot
from dlcore.src.ops.numpy.creation import arange, full, zeros
from dlcore.src.ops.numpy.elementwise import floor_divide, logaddexp, mod, negative
from dlcore.src.ops.numpy.indexing import take_along_axis, where
from dlcore.src.ops.numpy.logic import (
    equal,
    greater,
    greater_equal,
    less,
    logical_and,
    logical_not,
    not_equal,
)
from dlcore.src.ops.numpy.products import matmul
from dlcore.src.ops.numpy.reduction import all as all_, argmax, max as max_, sum as sum_
from dlcore.src.ops.numpy.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    reshape,
    squeeze,
    stack,
    transpose,
)
from dlcore.src.ops.numpy.sorting import argsort
from dlcore.src.symbolic import Spec

#: Logarithm of no probability: finite, so that gradients are.
_NEVER = -1e30


def _single(x: Any) -> str:
    """Return the dtype of the logarithms: no half precision."""
    return result_type(rules.promoted(x), "float32")


def _loss_rule(
    target: Any,
    output: Any,
    target_length: Any,
    output_length: Any,
    mask_index: int = 0,
) -> Spec:
    labels, scores = rules.shape_of(target), rules.shape_of(output)
    if len(labels) != 2 or len(scores) != 3:
        raise ValueError(
            "`target` has the shape (batch, labels) and `output` the shape (batch, "
            f"time, classes), got {labels} and {scores}"
        )
    sizes = [
        scores[0],
        *(rules.shape_of(n)[0] for n in (target_length, output_length)),
    ]
    if not all(rules.same_sizes(labels[0], d) for d in sizes):
        raise ValueError(
            "all arguments need one batch size: `target`, `output`, `target_length` "
            f"and `output_length` have {[labels[0], *sizes]}"
        )
    return Spec(labels[:1], _single(output))


@derived(rule=_loss_rule)
def ctc_loss(
    target: Any,
    output: Any,
    target_length: Any,
    output_length: Any,
    mask_index: int = 0,
) -> Any:
    """Minus the logarithm of the probability of label sequences.

    Parameters
    ----------
    target : integer tensor of shape (batch, labels)
        The labels; what lies behind ``target_length`` does not matter.
    output : tensor of shape (batch, time, classes)
        Logits.
    target_length, output_length : integer tensor of shape (batch,)
        How many labels, and how many steps, a sample has.
    mask_index : int
        The class that stands for the blank.

    Returns
    -------
    tensor of shape (batch,)
        Infinite where the labels do not fit into the steps.

    Examples
    --------
    One step, two classes of the same probability:

    >>> from dlcore import ops
    >>> float(ops.ctc_loss([[1]], [[[0.0, 0.0]]], [1], [1])[0])  # log(2)
    0.6931471824645996
    """
    _loss_rule(target, output, target_length, output_length, mask_index)
    dtype = _single(output)
    logs = log_softmax(cast(output, dtype), -1)
    batch, steps, _ = rules.shape_of(logs)
    count = rules.shape_of(target)[1]
    lengths = cast(target_length, "int32")
    inside = less(arange(count, dtype="int32"), expand_dims(lengths, -1))
    labels = where(inside, cast(target, "int32"), mask_index)
    # States: blank, first label, blank, second label, ..., blank.
    blank = full((batch, 1), mask_index, "int32")
    pairs = stack([broadcast_to(blank, (batch, count)), labels], -1)
    size = 2 * count + 1
    states = concatenate([reshape(pairs, (batch, size - 1)), blank], 1)
    # A label may follow the one before without a blank between, if it is another one.
    two_before = concatenate([blank, blank, states], 1)[:, :size]
    jumps = logical_and(not_equal(states, blank), not_equal(states, two_before))
    emitted = take_along_axis(
        logs, broadcast_to(expand_dims(states, 1), (batch, steps, size)), 2
    )
    never = full((batch, size + 1), _NEVER, dtype)
    # Before the first step: on the blank that stands in front of everything.
    before = concatenate([zeros((batch, 1), dtype), never], 1)[:, :size]
    running = less(arange(steps, dtype="int32"), cast(output_length, "int32")[:, None])

    def step(scores: Any, x: Any) -> Any:
        emission, runs = x
        one = concatenate([never[:, :1], scores], 1)[:, :size]
        two = concatenate([never[:, :2], scores], 1)[:, :size]
        moved = logaddexp(logaddexp(scores, one), where(jumps, two, never[:, :1]))
        return where(runs[:, None], moved + emission, scores), zeros((), dtype)

    slices = (transpose(emitted, (1, 0, 2)), transpose(running))
    scores, _ = scan(step, before, slices)
    last = expand_dims(2 * lengths, -1)
    ends = take_along_axis(scores, last, 1)
    label = take_along_axis(scores, where(greater(last, 0), last - 1, 0), 1)
    ends = logaddexp(ends, where(greater(last, 0), label, cast(_NEVER, dtype)))
    ends = squeeze(ends, -1)
    possible = greater(ends, _NEVER / 2)
    return negative(where(possible, ends, cast(float("-inf"), dtype)))


def _decode_rule(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: Any = 0,
) -> Any:
    known = ("greedy", "beam_search")
    if strategy not in known:
        raise ValueError(
            f"Invalid strategy {strategy!r}: it is 'greedy' or 'beam_search'."
            f"{did_you_mean(strategy, known)}"
        )
    shape = rules.shape_of(inputs)
    if len(shape) != 3:
        raise ValueError(f"`inputs` has the shape (batch, time, classes), got {shape}")
    count = 1 if strategy == "greedy" else top_paths
    if not 1 <= count <= beam_width:
        raise ValueError(
            f"`top_paths` is at least 1 and at most `beam_width`, got {top_paths} and "
            f"{beam_width}"
        )
    return Spec((count, *shape[:2]), "int32"), Spec((shape[0], count), _single(inputs))


@derived(rule=_decode_rule)
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: Any = 0,
) -> Any:
    """Find the likely label sequences.

    Parameters
    ----------
    inputs : tensor of shape (batch, time, classes)
        Logits.
    sequence_lengths : integer tensor of shape (batch,)
        How many steps a sample has.
    strategy : {"greedy", "beam_search"}
        Take the best class of every step; or keep the ``beam_width`` best beginnings.
    beam_width : int
    top_paths : int
        How many sequences a beam search returns.
    merge_repeated : bool
        Whether the greedy strategy merges repeated classes. A beam search always does.
    mask_index : int or None
        The class that stands for the blank; the last one for None.

    Returns
    -------
    int32 tensor of shape (paths, batch, time)
        The labels, best path first; -1 behind their end.
    tensor of shape (batch, paths)
        Greedy: minus the sum of the best logits. Beam search: the logarithm of the
        paths' probabilities, as far as the beam has seen them.

    Notes
    -----
    The beam search is that of Graves, "Supervised sequence labelling with recurrent
    neural networks", 2012, section 7.5, over prefixes.

    Examples
    --------
    >>> from dlcore import ops
    >>> steps = ops.one_hot([[1, 1, 0, 2]], 3)
    >>> ops.convert_to_numpy(ops.ctc_decode(steps, [4])[0])
    array([[[ 1,  2, -1, -1]]], dtype=int32)
    """
    (paths, _) = _decode_rule(inputs, sequence_lengths, strategy, beam_width, top_paths)
    inputs = cast(inputs, _single(inputs))
    lengths = cast(sequence_lengths, "int32")
    classes = rules.shape_of(inputs)[-1]
    blank = classes - 1 if mask_index is None else mask_index % classes
    if strategy == "greedy":
        return _greedy(inputs, lengths, merge_repeated, blank)
    return _beam_search(inputs, lengths, beam_width, paths.shape[0], blank)


def _greedy(inputs: Any, lengths: Any, merge: bool, blank: int) -> Any:
    _, steps, _ = rules.shape_of(inputs)
    running = less(arange(steps, dtype="int32"), expand_dims(lengths, -1))
    best = where(running, argmax(inputs, -1), blank)
    scores = where(running, max_(inputs, -1), zeros((), rules.promoted(inputs)))
    kept = not_equal(best, blank)
    if merge:
        fresh = not_equal(best[:, 1:], best[:, :-1])
        kept = logical_and(kept, concatenate([kept[:, :1], fresh], 1))
    # Labels to the front, in their order: a stable sort by whether they are kept.
    order = argsort(cast(logical_not(kept), "int32"), -1)
    labels = take_along_axis(where(kept, cast(best, "int32"), -1), order, 1)
    return expand_dims(labels, 0), negative(sum_(scores, -1, True))


def _beam_search(inputs: Any, lengths: Any, width: int, count: int, blank: int) -> Any:
    """Search over prefixes; scores apart for those that end with a blank.

    A prefix stays what it is by a blank or by its last label again, and grows by any
    other label, or by the same one after a blank. What grows into a prefix that is in
    the beam already is added to it.
    """
    dtype = rules.promoted(inputs)
    logs = log_softmax(inputs, -1)
    batch, steps, classes = rules.shape_of(logs)
    never = full((batch, width), _NEVER, dtype)
    places = arange(steps, dtype="int32")
    is_blank = equal(arange(classes, dtype="int32"), blank)
    start = (
        full((batch, width, steps), -1, "int32"),
        zeros((batch, width), "int32"),
        concatenate([zeros((batch, 1), dtype), never], 1)[:, :width],
        never,
    )

    def step(state: Any, x: Any) -> Any:
        paths, sizes, ended, open_ = state  # scores after a blank, and after a label
        emission, time = x
        total = logaddexp(ended, open_)
        alive = greater(total, _NEVER / 2)
        end = equal(places, expand_dims(sizes, -1) - 1)
        last = max_(where(end, paths, -1), -1)
        label = where(less(last, 0), blank, last)
        said = take_along_axis(emission, label, 1)
        stay_ended = total + emission[:, blank : blank + 1]
        stay_open = where(less(last, 0), never, open_ + said)
        again = equal(arange(classes, dtype="int32"), expand_dims(last, -1))
        grown = where(again, expand_dims(ended, -1), expand_dims(total, -1))
        grown = where(is_blank, _NEVER, grown + expand_dims(emission, 1))
        # parent[b, i, j]: path j is path i and one label more.
        heads = where(end, -1, paths)
        parent = all_(equal(expand_dims(paths, 2), expand_dims(heads, 1)), -1)
        born = logical_and(alive, greater(sizes, 0))
        parent = logical_and(parent, logical_and(alive[:, :, None], born[:, None, :]))
        into = broadcast_to(expand_dims(label, 1), (batch, width, width))
        joined = where(parent, take_along_axis(grown, into, 2), _NEVER)
        stay_open = logaddexp(stay_open, max_(joined, 1))
        labels = one_hot(label, classes, dtype=dtype)
        taken = greater(matmul(cast(parent, dtype), labels), 0.0)
        grown = where(taken, _NEVER, grown)

        both = logaddexp(stay_ended, stay_open)
        scores = concatenate([both, reshape(grown, (batch, width * classes))], 1)
        _, chosen = top_k(scores, width)
        grows = greater_equal(chosen, width)
        source = where(grows, floor_divide(chosen - width, classes), chosen)
        added = mod(chosen - width, classes)

        def pick(values: Any) -> Any:
            return take_along_axis(values, source, 1)

        new = take_along_axis(scores, chosen, 1)
        old = take_along_axis(
            paths, broadcast_to(expand_dims(source, -1), (batch, width, steps)), 1
        )
        here = logical_and(equal(places, pick(sizes)[..., None]), grows[..., None])
        moved = (
            where(here, expand_dims(added, -1), old),
            pick(sizes) + cast(grows, "int32"),
            where(grows, never, pick(stay_ended)),
            where(grows, new, pick(stay_open)),
        )
        runs = less(time, lengths)[:, None]
        kept = [where(runs, a, b) for a, b in zip(moved[1:], state[1:], strict=True)]
        return (where(runs[..., None], moved[0], paths), *kept), zeros((), dtype)

    (paths, _, ended, open_), _ = scan(
        step, start, (transpose(logs, (1, 0, 2)), places)
    )
    scores, order = top_k(logaddexp(ended, open_), count)
    order = broadcast_to(expand_dims(order, -1), (batch, count, steps))
    never = cast(float("-inf"), dtype)
    return (
        transpose(take_along_axis(paths, order, 1), (1, 0, 2)),
        where(greater(scores, _NEVER / 2), scores, never),
    )
