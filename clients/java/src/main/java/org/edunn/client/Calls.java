package org.edunn.client;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.edunn.serving.v1.AddLayerRequest;
import org.edunn.serving.v1.CreateSessionRequest;
import org.edunn.serving.v1.DeleteSessionRequest;
import org.edunn.serving.v1.GetParametersRequest;
import org.edunn.serving.v1.GetSessionRequest;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.edunn.serving.v1.ListLayerTypesRequest;
import org.edunn.serving.v1.SetParametersRequest;

/** The service's methods but Forward and Backward, each as a {@link Call}. */
final class Calls {
  private Calls() {}

  static Call<?, ?, List<LayerType>> listLayerTypes() {
    return new Call<>(
        LayerServiceGrpc.getListLayerTypesMethod(),
        ListLayerTypesRequest.getDefaultInstance(),
        answer -> answer.getLayerTypesList().stream().map(LayerType::fromWire).toList(),
        true);
  }

  /** Whatever is null is left to the service. */
  static Call<?, ?, SessionInfo> createSession(
      String sessionId, Long seed, Phase phase, Duration ttl) {
    var request = CreateSessionRequest.newBuilder().setPhase(Phase.wire(phase));
    if (sessionId != null) {
      request.setSessionId(sessionId);
    }
    if (seed != null) {
      request.setSeed(seed);
    }
    if (ttl != null) {
      request.setTtl(Durations.toWire(ttl));
    }
    // A repetition without a name leaves at worst an empty session, which ends with its ttl. With a
    // name it could fail with SESSION_EXISTS because of the first attempt.
    boolean repeatable = request.getSessionId().isEmpty();
    return new Call<>(
        LayerServiceGrpc.getCreateSessionMethod(),
        request.build(),
        answer -> SessionInfo.fromWire(answer.getSession()),
        repeatable);
  }

  static Call<?, ?, SessionInfo> getSession(String sessionId) {
    return new Call<>(
        LayerServiceGrpc.getGetSessionMethod(),
        GetSessionRequest.newBuilder().setSessionId(sessionId).build(),
        answer -> SessionInfo.fromWire(answer.getSession()),
        true);
  }

  static Call<?, ?, Void> deleteSession(String sessionId) {
    // After a repetition NOT_FOUND means that the first attempt arrived; who deletes a session
    // ignores it in any case.
    return new Call<>(
        LayerServiceGrpc.getDeleteSessionMethod(),
        DeleteSessionRequest.newBuilder().setSessionId(sessionId).build(),
        answer -> null,
        true);
  }

  static Call<?, ?, LayerInfo> addLayer(String sessionId, LayerSpec layer) {
    // Not repeatable: the repetition could fail with LAYER_EXISTS because of the first attempt.
    return new Call<>(
        LayerServiceGrpc.getAddLayerMethod(),
        AddLayerRequest.newBuilder().setSessionId(sessionId).setLayer(layer.toWire()).build(),
        answer -> LayerInfo.fromWire(answer.getLayer()),
        false);
  }

  static Call<?, ?, Map<String, Tensor>> getParameters(String sessionId, String layer) {
    return new Call<>(
        LayerServiceGrpc.getGetParametersMethod(),
        GetParametersRequest.newBuilder().setSessionId(sessionId).setLayer(layer).build(),
        answer -> Tensors.fromWire(answer.getParametersMap()),
        true);
  }

  static Call<?, ?, Void> setParameters(
      String sessionId, String layer, Map<String, Tensor> parameters) {
    var request = SetParametersRequest.newBuilder().setSessionId(sessionId).setLayer(layer);
    return new Call<>(
        LayerServiceGrpc.getSetParametersMethod(),
        request.putAllParameters(Tensors.toWire(parameters)).build(),
        answer -> null,
        true);
  }
}
