package org.edunn.client;

import org.edunn.serving.v1.CreateSessionResponse;
import org.edunn.serving.v1.ForwardRequest;
import org.edunn.serving.v1.ForwardResponse;
import org.edunn.serving.v1.GetSessionResponse;
import org.edunn.serving.v1.LayerServiceGrpc;

/** Answers for a {@link ScriptedServer}, and the requests that they are for. */
final class Answers {
  static final Tensor ONE = Tensor.of(new double[] {1}, 1);

  private static final org.edunn.serving.v1.Session SESSION =
      org.edunn.serving.v1.Session.newBuilder()
          .setSessionId("s1")
          .setPhase(org.edunn.serving.v1.Phase.PHASE_TRAINING)
          .addLayers(org.edunn.serving.v1.Layer.newBuilder().setName("l1"))
          .build();

  private Answers() {}

  static GetSessionResponse session() {
    return GetSessionResponse.newBuilder().setSession(SESSION).build();
  }

  static ForwardResponse forwarded(ForwardRequest request) {
    String name = request.getForwardId().isEmpty() ? "#1" : request.getForwardId();
    return ForwardResponse.newBuilder().setForwardId(name).setOutput(request.getInputs(0)).build();
  }

  /** Returns a session that this client has created, with a layer l1. */
  static Session created(ScriptedServer server, Client client) {
    server.answer(
        LayerServiceGrpc.getCreateSessionMethod(),
        CreateSessionResponse.newBuilder().setSession(SESSION).build());
    return client.newSession().create();
  }

  /** Returns the layer l1 of a session that this client has created. */
  static Layer layer(ScriptedServer server, Client client) {
    return created(server, client).layer("l1");
  }
}
