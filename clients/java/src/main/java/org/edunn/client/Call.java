package org.edunn.client;

import io.grpc.MethodDescriptor;
import java.util.function.Function;

/**
 * One call of a unary method, as a value: what to send, how to read the answer, whether to repeat.
 *
 * @param repeatable whether sending it a second time changes nothing, even if the first arrived
 */
record Call<Q, A, R>(
    MethodDescriptor<Q, A> method, Q request, Function<A, R> decode, boolean repeatable) {

  /** Returns the same call with its result turned into another. */
  <S> Call<Q, A, S> map(Function<R, S> next) {
    return new Call<>(method, request, decode.andThen(next), repeatable);
  }
}
