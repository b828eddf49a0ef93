package org.edunn.client;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.edunn.serving.v1.CreateSessionRequest;

/** A session about to be created by a real service. */
final class RemoteSessionBuilder implements SessionBuilder {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Connection connection;
  private final CreateSessionRequest.Builder wanted = CreateSessionRequest.newBuilder();

  RemoteSessionBuilder(Connection connection) {
    this.connection = connection;
  }

  @Override
  public SessionBuilder sessionId(String sessionId) {
    wanted.setSessionId(Objects.requireNonNull(sessionId, "sessionId"));
    return this;
  }

  @Override
  public SessionBuilder seed(long seed) {
    wanted.setSeed(seed);
    return this;
  }

  @Override
  public SessionBuilder phase(Phase phase) {
    wanted.setPhase(Phase.wire(Objects.requireNonNull(phase, "phase")));
    return this;
  }

  @Override
  public SessionBuilder ttl(Duration ttl) {
    wanted.setTtl(Durations.toWire(Durations.finite(ttl, "ttl")));
    return this;
  }

  @Override
  public Session create(CallOption... options) {
    return connection.run(call(), options);
  }

  @Override
  public CompletableFuture<Session> createAsync(CallOption... options) {
    return connection.runAsync(call(), options);
  }

  @Override
  public String toString() {
    String name = wanted.getSessionId();
    return "builder of " + (name.isEmpty() ? "a session" : "session " + name);
  }

  private Call<?, ?, Session> call() {
    return created().map(info -> RemoteSession.created(connection, info));
  }

  private Call<?, ?, SessionInfo> created() {
    if (wanted.getSessionId().isEmpty()) {
      // Made twice it leaves at worst an empty session, which ends with its ttl.
      return Calls.createSession(wanted.build(), true);
    }
    CreateSessionRequest.Builder request = wanted.clone();
    if (!request.hasSeed()) {
      // By its seed the session is recognised, should the answer be lost.
      request.setSeed(RANDOM.nextLong());
    }
    CreateSessionRequest sent = request.build();
    return Calls.createSession(sent, false).withArrived(() -> arrived(sent));
  }

  /** Returns the session of that name if it stands as a new one would. */
  private Optional<SessionInfo> arrived(CreateSessionRequest sent) {
    try {
      return Optional.of(connection.run(Calls.getSession(sent.getSessionId())))
          .filter(
              found ->
                  found.seed() == sent.getSeed()
                      && found.layers().isEmpty()
                      && found.phase() == Phase.fromWire(sent.getPhase())
                      && (!sent.hasTtl() || found.ttl().equals(Durations.fromWire(sent.getTtl()))));
    } catch (NotFoundException ofSomebodyElse) {
      return Optional.empty();
    }
  }
}
