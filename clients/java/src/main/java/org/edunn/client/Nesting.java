package org.edunn.client;

import com.google.protobuf.Value;
import java.util.Collection;

/** How deep a configuration may be. What is deeper could not be read at the other end. */
final class Nesting {
  /** How many layers may lie within each other. */
  static final int DEEPEST_LAYERS = 32;

  // A layer within another takes three: the list, the layer, its configuration.
  private static final int DEEPEST_VALUE = 3 * DEEPEST_LAYERS;

  private Nesting() {}

  /** Returns the value if it is not too deep; `where` names it in an error. */
  static Value checked(Value value, String where) {
    if (isDeeperThan(DEEPEST_VALUE, value)) {
      throw new IllegalArgumentException(
          "%s is nested too deeply: at most %d layers may lie within each other"
              .formatted(where, DEEPEST_LAYERS));
    }
    return value;
  }

  private static boolean isDeeperThan(int levels, Value value) {
    return switch (value.getKindCase()) {
      case LIST_VALUE -> isDeeperThan(levels - 1, value.getListValue().getValuesList());
      case STRUCT_VALUE -> isDeeperThan(levels - 1, value.getStructValue().getFieldsMap().values());
      default -> false;
    };
  }

  private static boolean isDeeperThan(int levels, Collection<Value> values) {
    return levels < 0 || values.stream().anyMatch(value -> isDeeperThan(levels, value));
  }
}
