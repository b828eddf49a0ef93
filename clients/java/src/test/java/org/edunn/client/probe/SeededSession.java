package org.edunn.client.probe;

import java.util.Arrays;
import java.util.concurrent.Callable;
import org.edunn.client.Client;
import org.edunn.client.Layer;
import org.edunn.client.LayerSpec;
import org.edunn.client.Session;
import org.edunn.client.Tensor;
import org.edunn.client.conformance.TensorAssertions;

/**
 * One session of the probe: three forwards and backwards of ones, and the digest of its outputs.
 */
final class SeededSession implements Callable<String> {
  private static final int FORWARDS = 3;

  private final Client client;
  private final long seed;

  SeededSession(Client client, long seed) {
    this.client = client;
    this.seed = seed;
  }

  @Override
  public String call() {
    double[] values = new double[16 * 64];
    Arrays.fill(values, 1);
    Tensor ones = Tensor.of(values, 16, 64);
    Tensor[] outputs = new Tensor[FORWARDS];
    try (Session session = client.newSession().seed(seed).create()) {
      Layer drop = session.add(LayerSpec.of("drop", "Dropout").config("p", 0.5));
      for (int i = 0; i < FORWARDS; i++) {
        outputs[i] = drop.forward(ones);
        if (!drop.backward(ones).input().equals(outputs[i])) {
          throw new IllegalStateException("seed " + seed + ": another mask backward than forward");
        }
      }
    }
    return "{\"seed\": %d, \"sha256\": \"%s\"}".formatted(seed, TensorAssertions.sha256(outputs));
  }
}
