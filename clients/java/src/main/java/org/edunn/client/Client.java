package org.edunn.client;

import io.grpc.Channel;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * A connection to an edunn-serving service, made at the first call. Threads may share it.
 *
 * <p>Every call has a deadline and is made again where that is safe ({@link RetryPolicy}). Each has
 * an async variant; its future fails with the {@link EdunnException} that the other throws, and
 * what depends on it may run in the client's threads. Interrupting a thread that waits for a call
 * cancels the call.
 *
 * <p>It is an interface so that a program's tests may stand in for it. Methods may be added to it
 * in any version.
 */
public interface Client extends AutoCloseable {
  /** The version of this library. */
  String VERSION = "0.2.0";

  /**
   * Makes a client as the environment says: {@code EDUNN_TARGET} and what {@link #builder()} names.
   *
   * @return the client
   * @throws IllegalArgumentException if the environment names no address, or a wrong one
   */
  static Client connect() {
    return builder().build();
  }

  /**
   * Makes a client of a server, or of several that take turns.
   *
   * @param address {@code host:port}, or several with commas between them
   * @return the client
   * @throws IllegalArgumentException if the address is none
   */
  static Client connect(String address) {
    return builder(address).build();
  }

  /**
   * Begins a client as the environment says: the address in {@code EDUNN_TARGET}, a token in {@code
   * EDUNN_TOKEN}, and the names of PEM files, which turn TLS on, in {@code EDUNN_CA}, {@code
   * EDUNN_CERTIFICATE} and {@code EDUNN_KEY}. What the builder is told counts instead.
   *
   * @return the builder
   */
  static ClientBuilder builder() {
    return new ClientBuilder(System.getenv());
  }

  /**
   * Begins a client with more to be said about it. The environment counts but for the address.
   *
   * @param address {@code host:port}, or several with commas between them
   * @return the builder
   * @throws IllegalArgumentException if the address is none
   */
  static ClientBuilder builder(String address) {
    return new ClientBuilder(System.getenv()).address(address);
  }

  /**
   * Begins a client over a channel of the caller's own, which the client does not close.
   *
   * @param channel the channel, with its own address, credentials and limits
   * @return the builder; what it could say of address and TLS, the channel has decided
   */
  static ClientBuilder builder(Channel channel) {
    return new ClientBuilder(System.getenv()).channel(Objects.requireNonNull(channel, "channel"));
  }

  /**
   * Fetches the catalogue: the layer types that a session can have.
   *
   * @param options of this call
   * @return the types, sorted by name
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  List<LayerType> layerTypes(CallOption... options);

  /**
   * Starts the fetching of the catalogue.
   *
   * @param options of this call
   * @return the types to come
   */
  CompletableFuture<List<LayerType>> layerTypesAsync(CallOption... options);

  /**
   * Fetches the catalogue of the optimizers that a step can use.
   *
   * @param options of this call
   * @return the types, sorted by name
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  List<OptimizerType> optimizerTypes(CallOption... options);

  /**
   * Starts the fetching of the catalogue of optimizers.
   *
   * @param options of this call
   * @return the types to come
   */
  CompletableFuture<List<OptimizerType>> optimizerTypesAsync(CallOption... options);

  /**
   * Finds a training by its name.
   *
   * @param trainingId the name
   * @param options of this call
   * @return the training
   * @throws NotFoundException if there is none, or it is somebody else's
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  Training training(String trainingId, CallOption... options);

  /**
   * Lists the caller's trainings, the newest first, without what was measured of their epochs.
   *
   * @param options of each call: pages are asked for as they are needed
   * @return the trainings; its operations throw an {@link EdunnException} if a page cannot be had
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  Stream<TrainingInfo> trainings(CallOption... options);

  /**
   * Stores a data set at the service, for trainings. Elements that it has are not sent again.
   *
   * @param dataset its name, inputs and labels or numbers
   * @param options of the call
   * @return the data set as it is stored
   * @throws AlreadyExistsException if another data set has the name, unless it is to be replaced
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  DatasetInfo uploadDataset(DatasetSpec dataset, CallOption... options);

  /**
   * Lists the caller's data sets and those that the service brings.
   *
   * @param options of this call
   * @return the data sets, sorted by name
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  List<DatasetInfo> datasets(CallOption... options);

  /**
   * Removes a data set of the caller's.
   *
   * @param name the name
   * @param options of this call
   * @throws NotFoundException if there is none of the caller's
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  void deleteDataset(String name, CallOption... options);

  /**
   * Begins a session.
   *
   * @return what creates it
   */
  SessionBuilder newSession();

  /**
   * Returns a session that exists, with its layers. Closing it does not delete it.
   *
   * <p>Its forwards are counted under names of their own, so that they never meet those of the
   * session's creator. Where a mask must be reproducible, name the forward: {@link
   * Forward#forwardId(String)}.
   *
   * @param sessionId the session's name
   * @param options of this call
   * @return the session
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  Session attach(String sessionId, CallOption... options);

  /**
   * Starts the fetching of a session that exists.
   *
   * @param sessionId the session's name
   * @param options of this call
   * @return the session to come, as in {@link #attach}
   */
  CompletableFuture<Session> attachAsync(String sessionId, CallOption... options);

  /**
   * Asks how a session stands: its layers, phase, seed and expiry.
   *
   * @param sessionId the session's name
   * @param options of this call
   * @return the description
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  SessionInfo getSession(String sessionId, CallOption... options);

  /**
   * Starts asking how a session stands.
   *
   * @param sessionId the session's name
   * @param options of this call
   * @return the description to come
   */
  CompletableFuture<SessionInfo> getSessionAsync(String sessionId, CallOption... options);

  /**
   * Begins a stream, for many operations at once.
   *
   * @return what opens it
   */
  StreamBuilder newStream();

  /**
   * Runs many operations through a stream of their own: {@link StreamBuilder#compute}.
   *
   * @param operations what to run, in order
   * @return the results, as they come
   */
  default Results compute(Iterable<? extends Operation<?>> operations) {
    return newStream().compute(operations);
  }

  /** Closes the connection; calls under way in other threads end with CANCELLED. */
  @Override
  void close();
}
