package org.edunn.client;

import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A session of a {@link FakeService}. */
final class FakeSession {
  final org.edunn.serving.v1.Session.Builder described = org.edunn.serving.v1.Session.newBuilder();

  private final Map<String, KeptLayer> layers = new HashMap<>();

  /** What the service keeps of a layer; forwards are the names of the tracked ones. */
  record KeptLayer(
      org.edunn.serving.v1.Layer described,
      Map<String, org.edunn.serving.v1.Tensor> parameters,
      List<String> forwards,
      Steps steps) {}

  /** How many steps a layer has made, and whether gradients are kept for the next. */
  static final class Steps {
    private long count;
    private boolean keepsGradients;

    boolean keepsGradients() {
      return keepsGradients;
    }

    void keep() {
      keepsGradients = true;
    }

    void clear() {
      keepsGradients = false;
    }

    long step() {
      clear();
      return ++count;
    }
  }

  org.edunn.serving.v1.Layer add(org.edunn.serving.v1.LayerSpec spec) {
    var added = org.edunn.serving.v1.Layer.newBuilder();
    added.setName(spec.getName()).setType(spec.getType()).setConfig(spec.getConfig());
    Map<String, org.edunn.serving.v1.Tensor> parameters = new TreeMap<>(spec.getParametersMap());
    parameters.forEach(
        (name, tensor) ->
            added
                .addParametersBuilder()
                .setName(name)
                .setDataType(tensor.getDataType())
                .addAllShape(tensor.getShapeList()));
    KeptLayer kept = new KeptLayer(added.build(), parameters, new ArrayList<>(), new Steps());
    if (layers.putIfAbsent(spec.getName(), kept) != null) {
      throw EdunnException.of(
          Status.Code.ALREADY_EXISTS, "LAYER_EXISTS", spec.getName() + " exists");
    }
    described.addLayers(kept.described());
    return kept.described();
  }

  KeptLayer layer(String name) {
    KeptLayer found = layers.get(name);
    if (found == null) {
      throw EdunnException.of(Status.Code.NOT_FOUND, "LAYER_NOT_FOUND", "no layer " + name);
    }
    return found;
  }
}
