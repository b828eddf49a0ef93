package org.edunn.client;

import java.util.Map;

/** How a parameter starts, described by a method of {@link Layers}, such as {@code zero()}. */
public interface Initializer {
  /**
   * Returns the description as a field of a configuration has it.
   *
   * @return type and configuration
   */
  Map<String, Object> toMap();
}
