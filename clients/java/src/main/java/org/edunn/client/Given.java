package org.edunn.client;

import java.util.List;
import java.util.Objects;

/** What a caller gives as many of as it likes. */
final class Given {
  private Given() {}

  /**
   * Returns them as a list.
   *
   * @throws NullPointerException if one is null; it says which kind
   */
  static <T> List<T> all(T[] values, String name) {
    for (T value : values) {
      Objects.requireNonNull(value, name);
    }
    return List.of(values);
  }
}
