import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.edunn.client.Client;
import org.edunn.client.DataType;
import org.edunn.client.Grading;
import org.edunn.client.Phase;
import org.edunn.client.Tensor;

/**
 * A Dropout written in Java, graded.
 *
 * <p>The service and the student's token are in EDUNN_TARGET and EDUNN_TOKEN.
 */
public final class GradedDropout implements Grading.GradedLayer {
  private final Random random = new Random();
  private final double p;
  private Phase phase = Phase.TRAINING;
  private double[] mask = {};

  private GradedDropout(double p) {
    this.p = p;
  }

  @Override
  public void setPhase(Phase phase) {
    this.phase = phase;
  }

  @Override
  public Tensor forward(List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    mask = new double[x.size()];
    for (int i = 0; i < mask.length; i++) {
      boolean dropped = phase == Phase.TRAINING && random.nextDouble() < p;
      mask[i] = phase == Phase.TEST ? 1 : dropped ? 0 : 1 / (1 - p);
    }
    return masked(x);
  }

  @Override
  public Grading.GradientsAnswer backward(Tensor outputGradient) {
    return new Grading.GradientsAnswer(masked(outputGradient), Map.of());
  }

  private Tensor masked(Tensor x) {
    if (x.dataType() != DataType.FLOAT64) {
      throw new IllegalArgumentException("this Dropout computes in double precision alone");
    }
    double[] data = x.toDoubleArray();
    for (int i = 0; i < data.length; i++) {
      data[i] *= mask[i];
    }
    return Tensor.of(data, x.shape());
  }

  public static void main(String[] arguments) {
    String assignment = arguments.length > 0 ? arguments[0] : "dropout-1";
    var connecting = Client.builder(System.getenv("EDUNN_TARGET"));
    String token = System.getenv("EDUNN_TOKEN");
    if (token != null) {
      connecting.token(token);
    }
    try (Client client = connecting.build()) {
      Grading grading = Grading.of(client);
      Grading.Attempt attempt = grading.startAttempt(assignment);
      Map<String, Map<String, Grading.StepAnswer>> answers = new HashMap<>();
      for (Grading.Challenge challenge : attempt.challenges()) {
        Object p = challenge.config().getOrDefault("p", 0.5);
        var layer = new GradedDropout(((Number) p).doubleValue());
        answers.put(challenge.challengeId(), Grading.answer(challenge, layer));
      }
      Grading.Report report = grading.submitAnswers(attempt.attemptId(), answers);
      for (Grading.CheckResult check : report.checks()) {
        System.out.println(check.verdict() + " " + check.title() + " " + check.bug());
      }
      System.out.printf("%s of %s points%n", report.score(), report.maxScore());
    }
  }
}
