package org.edunn.client.probe;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.edunn.client.Backward;
import org.edunn.client.Client;
import org.edunn.client.DataType;
import org.edunn.client.Forward;
import org.edunn.client.Layer;
import org.edunn.client.LayerSpec;
import org.edunn.client.Layers;
import org.edunn.client.Operation;
import org.edunn.client.OperationResult;
import org.edunn.client.Optimizers;
import org.edunn.client.Output;
import org.edunn.client.Phase;
import org.edunn.client.Results;
import org.edunn.client.Session;
import org.edunn.client.Tensor;
import org.edunn.client.TrainStepResult;
import org.edunn.client.UnavailableException;
import org.edunn.client.conformance.TensorAssertions;

/** The program of clients/conformance/program, whose lines are the same in every language. */
final class Numbers {
  private static final Path LAYERS = Path.of("../conformance/program/layers.json");
  private static final int STREAMED = 2500;
  private static final int DIGESTED_TOGETHER = 250;

  // What is odd of numbers, as bits: NaNs with payloads, infinities, zeros, subnormals, extremes.
  private static final long[] ODD_64 = {
    0x7FF8000000000000L, 0x7FF8000000000ABCL, 0xFFF8DEADBEEF0001L, 0x7FF0000000000000L,
    0xFFF0000000000000L, 0x0000000000000000L, 0x8000000000000000L, 0x0000000000000001L,
    0x800FFFFFFFFFFFFFL, 0x0010000000000000L, 0x7FEFFFFFFFFFFFFFL, 0x3FF0000000000001L,
  };
  private static final int[] ODD_32 = {
    0x7FC00000, 0x7FC00ABC, 0xFFDEAD01, 0x7F800000,
    0xFF800000, 0x00000000, 0x80000000, 0x00000001,
    0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0x3F800001,
  };

  private record LayerCase(String name, String type, Map<String, Object> config, long[] shape) {}

  private final Client client;

  Numbers(Client client) {
    this.client = client;
  }

  void print(int sessions) throws Exception {
    for (DataType type : List.of(DataType.FLOAT64, DataType.FLOAT32)) {
      try (Session session = client.newSession().seed(7).create()) {
        layers(session, type);
      }
      try (Session session = client.newSession().seed(8).create()) {
        Layer drop = dropout(session);
        forwardsInFlight(drop, type);
        train(session, type);
        trainAtTheService(session, type);
        oddNumbers(drop, type);
      }
    }
    try (Session session = client.newSession().seed(9).create()) {
      Layer drop = dropout(session);
      Tensor x = ramp(DataType.FLOAT64, 2560, 1024);
      show("20 MiB output", drop.forward(x));
      show("20 MiB gradient", drop.backward(x).input());
    }
    sessions(sessions);
    try (Session session = client.newSession().seed(10).create()) {
      stream(dropout(session));
    }
  }

  private void layers(Session session, DataType type) throws IOException {
    List<LayerCase> cases;
    try (Reader text = Files.newBufferedReader(LAYERS)) {
      cases = new Gson().fromJson(text, new TypeToken<List<LayerCase>>() {}.getType());
    }
    for (LayerCase each : cases) {
      Layer layer = session.add(LayerSpec.of(each.name(), each.type()).config(each.config()));
      for (Phase phase : List.of(Phase.TRAINING, Phase.TEST)) {
        String what = name(type) + " " + each.name() + " " + phase.name().toLowerCase(Locale.ROOT);
        Output output = Forward.of(layer, ramp(type, each.shape())).phase(phase).run();
        var gradients = layer.backward(ramp(type, output.tensor().shape()));
        show(what + " output", output.tensor());
        show(what + " gradient", gradients.input());
        showAll(what, gradients.parameters());
      }
      showAll(name(type) + " " + each.name() + " kept", layer.getParameters());
    }
  }

  private void forwardsInFlight(Layer drop, DataType type) {
    Tensor x = ramp(type, 4, 8);
    List<Output> outputs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      outputs.add(Forward.of(drop, x).run());
    }
    for (int at : new int[] {1, 2, 0}) {
      show(name(type) + " in flight output " + at, outputs.get(at).tensor());
      Tensor gradient = Backward.of(drop, x).through(outputs.get(at)).run().input();
      show(name(type) + " in flight gradient " + at, gradient);
    }
  }

  private void train(Session session, DataType type) {
    Layer net =
        session.add(LayerSpec.of("net", "Linear").config("input_size", 3).config("output_size", 2));
    Layer loss =
        session.add(LayerSpec.of("loss", "MeanError").config("sample_error", "SquaredError"));
    Tensor x = ramp(type, 4, 3);
    Tensor goal = ramp(type, 4, 2);
    Tensor one = tensor(type, new double[] {1});
    // The service keeps parameters in float64; this program trains in its own data type.
    Tensor drawn = net.getParameters().get("w");
    Tensor w = tensor(type, drawn.toDoubleArray(), drawn.shape());
    for (int step = 0; step < 5; step++) {
      net.setParameters(Map.of("w", w));
      show(name(type) + " training loss " + step, loss.forward(goal, net.forward(x)));
      var gradients = net.backward(loss.backward(one).input());
      w = descended(w, gradients.parameters().get("w"));
    }
    show(name(type) + " training w", w);
  }

  /** Steps by training steps, then on two backwards that leave their gradients at the service. */
  private void trainAtTheService(Session session, DataType type) {
    Layer net = session.add(Layers.linear("stepped", 3, 2));
    Layer loss = session.add(Layers.squaredError("squared"));
    Tensor x = ramp(type, 4, 3);
    Tensor goal = ramp(type, 4, 2);
    for (int step = 0; step < 3; step++) {
      TrainStepResult done = net.trainStep(x, goal, loss, Optimizers.adam().lr(0.125));
      Tensor mean = tensor(DataType.FLOAT64, new double[] {done.loss()});
      show(name(type) + " training step " + done.steps() + " loss", mean);
    }
    show(name(type) + " training steps w", net.getParameters().get("w"));
    for (int i = 0; i < 2; i++) {
      Tensor gradient = ramp(type, net.forward(x).shape());
      Backward.of(net, gradient).accumulate().run();
    }
    long steps = net.step(Optimizers.gradientDescent().lr(0.125)).steps();
    show(name(type) + " step " + steps + " w", net.getParameters().get("w"));
  }

  private static Tensor descended(Tensor w, Tensor slopes) {
    if (w.dataType() == DataType.FLOAT64) {
      double[] numbers = w.toDoubleArray();
      double[] by = slopes.toDoubleArray();
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] -= 0.125 * by[i];
      }
      return Tensor.of(numbers, w.shape());
    }
    float[] numbers = w.toFloatArray();
    float[] by = slopes.toFloatArray();
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] -= 0.125f * by[i];
    }
    return Tensor.of(numbers, w.shape());
  }

  private void oddNumbers(Layer drop, DataType type) {
    ByteBuffer bits = ByteBuffer.allocate(8 * ODD_64.length).order(ByteOrder.LITTLE_ENDIAN);
    if (type == DataType.FLOAT64) {
      LongStream.of(ODD_64).forEach(bits::putLong);
    } else {
      for (int each : ODD_32) {
        bits.putInt(each);
      }
    }
    Tensor odd = Tensor.ofBytes(type, bits.flip(), ODD_64.length);
    for (Phase phase : List.of(Phase.TEST, Phase.TRAINING)) {
      String what = name(type) + " odd " + phase.name().toLowerCase(Locale.ROOT);
      show(what + " output", Forward.of(drop, odd).phase(phase).run().tensor());
      show(what + " gradient", drop.backward(odd).input());
    }
  }

  private void sessions(int count) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      List<Future<List<Tensor>>> both = new ArrayList<>();
      for (int seed = 0; seed < count; seed++) {
        long own = seed;
        both.add(threads.submit(() -> oneSession(own)));
      }
      List<Tensor> all = new ArrayList<>();
      for (Future<List<Tensor>> each : both) {
        all.addAll(each.get());
      }
      show("sessions", all.toArray(Tensor[]::new));
    } finally {
      threads.shutdownNow();
    }
  }

  private List<Tensor> oneSession(long seed) {
    try (Session session = client.newSession().seed(seed).create()) {
      Layer drop = dropout(session);
      Tensor x = ramp(DataType.FLOAT64, 4, 8);
      Tensor output = drop.forward(x);
      return List.of(output, drop.backward(x).input());
    }
  }

  /** Sends all through one stream, and what a broken stream leaves through another. */
  private void stream(Layer drop) {
    Map<Integer, Tensor> answers = new TreeMap<>();
    while (answers.size() < 2 * STREAMED) {
      Map<Operation<?>, Integer> numbered = new LinkedHashMap<>();
      for (int at = 0; at < 2 * STREAMED; at++) {
        if (!answers.containsKey(at)) {
          numbered.put(operation(drop, at), at);
        }
      }
      take(numbered, answers);
    }
    Tensor[] inOrder = answers.values().toArray(Tensor[]::new);
    for (int begin = 0; begin < inOrder.length; begin += DIGESTED_TOGETHER) {
      Tensor[] together = new Tensor[DIGESTED_TOGETHER];
      System.arraycopy(inOrder, begin, together, 0, DIGESTED_TOGETHER);
      show("stream " + begin, together);
    }
  }

  private void take(Map<Operation<?>, Integer> numbered, Map<Integer, Tensor> answers) {
    try (Results results = client.compute(numbered.keySet())) {
      while (results.hasNext()) {
        OperationResult result = results.next();
        int at = numbered.get(result.operation());
        if (result.error().isEmpty()) {
          boolean isForward = result.operation() instanceof Forward;
          answers.put(at, isForward ? result.output().tensor() : result.gradients().input());
        } else if (!(result.error().get() instanceof UnavailableException)) {
          throw result.error().get();
        }
      }
    } catch (UnavailableException broken) {
      // What has no answer goes through the next stream.
    }
  }

  /** Returns forward 0, backward 0, forward 1, ...: named, so that they can be repeated. */
  private static Operation<?> operation(Layer drop, int at) {
    Tensor x = ramp(DataType.FLOAT64, 4, 8);
    String name = "s" + at / 2;
    return at % 2 == 1 ? Backward.of(drop, x).forwardId(name) : Forward.of(drop, x).forwardId(name);
  }

  private static Layer dropout(Session session) {
    return session.add(LayerSpec.of("drop", "Dropout").config("p", 0.5));
  }

  /** Returns numbers that every language computes alike: no rounding, in float32 neither. */
  private static Tensor ramp(DataType type, long... shape) {
    int size = (int) LongStream.of(shape).reduce(1, (one, other) -> one * other);
    double[] values = new double[size];
    for (int i = 0; i < size; i++) {
      values[i] = (i * 7919L % 2003) / 1024.0 - 1;
    }
    return tensor(type, values, shape);
  }

  private static Tensor tensor(DataType type, double[] values, long... shape) {
    ByteBuffer room = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      if (type == DataType.FLOAT64) {
        room.putDouble(value);
      } else {
        room.putFloat((float) value);
      }
    }
    return Tensor.ofBytes(type, room.flip(), shape);
  }

  private static String name(DataType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  private static void showAll(String what, Map<String, Tensor> tensors) {
    new TreeMap<>(tensors).forEach((name, tensor) -> show(what + " " + name, tensor));
  }

  private static void show(String what, Tensor... tensors) {
    System.out.println(what + " " + TensorAssertions.sha256(tensors).substring(0, 16));
  }
}
