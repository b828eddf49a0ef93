"""Makes the charges of operations from shapes and configurations alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edunn.arrays import check_size
from edunn.estimate import BESIDES, BOOL, ArraySpec, Cost, Estimate, total_bytes, work
from edunn.model import Model
from edunn.optimizers.update_rule import UpdateRule
from edunn_serving.internal.v1.state_pb2 import BackwardCharge
from worker.limits import MESSAGE_BYTES, REQUEST_COPIES, RESULT_COPIES, Charge

# Bytes of a cached array's name, shape and dtype in a context, and of Python's objects around it.
ENTRY_BYTES = 1024
# Bytes of a float64. Gradients and the states of optimizers are no wider.
WIDEST_BYTES = 8
# The largest number of the message's fields. It is above every limit.
_LARGEST = 2**63


def charge_forward(model: Model, inputs: Sequence[np.ndarray], *, tracked: bool) -> Charge:
    """Return the charge of a forward in the model's phase.

    Raises
    ------
    LayerError
        The layer does not take these inputs.
    MemoryError
        The layer would make an array of a shape that no array can have.
    """
    estimate = model.estimate(*map(spec_of, inputs))
    for each in (estimate.output, *estimate.cache.values()):
        check_size(each.shape)
    sent = sum(each.nbytes for each in inputs)
    answer = estimate.output.nbytes + MESSAGE_BYTES
    context = _context_bytes(estimate) if tracked else 0
    entries = ENTRY_BYTES * len(estimate.cache)
    return Charge(
        estimate.forward.work,
        BESIDES
        + entries
        + REQUEST_COPIES * sent
        + estimate.forward.memory
        + RESULT_COPIES * (answer + context),
        answer,
        context,
    )


def charge_backward_of(model: Model, inputs: Sequence[np.ndarray]) -> BackwardCharge:
    """Return the charge of a forward's backward, for an output gradient of the output's dtype."""
    estimate = model.estimate(*map(spec_of, inputs))
    # The output gradient and the context come in. The gradients go out.
    answer = inputs[-1].nbytes + estimate.gradients + MESSAGE_BYTES
    context = _context_bytes(estimate) + ENTRY_BYTES * len(estimate.cache)
    memory = (
        BESIDES
        + REQUEST_COPIES * (estimate.output.nbytes + context)
        + estimate.backward.memory
        + RESULT_COPIES * answer
    )
    return BackwardCharge(
        work=min(estimate.backward.work, _LARGEST),
        memory=min(memory, _LARGEST),
        answer=min(answer, _LARGEST),
        itemsize=estimate.output.dtype.itemsize,
    )


def charge_backward(estimate: BackwardCharge, itemsize: int) -> Charge:
    """Return the charge of a backward whose output gradient has elements of `itemsize` bytes."""
    wider = -(-itemsize // (estimate.itemsize or 8))
    return Charge(estimate.work, wider * estimate.memory, wider * estimate.answer)


def charge_training(forward: Estimate, errors: Estimate, *samples: ArraySpec) -> Charge:
    """Return the charge of training with one batch of samples."""
    passes = (forward.forward, forward.backward, errors.forward, errors.backward)
    for each in (forward.output, *forward.cache.values()):
        check_size(each.shape)
    kept = sum(each.nbytes for each in (*samples, forward.output, *forward.cache.values()))
    return Charge(
        sum(each.work for each in passes),
        BESIDES + kept + forward.gradients + max(each.memory for each in passes),
    )


def charge_answer(arrays: Mapping[str, np.ndarray]) -> Charge:
    """Return the charge of an operation that answers with arrays."""
    answer = _named_bytes(arrays)
    return Charge(memory=BESIDES + RESULT_COPIES * answer, answer=answer)


def charge_replacement(
    given: Mapping[str, np.ndarray], present: Mapping[str, np.ndarray]
) -> Charge:
    """Return the charge of replacing some arrays of a layer. A slot is stored as a whole."""
    sent, stored = _named_bytes(given), _named_bytes(present)
    # They are converted to the layer's dtypes, of eight bytes a number at most.
    converted = 8 * sum(array.size for array in given.values())
    memory = BESIDES + REQUEST_COPIES * sent + converted + RESULT_COPIES * stored
    return Charge(memory=memory, stored=stored)


def charge_kept_gradients(trained: Mapping[str, np.ndarray]) -> Charge:
    """Return the charge of adding the gradients of trained parameters to those that are kept."""
    numbers = sum(array.size for array in trained.values())
    stored = WIDEST_BYTES * numbers + _named_bytes(trained)
    # Those kept are in memory as bytes from Redis and as arrays, beside the new ones and the sums.
    memory = BESIDES + (2 + RESULT_COPIES) * stored + 2 * WIDEST_BYTES * numbers
    return Charge(work(calls=2 * len(trained), elements=numbers), memory, stored=stored)


def charge_step(trained: Mapping[str, np.ndarray], rule: UpdateRule) -> Charge:
    """Return the charge of a step on the gradients that the session keeps."""
    kept = charge_kept_gradients(trained)
    step = _step_cost(trained, rule)
    return Charge(kept.work + step.work, kept.memory + step.memory, stored=kept.stored)


def charge_train_step(
    passes: Estimate,
    errors: Estimate,
    trained: Mapping[str, np.ndarray],
    rule: UpdateRule,
    sent: int,
) -> Charge:
    """Return the charge of a forward, a loss, a backward and a step.

    Parameters
    ----------
    passes, errors
        The estimates of the layer and of the loss.
    sent
        The bytes of inputs and target.
    """
    costs = (passes.forward, errors.forward, errors.backward, passes.backward)
    caches = total_bytes((*passes.cache.values(), *errors.cache.values()))
    step = charge_step(trained, rule)
    memory = (
        REQUEST_COPIES * sent
        + caches
        + passes.output.nbytes
        # The gradients stay until the step is done.
        + passes.gradients
        + sum(cost.memory for cost in costs)
        + step.memory
    )
    return Charge(sum(cost.work for cost in costs) + step.work, memory, stored=step.stored)


def _step_cost(trained: Mapping[str, np.ndarray], rule: UpdateRule) -> Cost:
    """Return the cost of an update, with the copies of parameters and state that are stored."""
    numbers = sum(array.size for array in trained.values())
    state = WIDEST_BYTES * rule.state_arrays * numbers
    # The state before the update is in memory as bytes from Redis and as arrays.
    copies = RESULT_COPIES * (_named_bytes(trained) + state) + 2 * state
    update = rule.estimate(map(spec_of, trained.values()))
    return update._replace(memory=update.memory + copies)


def spec_of(array: np.ndarray) -> ArraySpec:
    """Return the shape and dtype of an array."""
    return ArraySpec(array.shape, array.dtype)


def _context_bytes(estimate: Estimate) -> int:
    """Return the bytes of a forward's cache in a context, which packs eight booleans in a byte."""
    return sum(
        -(-each.size // 8) if each.dtype == BOOL else each.nbytes
        for each in estimate.cache.values()
    )


def _named_bytes(arrays: Mapping[str, np.ndarray]) -> int:
    return MESSAGE_BYTES + sum(len(name) + 64 + array.nbytes for name, array in arrays.items())
