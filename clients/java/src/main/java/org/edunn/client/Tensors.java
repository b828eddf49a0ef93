package org.edunn.client;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Tensors by name, to and from the wire. */
final class Tensors {
  private Tensors() {}

  static Map<String, org.edunn.serving.v1.Tensor> toWire(Map<String, Tensor> tensors) {
    Map<String, org.edunn.serving.v1.Tensor> messages = new TreeMap<>();
    tensors.forEach((name, tensor) -> messages.put(name, tensor.toWire()));
    return messages;
  }

  /** Sorted by name, as a map on the wire has no order. */
  static Map<String, Tensor> fromWire(Map<String, org.edunn.serving.v1.Tensor> messages) {
    Map<String, Tensor> tensors = new TreeMap<>();
    messages.forEach((name, message) -> tensors.put(name, Tensor.fromWire(message)));
    return Collections.unmodifiableMap(tensors);
  }
}
