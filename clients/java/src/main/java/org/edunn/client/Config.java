package org.edunn.client;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A layer's configuration to and from protobuf's Struct, which is JSON with all numbers doubles.
 */
final class Config {
  // Above this a double no longer holds every integer.
  private static final long LARGEST_INTEGER = 1L << 53;

  private Config() {}

  /**
   * Returns a field's value; {@code where} names it in an error.
   *
   * @throws IllegalArgumentException if JSON has nothing of the kind, or if it is nested too deeply
   */
  static Value toWire(@Nullable Object value, String where) {
    return toWire(value, where, Nesting.DEEPEST_FIELD);
  }

  private static Value toWire(@Nullable Object value, String where, int depth) {
    if (depth < 0) {
      throw Nesting.tooDeep(where.split("[.\\[]", 2)[0]);
    }
    Value.Builder built = Value.newBuilder();
    if (value == null) {
      built.setNullValue(NullValue.NULL_VALUE);
    } else if (value instanceof Boolean flag) {
      built.setBoolValue(flag);
    } else if (value instanceof CharSequence text) {
      built.setStringValue(text.toString());
    } else if (value instanceof Number number) {
      built.setNumberValue(number(number, where));
    } else if (value instanceof Map<?, ?> map) {
      built.setStructValue(struct(map, where, depth - Nesting.OBJECT_DEPTH));
    } else if (value instanceof Collection<?> collection) {
      built.setListValue(list(collection, where, depth - Nesting.LIST_DEPTH));
    } else {
      throw new IllegalArgumentException(
          "%s cannot be a %s: use numbers, strings, booleans, null, lists and maps"
              .formatted(where, value.getClass().getSimpleName()));
    }
    return built.build();
  }

  static Map<String, @Nullable Object> fromWire(Struct struct) {
    // Not Map.copyOf: a value may be null.
    Map<String, @Nullable Object> config = new LinkedHashMap<>();
    struct.getFieldsMap().forEach((name, value) -> config.put(name, fromWire(value)));
    return Collections.unmodifiableMap(config);
  }

  static @Nullable Object fromWire(Value value) {
    return switch (value.getKindCase()) {
      case NUMBER_VALUE -> value.getNumberValue();
      case STRING_VALUE -> value.getStringValue();
      case BOOL_VALUE -> value.getBoolValue();
      case STRUCT_VALUE -> fromWire(value.getStructValue());
      case LIST_VALUE ->
          value.getListValue().getValuesList().stream().map(Config::fromWire).toList();
      case NULL_VALUE, KIND_NOT_SET -> null;
    };
  }

  private static Struct struct(Map<?, ?> map, String where, int depth) {
    Struct.Builder struct = Struct.newBuilder();
    map.forEach(
        (name, value) -> struct.putFields("" + name, toWire(value, where + "." + name, depth)));
    return struct.build();
  }

  private static ListValue list(Collection<?> values, String where, int depth) {
    ListValue.Builder list = ListValue.newBuilder();
    for (Object value : values) {
      list.addValues(toWire(value, where + "[" + list.getValuesCount() + "]", depth));
    }
    return list.build();
  }

  private static double number(Number number, String where) {
    boolean integral = number instanceof Long || number instanceof BigInteger;
    if (integral && Math.abs(number.doubleValue()) > LARGEST_INTEGER) {
      throw new IllegalArgumentException(
          where + " = " + number + " is too large: the service would round it");
    }
    return number.doubleValue();
  }
}
