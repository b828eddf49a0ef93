package org.edunn.client;

import java.util.List;
import java.util.Map;
import org.edunn.serving.v1.AddLayerRequest;
import org.edunn.serving.v1.ClearGradientsRequest;
import org.edunn.serving.v1.CreateSessionRequest;
import org.edunn.serving.v1.DeleteSessionRequest;
import org.edunn.serving.v1.GetParametersRequest;
import org.edunn.serving.v1.GetSessionRequest;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.edunn.serving.v1.ListLayerTypesRequest;
import org.edunn.serving.v1.ListOptimizerTypesRequest;
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

  static Call<?, ?, List<OptimizerType>> listOptimizerTypes() {
    return new Call<>(
        LayerServiceGrpc.getListOptimizerTypesMethod(),
        ListOptimizerTypesRequest.getDefaultInstance(),
        answer -> answer.getOptimizerTypesList().stream().map(OptimizerType::fromWire).toList(),
        true);
  }

  static Call<ClearGradientsRequest, ?, Void> clearGradients(String sessionId, String layer) {
    return new Call<>(
        LayerServiceGrpc.getClearGradientsMethod(),
        ClearGradientsRequest.newBuilder().setSessionId(sessionId).setLayer(layer).build(),
        answer -> null,
        true);
  }

  static Call<CreateSessionRequest, ?, SessionInfo> createSession(
      CreateSessionRequest request, boolean repeatable) {
    return new Call<>(
        LayerServiceGrpc.getCreateSessionMethod(),
        request,
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

  /** Its repetition may fail with LAYER_EXISTS because of the first attempt. */
  static Call<?, ?, LayerInfo> addLayer(String sessionId, LayerSpec layer) {
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
