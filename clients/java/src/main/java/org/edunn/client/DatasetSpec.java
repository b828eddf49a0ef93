package org.edunn.client;

import java.util.Objects;

/**
 * A data set to be stored at the service: {@code DatasetSpec.of("or", inputs, labels)}.
 *
 * @param name 1 to 64 characters out of letters, digits, {@code _}, {@code -} and {@code .}
 * @param x the inputs
 * @param y labels or numbers, one for each input
 * @param replace whether another data set of this name is replaced; otherwise that is an error
 */
public record DatasetSpec(String name, Tensor x, Tensor y, boolean replace) {
  /**
   * Checks that nothing is null.
   *
   * @param name 1 to 64 characters out of letters, digits, {@code _}, {@code -} and {@code .}
   * @param x the inputs
   * @param y labels or numbers, one for each input
   * @param replace whether another data set of this name is replaced
   */
  public DatasetSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(x, "x");
    Objects.requireNonNull(y, "y");
  }

  /**
   * Names a data set.
   *
   * @param name its name
   * @param x the inputs
   * @param y labels or numbers, one for each input
   * @return a data set that replaces none
   */
  public static DatasetSpec of(String name, Tensor x, Tensor y) {
    return new DatasetSpec(name, x, y, false);
  }

  /**
   * Replaces another data set of this name.
   *
   * @return the same with that
   */
  public DatasetSpec replacing() {
    return new DatasetSpec(name, x, y, true);
  }
}
