package org.edunn.client;

import com.google.protobuf.ByteString;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.edunn.serving.grading.v1.Answer;
import org.edunn.serving.grading.v1.GetReportRequest;
import org.edunn.serving.grading.v1.GradingServiceGrpc;
import org.edunn.serving.grading.v1.StartAttemptRequest;
import org.edunn.serving.grading.v1.SubmitAnswersRequest;
import org.jspecify.annotations.Nullable;

/**
 * Attempts at assignments: challenges, answers and reports.
 *
 * <pre>{@code
 * var grading = Grading.of(client);
 * var attempt = grading.startAttempt("dropout-1");
 * var answers = new HashMap<String, Map<String, Grading.StepAnswer>>();
 * for (var challenge : attempt.challenges()) {
 *   answers.put(challenge.challengeId(), Grading.answer(challenge, new Dropout(0.5)));
 * }
 * var report = grading.submitAnswers(attempt.attemptId(), answers);
 * }</pre>
 */
public final class Grading {
  /** The contract's limit for the words of an error. */
  private static final int LONGEST_FAILURE = 2000;

  private final Connection connection;

  private Grading(Connection connection) {
    this.connection = connection;
  }

  /**
   * Returns the assignments of a client's service.
   *
   * @param client a client of a service, which stays the caller's to close
   * @return its assignments
   * @throws IllegalArgumentException if the client is a stand-in of the caller's
   */
  public static Grading of(Client client) {
    if (Objects.requireNonNull(client, "client") instanceof RemoteClient remote) {
      return new Grading(remote.connection());
    }
    throw new IllegalArgumentException("this client has no service that grades");
  }

  /**
   * One try at an assignment.
   *
   * @param attemptId its name, chosen by the service
   * @param course the course
   * @param assignment the assignment's name
   * @param student the student's name
   * @param number its number among the student's attempts, from 1
   * @param expireTime until when its answers are accepted
   * @param challenges what is to be answered
   */
  public record Attempt(
      String attemptId,
      String course,
      String assignment,
      String student,
      long number,
      Instant expireTime,
      List<Challenge> challenges) {}

  /**
   * A layer with its parameters, and the steps that are run on it in their order.
   *
   * @param challengeId the id of the assignment's check
   * @param title what the check is about, for people
   * @param points the points that a right answer is worth
   * @param kind {@code layer}, {@code loss}, {@code optimizer}, {@code initializer} or {@code own}
   * @param layerType the type's name, such as {@code Dropout}
   * @param config the layer's configuration
   * @param parameters the values that parameters and buffers start with
   * @param steps what is done with it
   */
  public record Challenge(
      String challengeId,
      String title,
      double points,
      String kind,
      String layerType,
      Map<String, @Nullable Object> config,
      Map<String, Tensor> parameters,
      List<Step> steps) {}

  /** One thing that is done with the layer of a challenge. */
  public sealed interface Step {
    /**
     * Returns the step's name in its challenge.
     *
     * @return the name
     */
    String stepId();
  }

  /**
   * The layer's phase is set. There is nothing to answer.
   *
   * @param stepId the step's name
   * @param phase the phase
   */
  public record PhaseStep(String stepId, Phase phase) implements Step {}

  /**
   * A forward is run. Its answer is an {@link OutputAnswer}.
   *
   * @param stepId the step's name
   * @param inputs its inputs
   */
  public record ForwardStep(String stepId, List<Tensor> inputs) implements Step {}

  /**
   * The backward of the last forward is run. Its answer is a {@link GradientsAnswer}.
   *
   * @param stepId the step's name
   * @param outputGradient the gradient of the error with respect to the output
   */
  public record BackwardStep(String stepId, Tensor outputGradient) implements Step {}

  /**
   * Parameters are set, until they are set again. There is nothing to answer.
   *
   * @param stepId the step's name
   * @param parameters the values by the parameters' names
   */
  public record ParametersStep(String stepId, Map<String, Tensor> parameters) implements Step {}

  /** What came of a step. */
  public sealed interface StepAnswer {}

  /**
   * The output of a forward.
   *
   * @param output the output
   */
  public record OutputAnswer(Tensor output) implements StepAnswer {}

  /**
   * What a backward computes.
   *
   * @param inputGradient the gradient with respect to the input
   * @param parameterGradients those with respect to the parameters, by name
   */
  public record GradientsAnswer(Tensor inputGradient, Map<String, Tensor> parameterGradients)
      implements StepAnswer {}

  /**
   * The step failed.
   *
   * @param text the words of the error
   */
  public record FailureAnswer(String text) implements StepAnswer {}

  /**
   * The judgement of one check.
   *
   * @param checkId the check's id
   * @param title what it is about, for people
   * @param verdict {@code passed}, {@code failed}, {@code skipped} or {@code ungradable}
   * @param score the points
   * @param maxScore the points that a right answer is worth
   * @param bug the stable name of the mistake; empty if it is none that is known
   * @param message what is wrong, in one sentence
   */
  public record CheckResult(
      String checkId,
      String title,
      String verdict,
      double score,
      double maxScore,
      String bug,
      String message) {}

  /**
   * The judgement of an attempt, as the caller may see it.
   *
   * @param attemptId the attempt
   * @param score the points, after the late penalty
   * @param maxScore the points of all checks together
   * @param checks the checks, in the order of the assignment
   * @param receipt the report's claims, signed: a JWS in compact form
   * @param counts whether the attempt counts; it does not if a check could not be judged
   * @param hidden whether the score is not to be seen, or not yet
   */
  public record Report(
      String attemptId,
      double score,
      double maxScore,
      List<CheckResult> checks,
      String receipt,
      boolean counts,
      boolean hidden) {}

  /** A student's layer, as {@link #answer} runs it. */
  public interface GradedLayer {
    /**
     * Sets the phase.
     *
     * @param phase the phase of what follows
     */
    void setPhase(Phase phase);

    /**
     * Computes the output.
     *
     * @param inputs the inputs
     * @return the output
     */
    Tensor forward(List<Tensor> inputs);

    /**
     * Computes the gradients of the last forward.
     *
     * @param outputGradient the gradient of the error with respect to the output
     * @return the gradients
     */
    GradientsAnswer backward(Tensor outputGradient);

    /**
     * Sets parameters, as challenges of layers of one's own do.
     *
     * @param parameters the values by the parameters' names
     */
    default void setParameters(Map<String, Tensor> parameters) {
      throw new UnsupportedOperationException("the layer has no setParameters");
    }
  }

  /**
   * Runs the script of a challenge on a student's layer. A step that throws is answered with the
   * error's words, and the script goes on. After something could not be set, what is computed with
   * it fails too.
   *
   * @param challenge the challenge
   * @param layer the layer, made for this challenge
   * @return the answers by step id
   */
  public static Map<String, StepAnswer> answer(Challenge challenge, GradedLayer layer) {
    Objects.requireNonNull(challenge, "challenge");
    Objects.requireNonNull(layer, "layer");
    Map<String, StepAnswer> answers = new LinkedHashMap<>();
    Map<Class<?>, FailureAnswer> notSet = new LinkedHashMap<>();
    for (Step step : challenge.steps()) {
      boolean sets = step instanceof PhaseStep || step instanceof ParametersStep;
      if (!sets && !notSet.isEmpty()) {
        answers.put(step.stepId(), notSet.values().iterator().next());
        continue;
      }
      try {
        if (step instanceof PhaseStep set) {
          layer.setPhase(set.phase());
          notSet.remove(step.getClass());
        } else if (step instanceof ParametersStep set) {
          layer.setParameters(set.parameters());
          notSet.remove(step.getClass());
        } else if (step instanceof ForwardStep forward) {
          answers.put(forward.stepId(), new OutputAnswer(layer.forward(forward.inputs())));
        } else if (step instanceof BackwardStep backward) {
          answers.put(backward.stepId(), layer.backward(backward.outputGradient()));
        }
      } catch (RuntimeException error) {
        FailureAnswer failure = new FailureAnswer(error.toString());
        if (sets) {
          notSet.put(step.getClass(), failure);
        } else {
          answers.put(step.stepId(), failure);
        }
      }
    }
    return answers;
  }

  /**
   * Begins an attempt at an assignment that one course alone has.
   *
   * @param assignment the assignment's name
   * @param options of this call
   * @return the attempt
   */
  public Attempt startAttempt(String assignment, CallOption... options) {
    return startAttempt(assignment, "", options);
  }

  /**
   * Begins an attempt at an assignment. A try that was not answered in time is repeated, and begins
   * no other.
   *
   * @param assignment the assignment's name
   * @param course its course
   * @param options of this call
   * @return the attempt
   */
  public Attempt startAttempt(String assignment, String course, CallOption... options) {
    var request =
        StartAttemptRequest.newBuilder()
            .setAssignment(Objects.requireNonNull(assignment, "assignment"))
            .setCourse(Objects.requireNonNull(course, "course"))
            .setStartId(UUID.randomUUID().toString());
    return connection.run(
        new Call<>(
            GradingServiceGrpc.getStartAttemptMethod(),
            request.build(),
            answer -> attempt(answer.getAttempt()),
            true),
        options);
  }

  /**
   * Submits the answers of an attempt, and returns the report. It is safe to repeat: the same
   * answers get the same report.
   *
   * @param attemptId the attempt
   * @param answers by challenge id, and in each by step id
   * @param options of this call
   * @return the report
   */
  public Report submitAnswers(
      String attemptId, Map<String, Map<String, StepAnswer>> answers, CallOption... options) {
    return submitAnswers(attemptId, answers, new byte[0], options);
  }

  /**
   * Submits the answers of an attempt with the program's source, and returns the report.
   *
   * @param attemptId the attempt
   * @param answers by challenge id, and in each by step id
   * @param source the source, 256 KiB at most, kept for the graders and never run
   * @param options of this call
   * @return the report
   */
  public Report submitAnswers(
      String attemptId,
      Map<String, Map<String, StepAnswer>> answers,
      byte[] source,
      CallOption... options) {
    var request =
        SubmitAnswersRequest.newBuilder()
            .setAttemptId(attemptId)
            .setSource(ByteString.copyFrom(source));
    answers.forEach(
        (challengeId, steps) -> {
          var message = Answer.newBuilder().setChallengeId(challengeId);
          steps.forEach((stepId, given) -> message.addSteps(wire(stepId, given)));
          request.addAnswers(message);
        });
    return connection.run(
        new Call<>(
            GradingServiceGrpc.getSubmitAnswersMethod(),
            request.build(),
            answer -> report(answer.getReport()),
            true),
        options);
  }

  /**
   * Returns the newest report of an attempt.
   *
   * @param attemptId the attempt
   * @param options of this call
   * @return the report
   */
  public Report getReport(String attemptId, CallOption... options) {
    return connection.run(
        new Call<>(
            GradingServiceGrpc.getGetReportMethod(),
            GetReportRequest.newBuilder().setAttemptId(attemptId).build(),
            answer -> report(answer.getReport()),
            true),
        options);
  }

  private static org.edunn.serving.grading.v1.StepAnswer wire(String stepId, StepAnswer given) {
    var message = org.edunn.serving.grading.v1.StepAnswer.newBuilder().setStepId(stepId);
    if (given instanceof OutputAnswer output) {
      message.setOutput(output.output().toWire());
    } else if (given instanceof GradientsAnswer gradients) {
      message
          .getGradientsBuilder()
          .setInputGradient(gradients.inputGradient().toWire())
          .putAllParameterGradients(Tensors.toWire(gradients.parameterGradients()));
    } else if (given instanceof FailureAnswer failure) {
      var text = failure.text();
      message.setFailure(text.substring(0, Math.min(text.length(), LONGEST_FAILURE)));
    }
    return message.build();
  }

  private static Attempt attempt(org.edunn.serving.grading.v1.Attempt message) {
    var expires = message.getExpireTime();
    return new Attempt(
        message.getAttemptId(),
        message.getCourse(),
        message.getAssignment(),
        message.getStudent(),
        message.getNumber(),
        Durations.instantFromWire(expires),
        message.getChallengesList().stream().map(Grading::challenge).toList());
  }

  private static Challenge challenge(org.edunn.serving.grading.v1.Challenge message) {
    var layer = message.getLayer();
    return new Challenge(
        message.getChallengeId(),
        message.getTitle(),
        message.getPoints(),
        lower(message.getKind().name(), "CHALLENGE_KIND_"),
        layer.getType(),
        Config.fromWire(layer.getConfig()),
        Tensors.fromWire(layer.getParametersMap()),
        message.getStepsList().stream().map(Grading::step).toList());
  }

  private static Step step(org.edunn.serving.grading.v1.ChallengeStep message) {
    var stepId = message.getStepId();
    return switch (message.getStepCase()) {
      case SET_PHASE -> new PhaseStep(stepId, Phase.fromWire(message.getSetPhase()));
      case FORWARD -> {
        List<Tensor> inputs = new ArrayList<>();
        message.getForward().getInputsList().forEach(each -> inputs.add(Tensor.fromWire(each)));
        yield new ForwardStep(stepId, List.copyOf(inputs));
      }
      case BACKWARD ->
          new BackwardStep(stepId, Tensor.fromWire(message.getBackward().getOutputGradient()));
      case SET_PARAMETERS ->
          new ParametersStep(
              stepId, Tensors.fromWire(message.getSetParameters().getParametersMap()));
      case STEP_NOT_SET ->
          throw new IllegalStateException(
              "the step " + stepId + " is of a newer service: update this client");
    };
  }

  private static Report report(org.edunn.serving.grading.v1.Report message) {
    return new Report(
        message.getAttemptId(),
        message.getScore(),
        message.getMaxScore(),
        message.getChecksList().stream().map(Grading::check).toList(),
        message.getReceipt(),
        message.getCounts(),
        message.getHidden());
  }

  private static CheckResult check(org.edunn.serving.grading.v1.CheckResult message) {
    return new CheckResult(
        message.getCheckId(),
        message.getTitle(),
        lower(message.getVerdict().name(), "VERDICT_"),
        message.getScore(),
        message.getMaxScore(),
        message.getBug(),
        message.getMessage());
  }

  /** Returns the name of an enum's value as it is shown. */
  private static String lower(String name, String prefix) {
    return name.substring(prefix.length()).toLowerCase(Locale.ROOT);
  }
}
