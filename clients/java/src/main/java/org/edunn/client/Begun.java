package org.edunn.client;

import java.util.function.Function;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.ComputeResult;

/**
 * An operation as a stream sends it, but for its request id.
 *
 * @param message what to send
 * @param decode reads a result that is no error
 */
record Begun<R>(ComputeOperation.Builder message, Function<ComputeResult, R> decode) {}
