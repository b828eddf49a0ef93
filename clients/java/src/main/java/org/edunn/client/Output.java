package org.edunn.client;

/**
 * The answer of a {@link Forward}.
 *
 * @param tensor the layer's output, in the data type of the input; a loss gives one error a sample,
 *     shape (n, 1)
 * @param forwardId the forward's name, for {@link Backward#forwardId}; empty for an untracked
 *     forward in the test phase
 * @param phase the phase in which the output was computed
 */
public record Output(Tensor tensor, String forwardId, Phase phase) {}
