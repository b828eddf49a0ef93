package org.edunn.client;

import java.util.Map;
import java.util.Objects;

/**
 * How a step changes parameters: a type of the catalogue, and the fields of its configuration that
 * are given. The methods of {@link Optimizers} make one for each type.
 */
public interface Optimizer {
  /**
   * Returns the type.
   *
   * @return a name of {@link Client#optimizerTypes}
   */
  String type();

  /**
   * Returns the configuration.
   *
   * @return by field name; what is left out takes its default
   */
  Map<String, Object> config();

  /**
   * Describes an optimizer by the catalogue's name.
   *
   * @param type such as {@code Adam}
   * @param config such as {@code Map.of("lr", 0.01)}
   * @return the optimizer
   */
  static Optimizer of(String type, Map<String, Object> config) {
    return new NamedOptimizer(
        Objects.requireNonNull(type, "type"), Map.copyOf(Objects.requireNonNull(config, "config")));
  }
}
