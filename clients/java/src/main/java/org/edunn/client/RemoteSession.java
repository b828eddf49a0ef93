package org.edunn.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A session of a real service. */
final class RemoteSession implements Session {
  // Not longer than a program may hang that leaves because the service is away.
  private static final Duration LEAVING = Duration.ofSeconds(1);

  private final Connection connection;
  private final boolean created;
  private final ForwardNames names;
  // Both belong to the thread that has the lock of `layers`. A layer is here as soon as somebody
  // has asked for it, so that it is one object; `known` has those that the service has told of.
  private final Map<String, RemoteLayer> layers = new LinkedHashMap<>();
  private final Map<String, Layer> known = new LinkedHashMap<>();
  private volatile SessionInfo info;

  private RemoteSession(Connection connection, SessionInfo info, boolean created) {
    this.connection = connection;
    this.created = created;
    this.info = info;
    names = created ? ForwardNames.ofCreator() : ForwardNames.ofGuest();
    take(info);
  }

  static Session created(Connection connection, SessionInfo info) {
    return new RemoteSession(connection, info, true);
  }

  static Session attached(Connection connection, SessionInfo info) {
    return new RemoteSession(connection, info, false);
  }

  @Override
  public SessionInfo info() {
    return info;
  }

  @Override
  public Map<String, Layer> layers() {
    synchronized (layers) {
      return Collections.unmodifiableMap(new LinkedHashMap<>(known));
    }
  }

  @Override
  public Layer layer(String name) {
    return remoteLayer(Objects.requireNonNull(name, "name"));
  }

  @Override
  public Layer add(LayerSpec layer, CallOption... options) {
    return connection.run(addCall(layer), options);
  }

  @Override
  public CompletableFuture<Layer> addAsync(LayerSpec layer, CallOption... options) {
    return connection.runAsync(addCall(layer), options);
  }

  @Override
  public Layer importModel(String name, byte[] file, CallOption... options) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(file, "file");
    LayerInfo fresh = ModelFiles.importInto(connection, sessionId(), name, file, options);
    synchronized (layers) {
      return become(fresh);
    }
  }

  @Override
  public SessionInfo refresh(CallOption... options) {
    return connection.run(refreshCall(), options);
  }

  @Override
  public CompletableFuture<SessionInfo> refreshAsync(CallOption... options) {
    return connection.runAsync(refreshCall(), options);
  }

  @Override
  public void delete(CallOption... options) {
    delete(connection.settings().with(options), connection.retry());
  }

  @Override
  public CompletableFuture<Void> deleteAsync(CallOption... options) {
    return connection
        .runAsync(Calls.deleteSession(sessionId()), options)
        .handle(RemoteSession::ended);
  }

  @Override
  public void close() {
    if (!created) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      if (interrupted || connection.isFailing()) {
        delete(connection.settings().withTimeout(LEAVING), RetryPolicy.never());
      } else {
        delete();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
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

  String nextName(String layer) {
    return names.next(layer);
  }

  private void delete(CallSettings how, RetryPolicy policy) {
    try {
      connection.run(Calls.deleteSession(sessionId()), how, policy);
    } catch (NotFoundException ended) {
      return;
    }
  }

  private Call<?, ?, Layer> addCall(LayerSpec layer) {
    Objects.requireNonNull(layer, "layer");
    return Calls.addLayer(sessionId(), layer).withArrived(() -> arrived(layer)).map(this::added);
  }

  /** Returns the layer of that name if it is the one described and others had not added it. */
  private Optional<LayerInfo> arrived(LayerSpec wanted) {
    synchronized (layers) {
      if (known.containsKey(wanted.name())) {
        return Optional.empty();
      }
    }
    return connection.run(Calls.getSession(sessionId())).layers().stream()
        .filter(found -> wanted.describes(found) && hasParametersOf(wanted))
        .findAny();
  }

  private boolean hasParametersOf(LayerSpec wanted) {
    return wanted.parameters().isEmpty()
        || connection
            .run(Calls.getParameters(sessionId(), wanted.name()))
            .entrySet()
            .containsAll(wanted.parameters().entrySet());
  }

  private Layer added(LayerInfo fresh) {
    synchronized (layers) {
      List<LayerInfo> all = new ArrayList<>(info.layers());
      all.removeIf(layer -> layer.name().equals(fresh.name()));
      all.add(fresh);
      info = info.withLayers(all);
      return become(fresh);
    }
  }

  private Call<?, ?, SessionInfo> refreshCall() {
    return Calls.getSession(sessionId()).map(this::take);
  }

  private SessionInfo take(SessionInfo fresh) {
    synchronized (layers) {
      info = fresh;
      fresh.layers().forEach(this::become);
      return fresh;
    }
  }

  private Layer become(LayerInfo fresh) {
    RemoteLayer layer = remoteLayer(fresh.name());
    layer.info(fresh);
    known.put(fresh.name(), layer);
    return layer;
  }

  private RemoteLayer remoteLayer(String name) {
    synchronized (layers) {
      return layers.computeIfAbsent(
          name, unknown -> new RemoteLayer(this, LayerInfo.unknown(unknown)));
    }
  }

  private static Void ended(Void nothing, Throwable error) {
    if (error == null || error instanceof NotFoundException) {
      return null;
    }
    throw new CompletionException(error);
  }
}
