import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.edunn.client.Client;
import org.edunn.client.Gradients;
import org.edunn.client.Layer;
import org.edunn.client.LayerSpec;
import org.edunn.client.Session;
import org.edunn.client.Tensor;

/** Trains one unit to compute the logical or of its two inputs, by the layers of a service. */
final class LearnOr {
  private static final int SAMPLES = 4;
  private static final Tensor X = Tensor.of(new double[] {0, 0, 0, 1, 1, 0, 1, 1}, SAMPLES, 2);
  private static final Tensor Y_TRUE = Tensor.of(new double[] {0, 1, 1, 1}, SAMPLES, 1);
  private static final double LEARNING_RATE = 2;
  private static final int STEPS = 100;

  private LearnOr() {}

  /** Takes the service's address, {@code host:port}. */
  public static void main(String[] arguments) {
    String address = arguments.length == 1 ? arguments[0] : "localhost:50051";
    try (Client client = Client.connect(address);
        Session session = client.newSession().seed(1).create()) {
      Layer unit =
          session.add(
              LayerSpec.of("unit", "Dense")
                  .config("input_size", 2)
                  .config("output_size", 1)
                  .config("activation_name", "sigmoid"));
      Layer loss = session.add(LayerSpec.of("loss", "BinaryCrossEntropy"));
      for (int step = 0; step <= STEPS; step++) {
        double error = train(unit, loss);
        if (step % 20 == 0) {
          System.out.printf(Locale.ROOT, "step %3d: error %.3f%n", step, error);
        }
      }
      report(unit.forward(X).toDoubleArray());
    }
  }

  /** Takes one step of gradient descent and returns the mean error before it. */
  private static double train(Layer unit, Layer loss) {
    double[] errors = loss.forward(Y_TRUE, unit.forward(X)).toDoubleArray();
    double sum = 0;
    double[] weights = new double[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      sum += errors[i];
      weights[i] = 1.0 / SAMPLES;
    }
    Gradients gradients = unit.backward(loss.backward(Tensor.of(weights, SAMPLES, 1)).input());
    Map<String, Tensor> trained = new HashMap<>();
    unit.getParameters()
        .forEach((name, now) -> trained.put(name, descend(now, gradients.parameters().get(name))));
    unit.setParameters(trained);
    return sum / SAMPLES;
  }

  private static Tensor descend(Tensor parameter, Tensor gradient) {
    double[] values = parameter.toDoubleArray();
    double[] slopes = gradient.toDoubleArray();
    for (int i = 0; i < values.length; i++) {
      values[i] -= LEARNING_RATE * slopes[i];
    }
    return Tensor.of(values, parameter.shape());
  }

  private static void report(double[] outputs) {
    double[] x = X.toDoubleArray();
    double[] wanted = Y_TRUE.toDoubleArray();
    for (int i = 0; i < SAMPLES; i++) {
      System.out.printf(Locale.ROOT, "%.0f or %.0f = %.2f%n", x[2 * i], x[2 * i + 1], outputs[i]);
      if (Math.round(outputs[i]) != wanted[i]) {
        throw new IllegalStateException("the unit has not learned it");
      }
    }
  }
}
