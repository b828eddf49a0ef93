package org.edunn.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A session of the service: named layers and what their backwards need, made by {@link
 * Client#newSession} or {@link Client#attach}. Threads may share it.
 */
public final class Session implements AutoCloseable {
  private final Connection connection;
  private final boolean created;
  private final ForwardNames names;
  private final Map<String, Layer> layers = Collections.synchronizedMap(new LinkedHashMap<>());
  private volatile SessionInfo info;

  private Session(Connection connection, SessionInfo info, boolean created) {
    this.connection = connection;
    this.created = created;
    names = created ? ForwardNames.ofCreator() : ForwardNames.ofGuest();
    take(info);
  }

  static Session created(Connection connection, SessionInfo info) {
    return new Session(connection, info, true);
  }

  static Session attached(Connection connection, SessionInfo info) {
    return new Session(connection, info, false);
  }

  /**
   * Returns the session's name.
   *
   * @return the one chosen, or the one that the service chose
   */
  public String sessionId() {
    return info.sessionId();
  }

  /**
   * Returns the seed of everything random in the session.
   *
   * @return the one given, or the one that the service drew: 64 bits without sign
   */
  public long seed() {
    return info.seed();
  }

  /**
   * Returns the phase of the forwards that name none.
   *
   * @return the phase
   */
  public Phase phase() {
    return info.phase();
  }

  /**
   * Returns how the session stood when the service was last asked, by {@link #refresh} or when this
   * object was made.
   *
   * @return the description
   */
  public SessionInfo info() {
    return info;
  }

  /**
   * Returns the layers that this object knows of, in the order in which they became known.
   *
   * @return by name
   */
  public Map<String, Layer> layers() {
    synchronized (layers) {
      return Collections.unmodifiableMap(new LinkedHashMap<>(layers));
    }
  }

  /**
   * Returns the layer of that name without asking the service.
   *
   * @param name the layer's name
   * @return the layer. Of one that this object does not know, the name is all that {@link
   *     Layer#info} has, and whether there is one shows at its first call
   */
  public Layer layer(String name) {
    Layer known = layers.get(name);
    return known == null ? new Layer(this, LayerInfo.unknown(name)) : known;
  }

  /**
   * Adds a layer.
   *
   * @param layer its name, type, configuration and initial parameters
   * @return the layer
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public Layer add(LayerSpec layer) {
    return connection.run(addCall(layer), null);
  }

  /**
   * Adds a layer.
   *
   * @param layer a description of {@link Layers}
   * @return the layer
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public Layer add(TypedLayer layer) {
    return add(layer.spec());
  }

  /**
   * Starts the adding of a layer.
   *
   * @param layer a description of {@link Layers}
   * @return the layer to come
   */
  public CompletableFuture<Layer> addAsync(TypedLayer layer) {
    return addAsync(layer.spec());
  }

  /**
   * Starts the adding of a layer.
   *
   * @param layer as in {@link #add}
   * @return the layer to come
   */
  public CompletableFuture<Layer> addAsync(LayerSpec layer) {
    return connection.runAsync(addCall(layer), null);
  }

  /**
   * Asks the service how the session stands. Layers that others have added become known.
   *
   * @return the description
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public SessionInfo refresh() {
    return connection.run(refreshCall(), null);
  }

  /**
   * Starts asking the service how the session stands.
   *
   * @return the description to come
   */
  public CompletableFuture<SessionInfo> refreshAsync() {
    return connection.runAsync(refreshCall(), null);
  }

  /**
   * Ends the session, whoever created it. That it has already ended is no error.
   *
   * @throws EdunnException if the service refuses it or cannot finish it
   */
  public void delete() {
    try {
      connection.run(Calls.deleteSession(sessionId()), null);
    } catch (NotFoundException ended) {
      return;
    }
  }

  /**
   * Starts the ending of the session.
   *
   * @return done when it has ended
   */
  public CompletableFuture<Void> deleteAsync() {
    return connection.runAsync(Calls.deleteSession(sessionId()), null).handle(Session::ended);
  }

  /** Deletes the session if this object created it; one attached to stays. */
  @Override
  public void close() {
    if (created) {
      delete();
    }
  }

  /** Returns its name. */
  @Override
  public String toString() {
    return "session " + sessionId();
  }

  Connection connection() {
    return connection;
  }

  String nextForwardName(String layer) {
    return names.next(layer);
  }

  private Call<?, ?, Layer> addCall(LayerSpec layer) {
    return Calls.addLayer(sessionId(), layer)
        .map(
            added -> {
              Layer made = new Layer(this, added);
              layers.put(added.name(), made);
              return made;
            });
  }

  private Call<?, ?, SessionInfo> refreshCall() {
    return Calls.getSession(sessionId()).map(this::take);
  }

  private SessionInfo take(SessionInfo fresh) {
    info = fresh;
    fresh.layers().forEach(layer -> layers.putIfAbsent(layer.name(), new Layer(this, layer)));
    return fresh;
  }

  private static Void ended(Void nothing, Throwable error) {
    if (error == null || error instanceof NotFoundException) {
      return null;
    }
    throw new CompletionException(error);
  }
}
