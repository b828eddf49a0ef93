package org.edunn.client;

import org.jspecify.annotations.Nullable;

/**
 * One field of a layer type's configuration.
 *
 * @param name the field's name in {@link LayerSpec#config(String, Object)}
 * @param type the kind of value: {@code float}, {@code integer}, {@code boolean}, {@code string},
 *     or a kind that the summary describes
 * @param required whether the field must be given
 * @param defaultValue the value taken when the field is left out: a Double, String, Boolean, List
 *     or Map, or null
 * @param summary what the field means, in one sentence
 * @param bounds the values allowed, such as {@code 0 <= p < 1}; empty where the type says all
 */
public record ConfigField(
    String name,
    String type,
    boolean required,
    @Nullable Object defaultValue,
    String summary,
    String bounds) {

  static ConfigField fromWire(org.edunn.serving.v1.ConfigField message) {
    return new ConfigField(
        message.getName(),
        message.getType(),
        message.getRequired(),
        Config.fromWire(message.getDefaultValue()),
        message.getSummary(),
        message.getBounds());
  }
}
