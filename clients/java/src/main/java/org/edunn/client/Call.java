package org.edunn.client;

import io.grpc.MethodDescriptor;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One call of a unary method, as a value: what to send, how to read the answer, whether to repeat.
 *
 * @param decode reads an answer
 * @param repeatable whether sending it a second time changes nothing, even if the first arrived
 * @param arrived of a creation: asks the service whether what exists already is what an earlier
 *     attempt created, and gives it; it may wait for that
 */
record Call<Q, A, R>(
    MethodDescriptor<Q, A> method,
    Q request,
    Function<A, R> decode,
    boolean repeatable,
    Supplier<Optional<R>> arrived) {

  Call(MethodDescriptor<Q, A> method, Q request, Function<A, R> decode, boolean repeatable) {
    this(method, request, decode, repeatable, Optional::empty);
  }

  /** Returns the name of the method for people, such as {@code AddLayer}. */
  String name() {
    return String.valueOf(method.getBareMethodName());
  }

  /** Returns the same call, made again safely as it can be told afterwards whether it arrived. */
  Call<Q, A, R> withArrived(Supplier<Optional<R>> ask) {
    return new Call<>(method, request, decode, true, ask);
  }

  /** Returns the same call with its result turned into another. */
  <S> Call<Q, A, S> map(Function<R, S> next) {
    return new Call<>(
        method, request, decode.andThen(next), repeatable, () -> arrived.get().map(next));
  }
}
