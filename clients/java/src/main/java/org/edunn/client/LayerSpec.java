package org.edunn.client;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A layer to be added to a session: its name, its type, its configuration and initial parameters.
 *
 * <p>Immutable: each method returns a new description.
 *
 * <pre>{@code
 * LayerSpec.of("net", "Sequential")
 *     .layers(
 *         LayerSpec.of("l1", "Linear").config("input_size", 10).config("output_size", 4),
 *         LayerSpec.of("r1", "ReLU"))
 * }</pre>
 */
public final class LayerSpec {
  private final String name;
  private final String type;
  private final Map<String, Value> config;
  private final Map<String, Tensor> parameters;

  private LayerSpec(
      String name, String type, Map<String, Value> config, Map<String, Tensor> parameters) {
    this.name = name;
    this.type = type;
    this.config = config;
    this.parameters = parameters;
  }

  /**
   * Describes a layer with the defaults of its type.
   *
   * @param name how the session's calls address it: 1 to 64 letters, digits, {@code _ - .}
   * @param type a name of the catalogue, such as {@code Dropout}
   * @return the description
   */
  public static LayerSpec of(String name, String type) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    return new LayerSpec(name, type, Map.of(), Map.of());
  }

  /**
   * Sets one field of the configuration.
   *
   * @param field its name, such as {@code p}
   * @param value a number, string, boolean, null, or a list or map of such
   * @return the new description
   * @throws IllegalArgumentException if the value is of another kind, an integer that a double does
   *     not hold, or nested too deeply
   */
  public LayerSpec config(String field, @Nullable Object value) {
    Objects.requireNonNull(field, "field");
    return new LayerSpec(name, type, with(config, field, Config.toWire(value, field)), parameters);
  }

  /**
   * Sets several fields of the configuration.
   *
   * @param fields their values by name, as in {@link #config(String, Object)}
   * @return the new description
   */
  public LayerSpec config(Map<String, ? extends @Nullable Object> fields) {
    Objects.requireNonNull(fields, "fields");
    LayerSpec spec = this;
    for (var field : fields.entrySet()) {
      spec = spec.config(field.getKey(), field.getValue());
    }
    return spec;
  }

  /**
   * Sets an initial parameter or buffer; those left out are initialised from the session's seed.
   *
   * @param parameter its name, such as {@code w}
   * @param value in the shape that the catalogue names
   * @return the new description
   */
  public LayerSpec parameter(String parameter, Tensor value) {
    Objects.requireNonNull(parameter, "parameter");
    Objects.requireNonNull(value, "value");
    return new LayerSpec(name, type, config, with(parameters, parameter, value));
  }

  /**
   * Sets several initial parameters or buffers.
   *
   * @param values by name
   * @return the new description
   */
  public LayerSpec parameters(Map<String, Tensor> values) {
    Objects.requireNonNull(values, "values");
    LayerSpec spec = this;
    for (var each : values.entrySet()) {
      spec = spec.parameter(each.getKey(), each.getValue());
    }
    return spec;
  }

  /**
   * Sets the layers of a Sequential, its field {@code layers}. Their initial parameters become the
   * Sequential's, under the names that they have there: {@code l1(w)}.
   *
   * @param layers the layers in order
   * @return the new description
   * @throws IllegalArgumentException if more than 10 layers lie within each other
   */
  public LayerSpec layers(LayerSpec... layers) {
    ListValue.Builder described = ListValue.newBuilder();
    LayerSpec spec = this;
    for (LayerSpec layer : layers) {
      Objects.requireNonNull(layer, "layer");
      described.addValues(Value.newBuilder().setStructValue(layer.described()));
      for (var parameter : layer.parameters.entrySet()) {
        String within = layer.name + "(" + parameter.getKey() + ")";
        spec = spec.parameter(within, parameter.getValue());
      }
    }
    Value value = Value.newBuilder().setListValue(described).build();
    Nesting.checked(value, "layers");
    return new LayerSpec(name, type, with(config, "layers", value), spec.parameters);
  }

  /**
   * Sets a field that is a layer, such as {@code sample_error} of a MeanError.
   *
   * @param field its name
   * @param layer the layer; it has no initial parameters
   * @return the new description
   */
  public LayerSpec layer(String field, LayerSpec layer) {
    Objects.requireNonNull(field, "field");
    Objects.requireNonNull(layer, "layer");
    Value value = Value.newBuilder().setStructValue(layer.described()).build();
    Nesting.checked(value, field);
    return new LayerSpec(name, type, with(config, field, value), parameters);
  }

  /** Returns name and type. */
  @Override
  public String toString() {
    return type + " \"" + name + "\"";
  }

  String name() {
    return name;
  }

  Map<String, Tensor> parameters() {
    return parameters;
  }

  /** Whether a layer of a session has this name, type and configuration. */
  boolean describes(LayerInfo layer) {
    return name.equals(layer.name())
        && type.equals(layer.type())
        && Config.fromWire(Struct.newBuilder().putAllFields(config).build()).equals(layer.config());
  }

  org.edunn.serving.v1.LayerSpec toWire() {
    return org.edunn.serving.v1.LayerSpec.newBuilder()
        .setName(name)
        .setType(type)
        .setConfig(Struct.newBuilder().putAllFields(config))
        .putAllParameters(Tensors.toWire(parameters))
        .build();
  }

  /** As an element of a Sequential's field {@code layers}. */
  private Struct described() {
    Struct fields = Struct.newBuilder().putAllFields(config).build();
    return Struct.newBuilder()
        .putFields("name", Config.toWire(name, "name"))
        .putFields("type", Config.toWire(type, "type"))
        .putFields("config", Value.newBuilder().setStructValue(fields).build())
        .build();
  }

  private static <V> Map<String, V> with(Map<String, V> map, String key, V value) {
    Map<String, V> all = new LinkedHashMap<>(map);
    all.put(key, value);
    return Collections.unmodifiableMap(all);
  }
}
