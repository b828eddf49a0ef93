package org.edunn.client;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * A session of the service: named layers and what their backwards need, made by {@link
 * Client#newSession} or {@link Client#attach}. Threads may share it.
 *
 * <p>It is an interface so that a program's tests may stand in for it. Methods may be added to it
 * in any version.
 */
public interface Session extends AutoCloseable {
  /**
   * Returns the session's name.
   *
   * @return the one chosen, or the one that the service chose
   */
  default String sessionId() {
    return info().sessionId();
  }

  /**
   * Returns the seed of everything random in the session.
   *
   * @return the one given, or the one drawn: 64 bits without sign
   */
  default long seed() {
    return info().seed();
  }

  /**
   * Returns the phase of the forwards that name none.
   *
   * @return the phase
   */
  default Phase phase() {
    return info().phase();
  }

  /**
   * Returns how the session stood when the service was last asked, by {@link #refresh} or when this
   * object was made, with the layers that this object has added since.
   *
   * @return the description
   */
  SessionInfo info();

  /**
   * Returns the layers that this object knows of, in the order in which they became known.
   *
   * @return by name
   */
  Map<String, Layer> layers();

  /**
   * Returns the layer of that name without asking the service.
   *
   * @param name the layer's name
   * @return the same object each time. Of a layer that this session object does not know, the name
   *     is all that {@link Layer#info} has, and whether there is one shows at its first call
   */
  Layer layer(String name);

  /**
   * Takes a model file, as {@link Layer#exportModel} gives it. A layer that the session has gets
   * the file's parameters and buffers if all of them fit, and stays as it is otherwise. A layer
   * that it does not have is added.
   *
   * @param name of the layer
   * @param file the model file
   * @param options of this call
   * @return the layer
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  Layer importModel(String name, byte[] file, CallOption... options);

  /**
   * Adds a layer.
   *
   * @param layer its name, type, configuration and initial parameters
   * @param options of this call
   * @return the layer
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  Layer add(LayerSpec layer, CallOption... options);

  /**
   * Adds a layer.
   *
   * @param layer a description of {@link Layers}
   * @param options of this call
   * @return the layer
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  default Layer add(TypedLayer layer, CallOption... options) {
    return add(Objects.requireNonNull(layer, "layer").spec(), options);
  }

  /**
   * Starts the adding of a layer.
   *
   * @param layer a description of {@link Layers}
   * @param options of this call
   * @return the layer to come
   */
  default CompletableFuture<Layer> addAsync(TypedLayer layer, CallOption... options) {
    return addAsync(Objects.requireNonNull(layer, "layer").spec(), options);
  }

  /**
   * Starts the adding of a layer.
   *
   * @param layer as in {@link #add}
   * @param options of this call
   * @return the layer to come
   */
  CompletableFuture<Layer> addAsync(LayerSpec layer, CallOption... options);

  /**
   * Asks the service how the session stands. Layers that others have added become known.
   *
   * @param options of this call
   * @return the description
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  SessionInfo refresh(CallOption... options);

  /**
   * Starts asking the service how the session stands.
   *
   * @param options of this call
   * @return the description to come
   */
  CompletableFuture<SessionInfo> refreshAsync(CallOption... options);

  /**
   * Ends the session, even one that this object did not create. That it has already ended is no
   * error.
   *
   * @param options of this call
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  void delete(CallOption... options);

  /**
   * Starts the ending of the session.
   *
   * @param options of this call
   * @return done when it has ended
   */
  CompletableFuture<Void> deleteAsync(CallOption... options);

  /**
   * Deletes the session if this object created it; one attached to stays. After a call that found
   * no service, and in an interrupted thread, this tries once and for at most a second.
   */
  @Override
  void close();
}
