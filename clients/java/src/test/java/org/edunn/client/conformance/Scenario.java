package org.edunn.client.conformance;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.reflect.TypeToken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.edunn.client.Client;
import org.edunn.client.ComputeStream;
import org.edunn.client.EdunnException;
import org.edunn.client.Gradients;
import org.edunn.client.LayerInfo;
import org.edunn.client.LayerType;
import org.edunn.client.Operation;
import org.edunn.client.OptimizerType;
import org.edunn.client.Output;
import org.edunn.client.Phase;
import org.edunn.client.Session;
import org.edunn.client.SessionBuilder;
import org.edunn.client.SessionInfo;
import org.edunn.client.StepResult;
import org.edunn.client.TrainStepResult;
import org.edunn.client.Training;
import org.edunn.client.TrainingEvent;
import org.edunn.client.TrainingEvents;

/** Runs one scenario of the conformance files through the client's public calls. */
final class Scenario {
  private final Client client;
  private final Session session;

  private Scenario(Client client, Session session) {
    this.client = client;
    this.session = session;
  }

  static void run(Client client, JsonObject scenario) {
    try (Session session = open(client, scenario.getAsJsonObject("session"))) {
      Scenario running = new Scenario(client, session);
      for (JsonElement step : scenario.getAsJsonArray("steps")) {
        running.run(new Step(step));
      }
    }
  }

  static Phase phase(String name) {
    return switch (name) {
      case "training" -> Phase.TRAINING;
      case "test" -> Phase.TEST;
      default -> throw new AssertionError("unknown phase " + name);
    };
  }

  /** Returns a JSON object as Java's maps, lists, strings, numbers and booleans. */
  static Map<String, Object> plainMap(JsonElement element) {
    return new Gson().fromJson(element, new TypeToken<Map<String, Object>>() {}.getType());
  }

  private static Session open(Client client, JsonObject json) {
    SessionBuilder builder = client.newSession();
    for (var entry : json.entrySet()) {
      JsonElement value = entry.getValue();
      switch (entry.getKey()) {
        case "seed" -> builder.seed(Long.parseUnsignedLong(value.getAsString()));
        case "phase" -> builder.phase(phase(value.getAsString()));
        case "ttl_seconds" -> builder.ttl(Duration.ofMillis((long) (value.getAsDouble() * 1000)));
        case "session_id" -> builder.sessionId(value.getAsString());
        default -> throw new AssertionError("unknown key of a session " + entry.getKey());
      }
    }
    return builder.create();
  }

  private void run(Step step) {
    String call = step.text("call");
    if (call.equals("stream")) {
      stream(step);
    } else {
      Expectation.check(step, () -> answer(call, step));
    }
    step.assertAllRead();
  }

  /** Makes the call and returns what it answers, by the names of the conformance README. */
  private Map<String, Object> answer(String call, Step step) {
    return switch (call) {
      case "add_layer" -> {
        session.add(step.layerSpec());
        yield Map.of();
      }
      case "forward", "backward", "step", "train_step" ->
          named(step.operation(call, session).run());
      case "fit" -> watched(step);
      case "clear_gradients" -> {
        session.layer(step.text("layer")).clearGradients();
        yield Map.of();
      }
      case "list_optimizer_types" ->
          Map.of("types", client.optimizerTypes().stream().map(OptimizerType::type).toList());
      case "get_parameters" ->
          Map.of("parameters", session.layer(step.text("layer")).getParameters());
      case "set_parameters" -> {
        session.layer(step.text("layer")).setParameters(step.tensors("parameters"));
        yield Map.of();
      }
      case "set_phase" -> {
        session.layer(step.text("layer")).setPhase(step.phase());
        yield Map.of();
      }
      case "get_session" -> named(client.getSession(session.sessionId()));
      case "create_session" -> {
        client.newSession().sessionId(step.text("session_id")).create().close();
        yield Map.of();
      }
      case "delete_session" -> {
        session.delete();
        yield Map.of();
      }
      case "list_layer_types" ->
          Map.of("types", client.layerTypes().stream().map(LayerType::type).toList());
      default -> throw new AssertionError("unknown call " + call);
    };
  }

  /** Starts a training and watches it to its end. */
  private Map<String, Object> watched(Step step) {
    boolean cancels = step.isSet("cancel");
    boolean resumes = step.isSet("resume");
    Training training = session.layer(step.text("layer")).fit(step.trainingSpec(session));
    List<String> epochs = new ArrayList<>();
    String state = "";
    try (TrainingEvents events = training.watch()) {
      while (events.hasNext()) {
        TrainingEvent event = events.next();
        if (event instanceof TrainingEvent.Started && cancels) {
          training.cancel();
        } else if (event instanceof TrainingEvent.EpochDone done) {
          epochs.add(Long.toString(done.result().epoch()));
        } else if (event instanceof TrainingEvent.Ended ended) {
          state = ended.info().state().name().toLowerCase(Locale.ROOT);
        }
      }
    }
    if (resumes) {
      training.resume();
    }
    return Map.of("epochs", epochs, "state", state);
  }

  private void stream(Step step) {
    List<Step> operations = new ArrayList<>();
    step.array("operations").forEach(operation -> operations.add(new Step(operation)));
    List<CompletableFuture<?>> futures = new ArrayList<>();
    try (ComputeStream stream =
        client.newStream().inFlight(Math.max(1, operations.size())).open()) {
      for (Step operation : operations) {
        Operation<?> described = operation.operation(operation.text("kind"), session);
        futures.add(stream.submit(described));
        operation.assertAllRead();
      }
    }
    for (int i = 0; i < operations.size(); i++) {
      CompletableFuture<?> future = futures.get(i);
      Expectation.check(operations.get(i), () -> named(joined(future)));
    }
  }

  private static Object joined(CompletableFuture<?> future) {
    try {
      return future.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof EdunnException error) {
        throw error;
      }
      throw failure;
    }
  }

  private static Map<String, Object> named(Object result) {
    if (result instanceof Output output) {
      return Map.of(
          "output", output.tensor(),
          "forward_id", output.forwardId(),
          "phase", output.phase().toString());
    }
    if (result instanceof Gradients gradients) {
      return Map.of(
          "input_gradient", gradients.input(), "parameter_gradients", gradients.parameters());
    }
    if (result instanceof StepResult step) {
      return Map.of("step_id", step.stepId(), "steps", step.steps());
    }
    if (result instanceof TrainStepResult step) {
      return Map.of("step_id", step.stepId(), "steps", step.steps(), "loss", step.loss());
    }
    if (result instanceof SessionInfo info) {
      return Map.of(
          "layers", info.layers().stream().map(LayerInfo::name).toList(),
          "seed", Long.toUnsignedString(info.seed()),
          "phase", info.phase().toString());
    }
    throw new AssertionError("unknown result " + result);
  }
}
