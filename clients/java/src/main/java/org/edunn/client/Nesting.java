package org.edunn.client;

import com.google.protobuf.Value;
import java.util.Collection;

/** How deep a configuration may be, as the contract says. What is deeper the service refuses. */
final class Nesting {
  /** How many layers may lie within each other. */
  static final int DEEPEST_LAYERS = 10;

  // How many messages protobuf makes of an object's field, and of an element of a list.
  static final int OBJECT_DEPTH = 3;
  static final int LIST_DEPTH = 2;
  // Of a layer within another: an element of a list, a field of the layer, one of its
  // configuration.
  private static final int LAYER_DEPTH = LIST_DEPTH + 2 * OBJECT_DEPTH;

  /** How many messages may lie within each other below a field of a configuration. */
  static final int DEEPEST_FIELD = DEEPEST_LAYERS * LAYER_DEPTH + 1;

  private Nesting() {}

  /** Returns the value of a configuration's field if it is not too deep. */
  static Value checked(Value value, String field) {
    if (isDeeper(value, DEEPEST_FIELD)) {
      throw tooDeep(field);
    }
    return value;
  }

  static IllegalArgumentException tooDeep(String field) {
    return new IllegalArgumentException(
        "%s is nested too deeply: at most %d layers may lie within each other"
            .formatted(field, DEEPEST_LAYERS));
  }

  private static boolean isDeeper(Value value, int depth) {
    return switch (value.getKindCase()) {
      case STRUCT_VALUE ->
          isDeeper(value.getStructValue().getFieldsMap().values(), depth - OBJECT_DEPTH);
      case LIST_VALUE -> isDeeper(value.getListValue().getValuesList(), depth - LIST_DEPTH);
      default -> false;
    };
  }

  private static boolean isDeeper(Collection<Value> values, int depth) {
    return values.stream().anyMatch(value -> depth < 0 || isDeeper(value, depth));
  }
}
