package org.edunn.client;

import com.google.protobuf.Any;
import com.google.protobuf.Timestamp;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.edunn.serving.v1.AddLayerRequest;
import org.edunn.serving.v1.AddLayerResponse;
import org.edunn.serving.v1.BackwardRequest;
import org.edunn.serving.v1.BackwardResponse;
import org.edunn.serving.v1.ClearGradientsRequest;
import org.edunn.serving.v1.ClearGradientsResponse;
import org.edunn.serving.v1.ComputeOperation;
import org.edunn.serving.v1.ComputeRequest;
import org.edunn.serving.v1.ComputeResponse;
import org.edunn.serving.v1.ComputeResult;
import org.edunn.serving.v1.CreateSessionRequest;
import org.edunn.serving.v1.CreateSessionResponse;
import org.edunn.serving.v1.DeleteSessionRequest;
import org.edunn.serving.v1.DeleteSessionResponse;
import org.edunn.serving.v1.ForwardRequest;
import org.edunn.serving.v1.ForwardResponse;
import org.edunn.serving.v1.GetParametersRequest;
import org.edunn.serving.v1.GetParametersResponse;
import org.edunn.serving.v1.GetSessionRequest;
import org.edunn.serving.v1.GetSessionResponse;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.edunn.serving.v1.LayerType;
import org.edunn.serving.v1.ListLayerTypesRequest;
import org.edunn.serving.v1.ListLayerTypesResponse;
import org.edunn.serving.v1.ListOptimizerTypesRequest;
import org.edunn.serving.v1.ListOptimizerTypesResponse;
import org.edunn.serving.v1.OperationError;
import org.edunn.serving.v1.SetParametersRequest;
import org.edunn.serving.v1.SetParametersResponse;
import org.edunn.serving.v1.StepRequest;
import org.edunn.serving.v1.StepResponse;
import org.edunn.serving.v1.TrainStepRequest;
import org.edunn.serving.v1.TrainStepResponse;

/** The methods of a {@link FakeService}. Calls run one at a time. */
final class FakeMethods extends LayerServiceGrpc.LayerServiceImplBase {
  private static final Duration TTL = Duration.ofHours(1);

  final Queue<String> calls = new ConcurrentLinkedQueue<>();
  final Queue<EdunnException> failures = new ConcurrentLinkedQueue<>();

  private final Map<String, FakeLayer> types;
  private final Map<String, FakeSession> sessions = new ConcurrentHashMap<>();

  FakeMethods(Map<String, FakeLayer> types) {
    this.types = types;
  }

  @Override
  public void listLayerTypes(
      ListLayerTypesRequest request, StreamObserver<ListLayerTypesResponse> reply) {
    answer(
        "ListLayerTypes",
        reply,
        () -> {
          var known = ListLayerTypesResponse.newBuilder();
          for (String type : new TreeMap<>(types).keySet()) {
            known.addLayerTypes(LayerType.newBuilder().setType(type).addInputs("x"));
          }
          return known.build();
        });
  }

  @Override
  public void createSession(
      CreateSessionRequest request, StreamObserver<CreateSessionResponse> reply) {
    answer(
        "CreateSession",
        reply,
        () -> {
          String chosen = request.getSessionId();
          String id = chosen.isEmpty() ? "fake-" + (sessions.size() + 1) : chosen;
          FakeSession session = new FakeSession();
          session
              .described
              .setSessionId(id)
              .setSeed(request.getSeed())
              .setPhase(Phase.wire(Phase.fromWire(request.getPhase())))
              .setTtl(request.hasTtl() ? request.getTtl() : Durations.toWire(TTL));
          Instant now = Instant.now();
          session.described.setCreateTime(timestamp(now)).setExpireTime(timestamp(now.plus(TTL)));
          request.getLayersList().forEach(session::add);
          if (sessions.putIfAbsent(id, session) != null) {
            throw EdunnException.of(Status.Code.ALREADY_EXISTS, "SESSION_EXISTS", id + " exists");
          }
          return CreateSessionResponse.newBuilder().setSession(session.described).build();
        });
  }

  @Override
  public void getSession(GetSessionRequest request, StreamObserver<GetSessionResponse> reply) {
    answer(
        "GetSession",
        reply,
        () -> {
          FakeSession session = session(request.getSessionId());
          return GetSessionResponse.newBuilder().setSession(session.described).build();
        });
  }

  @Override
  public void deleteSession(
      DeleteSessionRequest request, StreamObserver<DeleteSessionResponse> reply) {
    answer(
        "DeleteSession",
        reply,
        () -> {
          session(request.getSessionId());
          sessions.remove(request.getSessionId());
          return DeleteSessionResponse.getDefaultInstance();
        });
  }

  @Override
  public void addLayer(AddLayerRequest request, StreamObserver<AddLayerResponse> reply) {
    answer(
        "AddLayer",
        reply,
        () -> {
          var added = session(request.getSessionId()).add(request.getLayer());
          return AddLayerResponse.newBuilder().setLayer(added).build();
        });
  }

  @Override
  public void forward(ForwardRequest request, StreamObserver<ForwardResponse> reply) {
    answer("Forward", reply, () -> forward(request));
  }

  @Override
  public void backward(BackwardRequest request, StreamObserver<BackwardResponse> reply) {
    answer("Backward", reply, () -> backward(request));
  }

  @Override
  public void listOptimizerTypes(
      ListOptimizerTypesRequest request, StreamObserver<ListOptimizerTypesResponse> reply) {
    answer(
        "ListOptimizerTypes",
        reply,
        () -> {
          var known = ListOptimizerTypesResponse.newBuilder();
          known.addOptimizerTypesBuilder().setType("GradientDescent");
          return known.build();
        });
  }

  @Override
  public void step(StepRequest request, StreamObserver<StepResponse> reply) {
    answer("Step", reply, () -> step(request));
  }

  @Override
  public void trainStep(TrainStepRequest request, StreamObserver<TrainStepResponse> reply) {
    answer("TrainStep", reply, () -> trainStep(request));
  }

  @Override
  public void clearGradients(
      ClearGradientsRequest request, StreamObserver<ClearGradientsResponse> reply) {
    answer(
        "ClearGradients",
        reply,
        () -> {
          session(request.getSessionId()).layer(request.getLayer()).steps().clear();
          return ClearGradientsResponse.getDefaultInstance();
        });
  }

  @Override
  public void getParameters(
      GetParametersRequest request, StreamObserver<GetParametersResponse> reply) {
    answer(
        "GetParameters",
        reply,
        () -> {
          var kept = session(request.getSessionId()).layer(request.getLayer()).parameters();
          return GetParametersResponse.newBuilder().putAllParameters(kept).build();
        });
  }

  @Override
  public void setParameters(
      SetParametersRequest request, StreamObserver<SetParametersResponse> reply) {
    answer(
        "SetParameters",
        reply,
        () -> {
          var kept = session(request.getSessionId()).layer(request.getLayer()).parameters();
          kept.putAll(request.getParametersMap());
          return SetParametersResponse.getDefaultInstance();
        });
  }

  @Override
  public StreamObserver<ComputeRequest> compute(StreamObserver<ComputeResponse> reply) {
    return new StreamObserver<>() {
      @Override
      public void onNext(ComputeRequest request) {
        var answer = ComputeResponse.newBuilder();
        request.getOperationsList().forEach(operation -> answer.addResults(result(operation)));
        reply.onNext(answer.build());
      }

      @Override
      public void onError(Throwable broken) {
        // The client has left.
      }

      @Override
      public void onCompleted() {
        reply.onCompleted();
      }
    };
  }

  private ComputeResult result(ComputeOperation operation) {
    var result = ComputeResult.newBuilder().setRequestId(operation.getRequestId());
    try {
      switch (operation.getOperationCase()) {
        case FORWARD -> result.setForward(called("Forward", () -> forward(operation.getForward())));
        case STEP -> result.setStep(called("Step", () -> step(operation.getStep())));
        case TRAIN_STEP ->
            result.setTrainStep(called("TrainStep", () -> trainStep(operation.getTrainStep())));
        default -> result.setBackward(called("Backward", () -> backward(operation.getBackward())));
      }
    } catch (EdunnException refusal) {
      var status = status(refusal);
      result.setError(
          OperationError.newBuilder()
              .setCode(status.getCode())
              .setMessage(status.getMessage())
              .addAllDetails(status.getDetailsList()));
    }
    return result.build();
  }

  private ForwardResponse forward(ForwardRequest request) {
    FakeSession session = session(request.getSessionId());
    FakeSession.KeptLayer layer = session.layer(request.getLayer());
    boolean isGiven = request.getPhase() != org.edunn.serving.v1.Phase.PHASE_UNSPECIFIED;
    var phase = isGiven ? request.getPhase() : session.described.getPhase();
    var inputs = request.getInputsList().stream().map(Tensor::fromWire).toList();
    Tensor output = type(layer).forward(inputs, Phase.fromWire(phase));
    String chosen = request.getForwardId();
    String id = chosen.isEmpty() ? "#" + (layer.forwards().size() + 1) : chosen;
    if (!request.getUntracked()) {
      layer.forwards().add(id);
    }
    return ForwardResponse.newBuilder()
        .setForwardId(id)
        .setOutput(output.toWire())
        .setPhase(phase)
        .build();
  }

  private BackwardResponse backward(BackwardRequest request) {
    FakeSession.KeptLayer layer = session(request.getSessionId()).layer(request.getLayer());
    String id = request.getForwardId();
    if (layer.forwards().isEmpty() && id.isEmpty()) {
      throw EdunnException.of(Status.Code.FAILED_PRECONDITION, "NO_FORWARD", "no forward yet");
    }
    if (!id.isEmpty() && !layer.forwards().contains(id)) {
      throw EdunnException.of(Status.Code.NOT_FOUND, "FORWARD_NOT_FOUND", "no forward " + id);
    }
    Tensor gradient = type(layer).backward(Tensor.fromWire(request.getOutputGradient()));
    if (request.getAccumulate()) {
      layer.steps().keep();
    }
    return BackwardResponse.newBuilder().setInputGradient(gradient.toWire()).build();
  }

  private StepResponse step(StepRequest request) {
    FakeSession.Steps steps = session(request.getSessionId()).layer(request.getLayer()).steps();
    if (!steps.keepsGradients()) {
      throw EdunnException.of(Status.Code.FAILED_PRECONDITION, "NO_GRADIENTS", "none are kept");
    }
    long count = steps.step();
    String id = request.getStepId().isEmpty() ? "#" + count : request.getStepId();
    return StepResponse.newBuilder().setStepId(id).setSteps(count).build();
  }

  private TrainStepResponse trainStep(TrainStepRequest request) {
    FakeSession session = session(request.getSessionId());
    session.layer(request.getLoss());
    long count = session.layer(request.getLayer()).steps().step();
    String id = request.getStepId().isEmpty() ? "#" + count : request.getStepId();
    return TrainStepResponse.newBuilder().setStepId(id).setSteps(count).build();
  }

  private FakeSession session(String id) {
    FakeSession session = sessions.get(id);
    if (session == null) {
      throw EdunnException.of(Status.Code.NOT_FOUND, "SESSION_NOT_FOUND", "no session " + id);
    }
    return session;
  }

  private FakeLayer type(FakeSession.KeptLayer layer) {
    return types.getOrDefault(layer.described().getType(), new FakeLayer() {});
  }

  private <A> void answer(String method, StreamObserver<A> reply, Supplier<A> compute) {
    try {
      reply.onNext(called(method, compute));
      reply.onCompleted();
    } catch (EdunnException refusal) {
      reply.onError(StatusProto.toStatusRuntimeException(status(refusal)));
    }
  }

  /** Notes the call, and fails it if the test says so. */
  private synchronized <A> A called(String method, Supplier<A> compute) {
    calls.add(method);
    EdunnException failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
    return compute.get();
  }

  private static com.google.rpc.Status status(EdunnException refusal) {
    var status = com.google.rpc.Status.newBuilder();
    status.setCode(refusal.code().value()).setMessage(refusal.detail());
    status.addDetails(
        Any.pack(
            ErrorInfo.newBuilder()
                .setReason(refusal.reason())
                .setDomain("edunn")
                .putAllMetadata(refusal.metadata())
                .build()));
    if (!refusal.violations().isEmpty()) {
      status.addDetails(Any.pack(badRequest(refusal.violations())));
    }
    refusal
        .retryDelay()
        .map(delay -> RetryInfo.newBuilder().setRetryDelay(Durations.toWire(delay)).build())
        .ifPresent(retry -> status.addDetails(Any.pack(retry)));
    return status.build();
  }

  private static BadRequest badRequest(Collection<Violation> violations) {
    var request = BadRequest.newBuilder();
    for (Violation violation : violations) {
      request
          .addFieldViolationsBuilder()
          .setField(violation.field())
          .setDescription(violation.description());
    }
    return request.build();
  }

  private static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }
}
