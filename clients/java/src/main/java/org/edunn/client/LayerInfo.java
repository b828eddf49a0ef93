package org.edunn.client;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A layer as it stands in a session.
 *
 * @param name its name in the session
 * @param type its type, a name of the catalogue
 * @param config its configuration as it was given; each number is a Double
 * @param parameters its parameters and buffers, without their values
 */
public record LayerInfo(
    String name,
    String type,
    Map<String, @Nullable Object> config,
    List<ParameterInfo> parameters) {

  static LayerInfo unknown(String name) {
    return new LayerInfo(name, "", Map.of(), List.of());
  }

  static LayerInfo fromWire(org.edunn.serving.v1.Layer message) {
    return new LayerInfo(
        message.getName(),
        message.getType(),
        Config.fromWire(message.getConfig()),
        message.getParametersList().stream().map(ParameterInfo::fromWire).toList());
  }
}
