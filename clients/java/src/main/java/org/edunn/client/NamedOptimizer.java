package org.edunn.client;

import java.util.Map;
import org.edunn.serving.v1.OptimizerSpec;

/** An optimizer by the catalogue's name. */
record NamedOptimizer(String type, Map<String, Object> config) implements Optimizer {
  static OptimizerSpec toWire(Optimizer optimizer) {
    return OptimizerSpec.newBuilder()
        .setType(optimizer.type())
        .setConfig(Config.toWire(optimizer.config(), "optimizer.config").getStructValue())
        .build();
  }

  @Override
  public String toString() {
    return type + config;
  }
}
