package org.edunn.client;

import java.time.Instant;
import java.util.Optional;
import org.edunn.serving.v1.Dataset;
import org.edunn.serving.v1.DatasetHeaderOrBuilder;

/**
 * A data set that trainings can use: inputs, and for each the truth.
 *
 * @param name how a {@link TrainingSpec} names it
 * @param x the inputs
 * @param y labels or numbers, as many as there are inputs
 * @param sizeBytes the bytes of both arrays
 * @param digest a SHA-256 of types, shapes and elements, in hexadecimal digits
 * @param bundled whether the service brings it
 * @param createTime when it was uploaded, unless the service brings it
 */
public record DatasetInfo(
    String name,
    ArraySpec x,
    ArraySpec y,
    long sizeBytes,
    String digest,
    boolean bundled,
    Optional<Instant> createTime) {
  /** Tells whether both arrays are of the types and shapes of another data set. */
  boolean isLike(DatasetHeaderOrBuilder other) {
    return x.equals(ArraySpec.fromWire(other.getX())) && y.equals(ArraySpec.fromWire(other.getY()));
  }

  static DatasetInfo fromWire(Dataset message) {
    return new DatasetInfo(
        message.getName(),
        ArraySpec.fromWire(message.getX()),
        ArraySpec.fromWire(message.getY()),
        message.getSizeBytes(),
        message.getDigest(),
        message.getBundled(),
        message.hasCreateTime()
            ? Optional.of(Durations.instantFromWire(message.getCreateTime()))
            : Optional.empty());
  }
}
