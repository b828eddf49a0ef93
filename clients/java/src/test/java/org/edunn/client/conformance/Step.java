package org.edunn.client.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.edunn.client.Backward;
import org.edunn.client.Forward;
import org.edunn.client.Layer;
import org.edunn.client.LayerSpec;
import org.edunn.client.Operation;
import org.edunn.client.Optimizer;
import org.edunn.client.Phase;
import org.edunn.client.Session;
import org.edunn.client.Tensor;
import org.edunn.client.TrainStep;
import org.edunn.client.TrainingSpec;

/** One step of a scenario. It notes which keys were read, as one that nobody reads is a fault. */
final class Step {
  private final JsonObject json;
  private final Set<String> read = new HashSet<>(Set.of("expect", "expect_error"));

  Step(JsonElement json) {
    this.json = json.getAsJsonObject();
  }

  /** Null where there is none. */
  JsonObject expected() {
    return json.getAsJsonObject("expect");
  }

  /** Null where there is none. */
  JsonObject expectedError() {
    return json.getAsJsonObject("expect_error");
  }

  boolean has(String key) {
    read.add(key);
    return json.has(key);
  }

  String text(String key) {
    return element(key).getAsString();
  }

  JsonArray array(String key) {
    return element(key).getAsJsonArray();
  }

  Map<String, Tensor> tensors(String key) {
    return JsonTensors.tensorsByName(element(key));
  }

  Phase phase() {
    return Scenario.phase(text("phase"));
  }

  /** Whether a key is there and true. */
  boolean isSet(String key) {
    return has(key) && element(key).getAsBoolean();
  }

  TrainingSpec trainingSpec(Session session) {
    TrainingSpec spec =
        TrainingSpec.of(
            text("dataset"),
            session.layer(text("loss")),
            optimizer(),
            element("epochs").getAsLong());
    if (has("validation_share")) {
      spec = spec.validationShare(element("validation_share").getAsDouble());
    }
    return has("seed") ? spec.seed(Long.parseUnsignedLong(text("seed"))) : spec;
  }

  LayerSpec layerSpec() {
    LayerSpec spec = LayerSpec.of(text("layer"), text("type"));
    if (has("config")) {
      spec = spec.config(Scenario.plainMap(element("config")));
    }
    return has("parameters") ? spec.parameters(tensors("parameters")) : spec;
  }

  /** Returns the operation that this step describes. */
  Operation<?> operation(String kind, Session session) {
    Layer layer = session.layer(text("layer"));
    return switch (kind) {
      case "forward" -> forward(layer);
      case "backward" -> backward(layer);
      case "step" -> step(layer);
      case "train_step" -> trainStep(layer, session);
      default -> throw new AssertionError("unknown operation " + kind);
    };
  }

  void assertAllRead() {
    Set<String> unread = new HashSet<>(json.keySet());
    unread.removeAll(read);
    if (!unread.isEmpty()) {
      throw new AssertionError("unknown keys " + unread);
    }
  }

  private Forward forward(Layer layer) {
    Forward forward = Forward.of(layer, JsonTensors.tensors(array("inputs")));
    if (has("phase")) {
      forward = forward.phase(phase());
    }
    if (has("forward_id")) {
      forward = forward.forwardId(text("forward_id"));
    }
    return isSet("untracked") ? forward.untracked() : forward;
  }

  private Backward backward(Layer layer) {
    Backward backward = Backward.of(layer, JsonTensors.tensor(element("output_gradient")));
    if (has("forward_id")) {
      backward = backward.forwardId(text("forward_id"));
    }
    return isSet("accumulate") ? backward.accumulate() : backward;
  }

  private org.edunn.client.Step step(Layer layer) {
    var step = org.edunn.client.Step.of(layer);
    if (has("optimizer")) {
      step = step.optimizer(optimizer());
    }
    return has("step_id") ? step.stepId(text("step_id")) : step;
  }

  private TrainStep trainStep(Layer layer, Session session) {
    Tensor target = JsonTensors.tensor(element("target"));
    Tensor[] inputs = JsonTensors.tensors(array("inputs"));
    TrainStep step = TrainStep.of(layer, session.layer(text("loss")), target, inputs);
    if (has("optimizer")) {
      step = step.optimizer(optimizer());
    }
    return has("step_id") ? step.stepId(text("step_id")) : step;
  }

  private Optimizer optimizer() {
    JsonObject described = element("optimizer").getAsJsonObject();
    JsonElement config = described.get("config");
    return Optimizer.of(
        described.get("type").getAsString(), config == null ? Map.of() : Scenario.plainMap(config));
  }

  private JsonElement element(String key) {
    if (!has(key)) {
      throw new AssertionError("a step needs " + key + ": " + json);
    }
    return json.get(key);
  }
}
