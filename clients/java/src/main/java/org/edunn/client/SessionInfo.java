package org.edunn.client;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A session as it stood when the service was asked.
 *
 * @param sessionId its name
 * @param phase the phase of forwards that name none
 * @param seed the seed of everything random in it, 64 bits without sign: print it with {@link
 *     Long#toUnsignedString(long)}
 * @param layers its layers, in the order in which they were added
 * @param ttl how long it outlives its last use
 * @param createTime when it was created
 * @param expireTime when it ends unless it is used before
 */
public record SessionInfo(
    String sessionId,
    Phase phase,
    long seed,
    List<LayerInfo> layers,
    Duration ttl,
    Instant createTime,
    Instant expireTime) {

  static SessionInfo fromWire(org.edunn.serving.v1.Session message) {
    return new SessionInfo(
        message.getSessionId(),
        Phase.fromWire(message.getPhase()),
        message.getSeed(),
        message.getLayersList().stream().map(LayerInfo::fromWire).toList(),
        Durations.fromWire(message.getTtl()),
        instant(message.getCreateTime()),
        instant(message.getExpireTime()));
  }

  SessionInfo withLayers(List<LayerInfo> others) {
    return new SessionInfo(
        sessionId, phase, seed, List.copyOf(others), ttl, createTime, expireTime);
  }

  private static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }
}
