package org.edunn.serving.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The LayerService runs the forward and the backward pass of named layers.
 * A caller opens a session, names layers in it, sends tensors forward and gradients backward. The
 * session keeps the context of each forward: what a backward needs to match it, such as a Dropout
 * mask. It keeps what training needs too: gradients, summed over micro-batches, and the state of an
 * optimizer.
 * Errors are gRPC statuses. Each carries a `google.rpc.ErrorInfo` in the domain `edunn` whose
 * `reason` is stable. INVALID_ARGUMENT carries a `google.rpc.BadRequest` that names every field at
 * fault. A `google.rpc.RetryInfo` says when trying again helps. Common to all methods:
 * * INVALID_ARGUMENT: a malformed field, tensor, name or configuration.
 * * NOT_FOUND: LAYER_TYPE_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND, SESSION_NOT_FOUND (also for another
 *   caller's session), LAYER_NOT_FOUND, FORWARD_NOT_FOUND.
 * * RESOURCE_EXHAUSTED: QUEUE_FULL, QUOTA, TOO_LARGE.
 * * UNAVAILABLE: the store or all workers are away. Try again.
 * * DEADLINE_EXCEEDED: the call's deadline passed before the work was done.
 * * UNAUTHENTICATED: the server asks for a bearer token and the call brought none that it knows.
 * * PERMISSION_DENIED: the caller has none of the method's roles; LAYER_TYPE_CLOSED or
 *   CHALLENGE_INPUT while an assignment is open.
 * * INTERNAL: a fault of the service. The message has an error id that is in the service's log too.
 * Operations of one session take effect in the order in which they arrive. Unary calls that are
 * sent without waiting may overtake each other on their way. A Compute stream keeps the order sent.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class LayerServiceGrpc {

  private LayerServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "edunn_serving.v1.LayerService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ListLayerTypesRequest,
      org.edunn.serving.v1.ListLayerTypesResponse> getListLayerTypesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListLayerTypes",
      requestType = org.edunn.serving.v1.ListLayerTypesRequest.class,
      responseType = org.edunn.serving.v1.ListLayerTypesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ListLayerTypesRequest,
      org.edunn.serving.v1.ListLayerTypesResponse> getListLayerTypesMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ListLayerTypesRequest, org.edunn.serving.v1.ListLayerTypesResponse> getListLayerTypesMethod;
    if ((getListLayerTypesMethod = LayerServiceGrpc.getListLayerTypesMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getListLayerTypesMethod = LayerServiceGrpc.getListLayerTypesMethod) == null) {
          LayerServiceGrpc.getListLayerTypesMethod = getListLayerTypesMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ListLayerTypesRequest, org.edunn.serving.v1.ListLayerTypesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListLayerTypes"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ListLayerTypesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ListLayerTypesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("ListLayerTypes"))
              .build();
        }
      }
    }
    return getListLayerTypesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ListOptimizerTypesRequest,
      org.edunn.serving.v1.ListOptimizerTypesResponse> getListOptimizerTypesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListOptimizerTypes",
      requestType = org.edunn.serving.v1.ListOptimizerTypesRequest.class,
      responseType = org.edunn.serving.v1.ListOptimizerTypesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ListOptimizerTypesRequest,
      org.edunn.serving.v1.ListOptimizerTypesResponse> getListOptimizerTypesMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ListOptimizerTypesRequest, org.edunn.serving.v1.ListOptimizerTypesResponse> getListOptimizerTypesMethod;
    if ((getListOptimizerTypesMethod = LayerServiceGrpc.getListOptimizerTypesMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getListOptimizerTypesMethod = LayerServiceGrpc.getListOptimizerTypesMethod) == null) {
          LayerServiceGrpc.getListOptimizerTypesMethod = getListOptimizerTypesMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ListOptimizerTypesRequest, org.edunn.serving.v1.ListOptimizerTypesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListOptimizerTypes"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ListOptimizerTypesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ListOptimizerTypesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("ListOptimizerTypes"))
              .build();
        }
      }
    }
    return getListOptimizerTypesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.GetLimitsRequest,
      org.edunn.serving.v1.GetLimitsResponse> getGetLimitsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetLimits",
      requestType = org.edunn.serving.v1.GetLimitsRequest.class,
      responseType = org.edunn.serving.v1.GetLimitsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.GetLimitsRequest,
      org.edunn.serving.v1.GetLimitsResponse> getGetLimitsMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.GetLimitsRequest, org.edunn.serving.v1.GetLimitsResponse> getGetLimitsMethod;
    if ((getGetLimitsMethod = LayerServiceGrpc.getGetLimitsMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getGetLimitsMethod = LayerServiceGrpc.getGetLimitsMethod) == null) {
          LayerServiceGrpc.getGetLimitsMethod = getGetLimitsMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.GetLimitsRequest, org.edunn.serving.v1.GetLimitsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetLimits"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.GetLimitsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.GetLimitsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("GetLimits"))
              .build();
        }
      }
    }
    return getGetLimitsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.CreateSessionRequest,
      org.edunn.serving.v1.CreateSessionResponse> getCreateSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateSession",
      requestType = org.edunn.serving.v1.CreateSessionRequest.class,
      responseType = org.edunn.serving.v1.CreateSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.CreateSessionRequest,
      org.edunn.serving.v1.CreateSessionResponse> getCreateSessionMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.CreateSessionRequest, org.edunn.serving.v1.CreateSessionResponse> getCreateSessionMethod;
    if ((getCreateSessionMethod = LayerServiceGrpc.getCreateSessionMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getCreateSessionMethod = LayerServiceGrpc.getCreateSessionMethod) == null) {
          LayerServiceGrpc.getCreateSessionMethod = getCreateSessionMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.CreateSessionRequest, org.edunn.serving.v1.CreateSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.CreateSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.CreateSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("CreateSession"))
              .build();
        }
      }
    }
    return getCreateSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.GetSessionRequest,
      org.edunn.serving.v1.GetSessionResponse> getGetSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSession",
      requestType = org.edunn.serving.v1.GetSessionRequest.class,
      responseType = org.edunn.serving.v1.GetSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.GetSessionRequest,
      org.edunn.serving.v1.GetSessionResponse> getGetSessionMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.GetSessionRequest, org.edunn.serving.v1.GetSessionResponse> getGetSessionMethod;
    if ((getGetSessionMethod = LayerServiceGrpc.getGetSessionMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getGetSessionMethod = LayerServiceGrpc.getGetSessionMethod) == null) {
          LayerServiceGrpc.getGetSessionMethod = getGetSessionMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.GetSessionRequest, org.edunn.serving.v1.GetSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSession"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.GetSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.GetSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("GetSession"))
              .build();
        }
      }
    }
    return getGetSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.DeleteSessionRequest,
      org.edunn.serving.v1.DeleteSessionResponse> getDeleteSessionMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteSession",
      requestType = org.edunn.serving.v1.DeleteSessionRequest.class,
      responseType = org.edunn.serving.v1.DeleteSessionResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.DeleteSessionRequest,
      org.edunn.serving.v1.DeleteSessionResponse> getDeleteSessionMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.DeleteSessionRequest, org.edunn.serving.v1.DeleteSessionResponse> getDeleteSessionMethod;
    if ((getDeleteSessionMethod = LayerServiceGrpc.getDeleteSessionMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getDeleteSessionMethod = LayerServiceGrpc.getDeleteSessionMethod) == null) {
          LayerServiceGrpc.getDeleteSessionMethod = getDeleteSessionMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.DeleteSessionRequest, org.edunn.serving.v1.DeleteSessionResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteSession"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.DeleteSessionRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.DeleteSessionResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("DeleteSession"))
              .build();
        }
      }
    }
    return getDeleteSessionMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.AddLayerRequest,
      org.edunn.serving.v1.AddLayerResponse> getAddLayerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AddLayer",
      requestType = org.edunn.serving.v1.AddLayerRequest.class,
      responseType = org.edunn.serving.v1.AddLayerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.AddLayerRequest,
      org.edunn.serving.v1.AddLayerResponse> getAddLayerMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.AddLayerRequest, org.edunn.serving.v1.AddLayerResponse> getAddLayerMethod;
    if ((getAddLayerMethod = LayerServiceGrpc.getAddLayerMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getAddLayerMethod = LayerServiceGrpc.getAddLayerMethod) == null) {
          LayerServiceGrpc.getAddLayerMethod = getAddLayerMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.AddLayerRequest, org.edunn.serving.v1.AddLayerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AddLayer"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.AddLayerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.AddLayerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("AddLayer"))
              .build();
        }
      }
    }
    return getAddLayerMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ForwardRequest,
      org.edunn.serving.v1.ForwardResponse> getForwardMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Forward",
      requestType = org.edunn.serving.v1.ForwardRequest.class,
      responseType = org.edunn.serving.v1.ForwardResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ForwardRequest,
      org.edunn.serving.v1.ForwardResponse> getForwardMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ForwardRequest, org.edunn.serving.v1.ForwardResponse> getForwardMethod;
    if ((getForwardMethod = LayerServiceGrpc.getForwardMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getForwardMethod = LayerServiceGrpc.getForwardMethod) == null) {
          LayerServiceGrpc.getForwardMethod = getForwardMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ForwardRequest, org.edunn.serving.v1.ForwardResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Forward"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ForwardRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ForwardResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("Forward"))
              .build();
        }
      }
    }
    return getForwardMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.BackwardRequest,
      org.edunn.serving.v1.BackwardResponse> getBackwardMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Backward",
      requestType = org.edunn.serving.v1.BackwardRequest.class,
      responseType = org.edunn.serving.v1.BackwardResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.BackwardRequest,
      org.edunn.serving.v1.BackwardResponse> getBackwardMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.BackwardRequest, org.edunn.serving.v1.BackwardResponse> getBackwardMethod;
    if ((getBackwardMethod = LayerServiceGrpc.getBackwardMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getBackwardMethod = LayerServiceGrpc.getBackwardMethod) == null) {
          LayerServiceGrpc.getBackwardMethod = getBackwardMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.BackwardRequest, org.edunn.serving.v1.BackwardResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Backward"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.BackwardRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.BackwardResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("Backward"))
              .build();
        }
      }
    }
    return getBackwardMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.StepRequest,
      org.edunn.serving.v1.StepResponse> getStepMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Step",
      requestType = org.edunn.serving.v1.StepRequest.class,
      responseType = org.edunn.serving.v1.StepResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.StepRequest,
      org.edunn.serving.v1.StepResponse> getStepMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.StepRequest, org.edunn.serving.v1.StepResponse> getStepMethod;
    if ((getStepMethod = LayerServiceGrpc.getStepMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getStepMethod = LayerServiceGrpc.getStepMethod) == null) {
          LayerServiceGrpc.getStepMethod = getStepMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.StepRequest, org.edunn.serving.v1.StepResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Step"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.StepRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.StepResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("Step"))
              .build();
        }
      }
    }
    return getStepMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.TrainStepRequest,
      org.edunn.serving.v1.TrainStepResponse> getTrainStepMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "TrainStep",
      requestType = org.edunn.serving.v1.TrainStepRequest.class,
      responseType = org.edunn.serving.v1.TrainStepResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.TrainStepRequest,
      org.edunn.serving.v1.TrainStepResponse> getTrainStepMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.TrainStepRequest, org.edunn.serving.v1.TrainStepResponse> getTrainStepMethod;
    if ((getTrainStepMethod = LayerServiceGrpc.getTrainStepMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getTrainStepMethod = LayerServiceGrpc.getTrainStepMethod) == null) {
          LayerServiceGrpc.getTrainStepMethod = getTrainStepMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.TrainStepRequest, org.edunn.serving.v1.TrainStepResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "TrainStep"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.TrainStepRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.TrainStepResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("TrainStep"))
              .build();
        }
      }
    }
    return getTrainStepMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ClearGradientsRequest,
      org.edunn.serving.v1.ClearGradientsResponse> getClearGradientsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ClearGradients",
      requestType = org.edunn.serving.v1.ClearGradientsRequest.class,
      responseType = org.edunn.serving.v1.ClearGradientsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ClearGradientsRequest,
      org.edunn.serving.v1.ClearGradientsResponse> getClearGradientsMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ClearGradientsRequest, org.edunn.serving.v1.ClearGradientsResponse> getClearGradientsMethod;
    if ((getClearGradientsMethod = LayerServiceGrpc.getClearGradientsMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getClearGradientsMethod = LayerServiceGrpc.getClearGradientsMethod) == null) {
          LayerServiceGrpc.getClearGradientsMethod = getClearGradientsMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ClearGradientsRequest, org.edunn.serving.v1.ClearGradientsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ClearGradients"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ClearGradientsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ClearGradientsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("ClearGradients"))
              .build();
        }
      }
    }
    return getClearGradientsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ComputeRequest,
      org.edunn.serving.v1.ComputeResponse> getComputeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Compute",
      requestType = org.edunn.serving.v1.ComputeRequest.class,
      responseType = org.edunn.serving.v1.ComputeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ComputeRequest,
      org.edunn.serving.v1.ComputeResponse> getComputeMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ComputeRequest, org.edunn.serving.v1.ComputeResponse> getComputeMethod;
    if ((getComputeMethod = LayerServiceGrpc.getComputeMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getComputeMethod = LayerServiceGrpc.getComputeMethod) == null) {
          LayerServiceGrpc.getComputeMethod = getComputeMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ComputeRequest, org.edunn.serving.v1.ComputeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Compute"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ComputeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ComputeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("Compute"))
              .build();
        }
      }
    }
    return getComputeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.GetParametersRequest,
      org.edunn.serving.v1.GetParametersResponse> getGetParametersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetParameters",
      requestType = org.edunn.serving.v1.GetParametersRequest.class,
      responseType = org.edunn.serving.v1.GetParametersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.GetParametersRequest,
      org.edunn.serving.v1.GetParametersResponse> getGetParametersMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.GetParametersRequest, org.edunn.serving.v1.GetParametersResponse> getGetParametersMethod;
    if ((getGetParametersMethod = LayerServiceGrpc.getGetParametersMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getGetParametersMethod = LayerServiceGrpc.getGetParametersMethod) == null) {
          LayerServiceGrpc.getGetParametersMethod = getGetParametersMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.GetParametersRequest, org.edunn.serving.v1.GetParametersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetParameters"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.GetParametersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.GetParametersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("GetParameters"))
              .build();
        }
      }
    }
    return getGetParametersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.SetParametersRequest,
      org.edunn.serving.v1.SetParametersResponse> getSetParametersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SetParameters",
      requestType = org.edunn.serving.v1.SetParametersRequest.class,
      responseType = org.edunn.serving.v1.SetParametersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.SetParametersRequest,
      org.edunn.serving.v1.SetParametersResponse> getSetParametersMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.SetParametersRequest, org.edunn.serving.v1.SetParametersResponse> getSetParametersMethod;
    if ((getSetParametersMethod = LayerServiceGrpc.getSetParametersMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getSetParametersMethod = LayerServiceGrpc.getSetParametersMethod) == null) {
          LayerServiceGrpc.getSetParametersMethod = getSetParametersMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.SetParametersRequest, org.edunn.serving.v1.SetParametersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SetParameters"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.SetParametersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.SetParametersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("SetParameters"))
              .build();
        }
      }
    }
    return getSetParametersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ExportModelRequest,
      org.edunn.serving.v1.ExportModelResponse> getExportModelMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExportModel",
      requestType = org.edunn.serving.v1.ExportModelRequest.class,
      responseType = org.edunn.serving.v1.ExportModelResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ExportModelRequest,
      org.edunn.serving.v1.ExportModelResponse> getExportModelMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ExportModelRequest, org.edunn.serving.v1.ExportModelResponse> getExportModelMethod;
    if ((getExportModelMethod = LayerServiceGrpc.getExportModelMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getExportModelMethod = LayerServiceGrpc.getExportModelMethod) == null) {
          LayerServiceGrpc.getExportModelMethod = getExportModelMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ExportModelRequest, org.edunn.serving.v1.ExportModelResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExportModel"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ExportModelRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ExportModelResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("ExportModel"))
              .build();
        }
      }
    }
    return getExportModelMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ImportModelRequest,
      org.edunn.serving.v1.ImportModelResponse> getImportModelMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ImportModel",
      requestType = org.edunn.serving.v1.ImportModelRequest.class,
      responseType = org.edunn.serving.v1.ImportModelResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ImportModelRequest,
      org.edunn.serving.v1.ImportModelResponse> getImportModelMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ImportModelRequest, org.edunn.serving.v1.ImportModelResponse> getImportModelMethod;
    if ((getImportModelMethod = LayerServiceGrpc.getImportModelMethod) == null) {
      synchronized (LayerServiceGrpc.class) {
        if ((getImportModelMethod = LayerServiceGrpc.getImportModelMethod) == null) {
          LayerServiceGrpc.getImportModelMethod = getImportModelMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ImportModelRequest, org.edunn.serving.v1.ImportModelResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ImportModel"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ImportModelRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ImportModelResponse.getDefaultInstance()))
              .setSchemaDescriptor(new LayerServiceMethodDescriptorSupplier("ImportModel"))
              .build();
        }
      }
    }
    return getImportModelMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static LayerServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LayerServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LayerServiceStub>() {
        @java.lang.Override
        public LayerServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LayerServiceStub(channel, callOptions);
        }
      };
    return LayerServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static LayerServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LayerServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LayerServiceBlockingV2Stub>() {
        @java.lang.Override
        public LayerServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LayerServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return LayerServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static LayerServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LayerServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LayerServiceBlockingStub>() {
        @java.lang.Override
        public LayerServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LayerServiceBlockingStub(channel, callOptions);
        }
      };
    return LayerServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static LayerServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<LayerServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<LayerServiceFutureStub>() {
        @java.lang.Override
        public LayerServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new LayerServiceFutureStub(channel, callOptions);
        }
      };
    return LayerServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The LayerService runs the forward and the backward pass of named layers.
   * A caller opens a session, names layers in it, sends tensors forward and gradients backward. The
   * session keeps the context of each forward: what a backward needs to match it, such as a Dropout
   * mask. It keeps what training needs too: gradients, summed over micro-batches, and the state of an
   * optimizer.
   * Errors are gRPC statuses. Each carries a `google.rpc.ErrorInfo` in the domain `edunn` whose
   * `reason` is stable. INVALID_ARGUMENT carries a `google.rpc.BadRequest` that names every field at
   * fault. A `google.rpc.RetryInfo` says when trying again helps. Common to all methods:
   * * INVALID_ARGUMENT: a malformed field, tensor, name or configuration.
   * * NOT_FOUND: LAYER_TYPE_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND, SESSION_NOT_FOUND (also for another
   *   caller's session), LAYER_NOT_FOUND, FORWARD_NOT_FOUND.
   * * RESOURCE_EXHAUSTED: QUEUE_FULL, QUOTA, TOO_LARGE.
   * * UNAVAILABLE: the store or all workers are away. Try again.
   * * DEADLINE_EXCEEDED: the call's deadline passed before the work was done.
   * * UNAUTHENTICATED: the server asks for a bearer token and the call brought none that it knows.
   * * PERMISSION_DENIED: the caller has none of the method's roles; LAYER_TYPE_CLOSED or
   *   CHALLENGE_INPUT while an assignment is open.
   * * INTERNAL: a fault of the service. The message has an error id that is in the service's log too.
   * Operations of one session take effect in the order in which they arrive. Unary calls that are
   * sent without waiting may overtake each other on their way. A Compute stream keeps the order sent.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists the layer types that a session can have, by name.
     * </pre>
     */
    default void listLayerTypes(org.edunn.serving.v1.ListLayerTypesRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListLayerTypesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListLayerTypesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the optimizer types that Step and TrainStep take, by name.
     * </pre>
     */
    default void listOptimizerTypes(org.edunn.serving.v1.ListOptimizerTypesRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListOptimizerTypesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListOptimizerTypesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the caller's limits, and how much of them is used.
     * It is answered also when a limit is reached.
     * </pre>
     */
    default void getLimits(org.edunn.serving.v1.GetLimitsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetLimitsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetLimitsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a session with its first layers.
     * Fails with SESSION_EXISTS (ALREADY_EXISTS) if the chosen `session_id` is taken.
     * </pre>
     */
    default void createSession(org.edunn.serving.v1.CreateSessionRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.CreateSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a session: its layers, phase and expiry.
     * </pre>
     */
    default void getSession(org.edunn.serving.v1.GetSessionRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends a session and removes everything it holds, at once.
     * </pre>
     */
    default void deleteSession(org.edunn.serving.v1.DeleteSessionRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.DeleteSessionResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteSessionMethod(), responseObserver);
    }

    /**
     * <pre>
     * Adds one more named layer to a session.
     * Fails with LAYER_EXISTS (ALREADY_EXISTS) if the session has a layer of that name.
     * </pre>
     */
    default void addLayer(org.edunn.serving.v1.AddLayerRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.AddLayerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAddLayerMethod(), responseObserver);
    }

    /**
     * <pre>
     * Computes a layer's output and keeps the context that the backward needs.
     * It is safe to repeat with a `forward_id` of the caller's: the same request gives the same
     * answer and no second mask. The same `forward_id` with other inputs or another phase fails with
     * FORWARD_EXISTS (ALREADY_EXISTS).
     * </pre>
     */
    default void forward(org.edunn.serving.v1.ForwardRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ForwardResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getForwardMethod(), responseObserver);
    }

    /**
     * <pre>
     * Computes the gradients of an earlier forward, with its parameters and its random mask.
     * It is safe to repeat: the same `forward_id` gives the same gradients until its context is
     * evicted or the session ends. It fails (FAILED_PRECONDITION) with NO_FORWARD before any forward
     * of the layer, with FORWARD_STALE if the layer's parameters have changed since the forward, and
     * with CONTEXT_EVICTED if the session's memory budget no longer had room for the context.
     * With `accumulate` it adds the parameter gradients to those that the session keeps for the
     * layer's next Step. It is then safe to repeat with a `backward_id` of the caller's: a repetition
     * adds nothing. The same `backward_id` with other contents fails with BACKWARD_EXISTS
     * (ALREADY_EXISTS).
     * </pre>
     */
    default void backward(org.edunn.serving.v1.BackwardRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.BackwardResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBackwardMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes a layer's parameters by one optimizer step on the kept gradients, and clears them.
     * It is safe to repeat with a `step_id` of the caller's: the same request gives the same answer
     * and no second step. The same `step_id` with other contents fails with STEP_EXISTS
     * (ALREADY_EXISTS). It fails (FAILED_PRECONDITION) with NO_GRADIENTS if the session keeps none for
     * the layer, with NO_OPTIMIZER if the request has no optimizer and the layer had none, and with
     * NOT_FINITE if a gradient has a NaN or an infinity. A step that fails changes nothing.
     * </pre>
     */
    default void step(org.edunn.serving.v1.StepRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.StepResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStepMethod(), responseObserver);
    }

    /**
     * <pre>
     * Runs forward, loss, backward and step of a layer in one call.
     * It trains on the mean of the samples' losses, in PHASE_TRAINING, and keeps no context. Gradients
     * that the session keeps already are added, as a Backward with `accumulate` and a Step would do.
     * It is safe to repeat, and fails, as Step does.
     * </pre>
     */
    default void trainStep(org.edunn.serving.v1.TrainStepRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.TrainStepResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getTrainStepMethod(), responseObserver);
    }

    /**
     * <pre>
     * Forgets the gradients that the session keeps for a layer's next Step. Without any it does
     * nothing.
     * </pre>
     */
    default void clearGradients(org.edunn.serving.v1.ClearGradientsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ClearGradientsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getClearGradientsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Runs many forwards, backwards and steps over one stream.
     * Answers come as the operations finish. Operations of one session take effect in the order sent.
     * An error answers its own operation and the stream lives on. The operations of many callers'
     * threads may share one stream: each has its own `timeout` and can be cancelled alone.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<org.edunn.serving.v1.ComputeRequest> compute(
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ComputeResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getComputeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the parameters and buffers of a layer.
     * </pre>
     */
    default void getParameters(org.edunn.serving.v1.GetParametersRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetParametersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetParametersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Replaces parameters or buffers of a layer.
     * After a change of parameters, not of buffers alone, a Backward of an earlier forward of that
     * layer fails with FORWARD_STALE.
     * </pre>
     */
    default void setParameters(org.edunn.serving.v1.SetParametersRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.SetParametersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSetParametersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams a layer as one model file, in chunks: a safetensors file with the parameters and buffers
     * by name. The layer's type and configuration are in its metadata.
     * </pre>
     */
    default void exportModel(org.edunn.serving.v1.ExportModelRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ExportModelResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExportModelMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes a model file, as ExportModel gives it.
     * A layer that the session has gets the file's parameters and buffers, if all of them fit. Else
     * nothing changes and the error names the first that does not. A layer that the session does not
     * have is added, of the file's type and configuration.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<org.edunn.serving.v1.ImportModelRequest> importModel(
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ImportModelResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getImportModelMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service LayerService.
   * <pre>
   * The LayerService runs the forward and the backward pass of named layers.
   * A caller opens a session, names layers in it, sends tensors forward and gradients backward. The
   * session keeps the context of each forward: what a backward needs to match it, such as a Dropout
   * mask. It keeps what training needs too: gradients, summed over micro-batches, and the state of an
   * optimizer.
   * Errors are gRPC statuses. Each carries a `google.rpc.ErrorInfo` in the domain `edunn` whose
   * `reason` is stable. INVALID_ARGUMENT carries a `google.rpc.BadRequest` that names every field at
   * fault. A `google.rpc.RetryInfo` says when trying again helps. Common to all methods:
   * * INVALID_ARGUMENT: a malformed field, tensor, name or configuration.
   * * NOT_FOUND: LAYER_TYPE_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND, SESSION_NOT_FOUND (also for another
   *   caller's session), LAYER_NOT_FOUND, FORWARD_NOT_FOUND.
   * * RESOURCE_EXHAUSTED: QUEUE_FULL, QUOTA, TOO_LARGE.
   * * UNAVAILABLE: the store or all workers are away. Try again.
   * * DEADLINE_EXCEEDED: the call's deadline passed before the work was done.
   * * UNAUTHENTICATED: the server asks for a bearer token and the call brought none that it knows.
   * * PERMISSION_DENIED: the caller has none of the method's roles; LAYER_TYPE_CLOSED or
   *   CHALLENGE_INPUT while an assignment is open.
   * * INTERNAL: a fault of the service. The message has an error id that is in the service's log too.
   * Operations of one session take effect in the order in which they arrive. Unary calls that are
   * sent without waiting may overtake each other on their way. A Compute stream keeps the order sent.
   * </pre>
   */
  public static abstract class LayerServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return LayerServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service LayerService.
   * <pre>
   * The LayerService runs the forward and the backward pass of named layers.
   * A caller opens a session, names layers in it, sends tensors forward and gradients backward. The
   * session keeps the context of each forward: what a backward needs to match it, such as a Dropout
   * mask. It keeps what training needs too: gradients, summed over micro-batches, and the state of an
   * optimizer.
   * Errors are gRPC statuses. Each carries a `google.rpc.ErrorInfo` in the domain `edunn` whose
   * `reason` is stable. INVALID_ARGUMENT carries a `google.rpc.BadRequest` that names every field at
   * fault. A `google.rpc.RetryInfo` says when trying again helps. Common to all methods:
   * * INVALID_ARGUMENT: a malformed field, tensor, name or configuration.
   * * NOT_FOUND: LAYER_TYPE_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND, SESSION_NOT_FOUND (also for another
   *   caller's session), LAYER_NOT_FOUND, FORWARD_NOT_FOUND.
   * * RESOURCE_EXHAUSTED: QUEUE_FULL, QUOTA, TOO_LARGE.
   * * UNAVAILABLE: the store or all workers are away. Try again.
   * * DEADLINE_EXCEEDED: the call's deadline passed before the work was done.
   * * UNAUTHENTICATED: the server asks for a bearer token and the call brought none that it knows.
   * * PERMISSION_DENIED: the caller has none of the method's roles; LAYER_TYPE_CLOSED or
   *   CHALLENGE_INPUT while an assignment is open.
   * * INTERNAL: a fault of the service. The message has an error id that is in the service's log too.
   * Operations of one session take effect in the order in which they arrive. Unary calls that are
   * sent without waiting may overtake each other on their way. A Compute stream keeps the order sent.
   * </pre>
   */
  public static final class LayerServiceStub
      extends io.grpc.stub.AbstractAsyncStub<LayerServiceStub> {
    private LayerServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LayerServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LayerServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the layer types that a session can have, by name.
     * </pre>
     */
    public void listLayerTypes(org.edunn.serving.v1.ListLayerTypesRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListLayerTypesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListLayerTypesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the optimizer types that Step and TrainStep take, by name.
     * </pre>
     */
    public void listOptimizerTypes(org.edunn.serving.v1.ListOptimizerTypesRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListOptimizerTypesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListOptimizerTypesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the caller's limits, and how much of them is used.
     * It is answered also when a limit is reached.
     * </pre>
     */
    public void getLimits(org.edunn.serving.v1.GetLimitsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetLimitsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetLimitsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a session with its first layers.
     * Fails with SESSION_EXISTS (ALREADY_EXISTS) if the chosen `session_id` is taken.
     * </pre>
     */
    public void createSession(org.edunn.serving.v1.CreateSessionRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.CreateSessionResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a session: its layers, phase and expiry.
     * </pre>
     */
    public void getSession(org.edunn.serving.v1.GetSessionRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetSessionResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends a session and removes everything it holds, at once.
     * </pre>
     */
    public void deleteSession(org.edunn.serving.v1.DeleteSessionRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.DeleteSessionResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteSessionMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Adds one more named layer to a session.
     * Fails with LAYER_EXISTS (ALREADY_EXISTS) if the session has a layer of that name.
     * </pre>
     */
    public void addLayer(org.edunn.serving.v1.AddLayerRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.AddLayerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAddLayerMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Computes a layer's output and keeps the context that the backward needs.
     * It is safe to repeat with a `forward_id` of the caller's: the same request gives the same
     * answer and no second mask. The same `forward_id` with other inputs or another phase fails with
     * FORWARD_EXISTS (ALREADY_EXISTS).
     * </pre>
     */
    public void forward(org.edunn.serving.v1.ForwardRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ForwardResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getForwardMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Computes the gradients of an earlier forward, with its parameters and its random mask.
     * It is safe to repeat: the same `forward_id` gives the same gradients until its context is
     * evicted or the session ends. It fails (FAILED_PRECONDITION) with NO_FORWARD before any forward
     * of the layer, with FORWARD_STALE if the layer's parameters have changed since the forward, and
     * with CONTEXT_EVICTED if the session's memory budget no longer had room for the context.
     * With `accumulate` it adds the parameter gradients to those that the session keeps for the
     * layer's next Step. It is then safe to repeat with a `backward_id` of the caller's: a repetition
     * adds nothing. The same `backward_id` with other contents fails with BACKWARD_EXISTS
     * (ALREADY_EXISTS).
     * </pre>
     */
    public void backward(org.edunn.serving.v1.BackwardRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.BackwardResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBackwardMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes a layer's parameters by one optimizer step on the kept gradients, and clears them.
     * It is safe to repeat with a `step_id` of the caller's: the same request gives the same answer
     * and no second step. The same `step_id` with other contents fails with STEP_EXISTS
     * (ALREADY_EXISTS). It fails (FAILED_PRECONDITION) with NO_GRADIENTS if the session keeps none for
     * the layer, with NO_OPTIMIZER if the request has no optimizer and the layer had none, and with
     * NOT_FINITE if a gradient has a NaN or an infinity. A step that fails changes nothing.
     * </pre>
     */
    public void step(org.edunn.serving.v1.StepRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.StepResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getStepMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Runs forward, loss, backward and step of a layer in one call.
     * It trains on the mean of the samples' losses, in PHASE_TRAINING, and keeps no context. Gradients
     * that the session keeps already are added, as a Backward with `accumulate` and a Step would do.
     * It is safe to repeat, and fails, as Step does.
     * </pre>
     */
    public void trainStep(org.edunn.serving.v1.TrainStepRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.TrainStepResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getTrainStepMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Forgets the gradients that the session keeps for a layer's next Step. Without any it does
     * nothing.
     * </pre>
     */
    public void clearGradients(org.edunn.serving.v1.ClearGradientsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ClearGradientsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getClearGradientsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Runs many forwards, backwards and steps over one stream.
     * Answers come as the operations finish. Operations of one session take effect in the order sent.
     * An error answers its own operation and the stream lives on. The operations of many callers'
     * threads may share one stream: each has its own `timeout` and can be cancelled alone.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<org.edunn.serving.v1.ComputeRequest> compute(
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ComputeResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getComputeMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Returns the parameters and buffers of a layer.
     * </pre>
     */
    public void getParameters(org.edunn.serving.v1.GetParametersRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetParametersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetParametersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Replaces parameters or buffers of a layer.
     * After a change of parameters, not of buffers alone, a Backward of an earlier forward of that
     * layer fails with FORWARD_STALE.
     * </pre>
     */
    public void setParameters(org.edunn.serving.v1.SetParametersRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.SetParametersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSetParametersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams a layer as one model file, in chunks: a safetensors file with the parameters and buffers
     * by name. The layer's type and configuration are in its metadata.
     * </pre>
     */
    public void exportModel(org.edunn.serving.v1.ExportModelRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ExportModelResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getExportModelMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes a model file, as ExportModel gives it.
     * A layer that the session has gets the file's parameters and buffers, if all of them fit. Else
     * nothing changes and the error names the first that does not. A layer that the session does not
     * have is added, of the file's type and configuration.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<org.edunn.serving.v1.ImportModelRequest> importModel(
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ImportModelResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncClientStreamingCall(
          getChannel().newCall(getImportModelMethod(), getCallOptions()), responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service LayerService.
   * <pre>
   * The LayerService runs the forward and the backward pass of named layers.
   * A caller opens a session, names layers in it, sends tensors forward and gradients backward. The
   * session keeps the context of each forward: what a backward needs to match it, such as a Dropout
   * mask. It keeps what training needs too: gradients, summed over micro-batches, and the state of an
   * optimizer.
   * Errors are gRPC statuses. Each carries a `google.rpc.ErrorInfo` in the domain `edunn` whose
   * `reason` is stable. INVALID_ARGUMENT carries a `google.rpc.BadRequest` that names every field at
   * fault. A `google.rpc.RetryInfo` says when trying again helps. Common to all methods:
   * * INVALID_ARGUMENT: a malformed field, tensor, name or configuration.
   * * NOT_FOUND: LAYER_TYPE_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND, SESSION_NOT_FOUND (also for another
   *   caller's session), LAYER_NOT_FOUND, FORWARD_NOT_FOUND.
   * * RESOURCE_EXHAUSTED: QUEUE_FULL, QUOTA, TOO_LARGE.
   * * UNAVAILABLE: the store or all workers are away. Try again.
   * * DEADLINE_EXCEEDED: the call's deadline passed before the work was done.
   * * UNAUTHENTICATED: the server asks for a bearer token and the call brought none that it knows.
   * * PERMISSION_DENIED: the caller has none of the method's roles; LAYER_TYPE_CLOSED or
   *   CHALLENGE_INPUT while an assignment is open.
   * * INTERNAL: a fault of the service. The message has an error id that is in the service's log too.
   * Operations of one session take effect in the order in which they arrive. Unary calls that are
   * sent without waiting may overtake each other on their way. A Compute stream keeps the order sent.
   * </pre>
   */
  public static final class LayerServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<LayerServiceBlockingV2Stub> {
    private LayerServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LayerServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LayerServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the layer types that a session can have, by name.
     * </pre>
     */
    public org.edunn.serving.v1.ListLayerTypesResponse listLayerTypes(org.edunn.serving.v1.ListLayerTypesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListLayerTypesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the optimizer types that Step and TrainStep take, by name.
     * </pre>
     */
    public org.edunn.serving.v1.ListOptimizerTypesResponse listOptimizerTypes(org.edunn.serving.v1.ListOptimizerTypesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListOptimizerTypesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the caller's limits, and how much of them is used.
     * It is answered also when a limit is reached.
     * </pre>
     */
    public org.edunn.serving.v1.GetLimitsResponse getLimits(org.edunn.serving.v1.GetLimitsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetLimitsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a session with its first layers.
     * Fails with SESSION_EXISTS (ALREADY_EXISTS) if the chosen `session_id` is taken.
     * </pre>
     */
    public org.edunn.serving.v1.CreateSessionResponse createSession(org.edunn.serving.v1.CreateSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a session: its layers, phase and expiry.
     * </pre>
     */
    public org.edunn.serving.v1.GetSessionResponse getSession(org.edunn.serving.v1.GetSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a session and removes everything it holds, at once.
     * </pre>
     */
    public org.edunn.serving.v1.DeleteSessionResponse deleteSession(org.edunn.serving.v1.DeleteSessionRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds one more named layer to a session.
     * Fails with LAYER_EXISTS (ALREADY_EXISTS) if the session has a layer of that name.
     * </pre>
     */
    public org.edunn.serving.v1.AddLayerResponse addLayer(org.edunn.serving.v1.AddLayerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAddLayerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Computes a layer's output and keeps the context that the backward needs.
     * It is safe to repeat with a `forward_id` of the caller's: the same request gives the same
     * answer and no second mask. The same `forward_id` with other inputs or another phase fails with
     * FORWARD_EXISTS (ALREADY_EXISTS).
     * </pre>
     */
    public org.edunn.serving.v1.ForwardResponse forward(org.edunn.serving.v1.ForwardRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getForwardMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Computes the gradients of an earlier forward, with its parameters and its random mask.
     * It is safe to repeat: the same `forward_id` gives the same gradients until its context is
     * evicted or the session ends. It fails (FAILED_PRECONDITION) with NO_FORWARD before any forward
     * of the layer, with FORWARD_STALE if the layer's parameters have changed since the forward, and
     * with CONTEXT_EVICTED if the session's memory budget no longer had room for the context.
     * With `accumulate` it adds the parameter gradients to those that the session keeps for the
     * layer's next Step. It is then safe to repeat with a `backward_id` of the caller's: a repetition
     * adds nothing. The same `backward_id` with other contents fails with BACKWARD_EXISTS
     * (ALREADY_EXISTS).
     * </pre>
     */
    public org.edunn.serving.v1.BackwardResponse backward(org.edunn.serving.v1.BackwardRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBackwardMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes a layer's parameters by one optimizer step on the kept gradients, and clears them.
     * It is safe to repeat with a `step_id` of the caller's: the same request gives the same answer
     * and no second step. The same `step_id` with other contents fails with STEP_EXISTS
     * (ALREADY_EXISTS). It fails (FAILED_PRECONDITION) with NO_GRADIENTS if the session keeps none for
     * the layer, with NO_OPTIMIZER if the request has no optimizer and the layer had none, and with
     * NOT_FINITE if a gradient has a NaN or an infinity. A step that fails changes nothing.
     * </pre>
     */
    public org.edunn.serving.v1.StepResponse step(org.edunn.serving.v1.StepRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getStepMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs forward, loss, backward and step of a layer in one call.
     * It trains on the mean of the samples' losses, in PHASE_TRAINING, and keeps no context. Gradients
     * that the session keeps already are added, as a Backward with `accumulate` and a Step would do.
     * It is safe to repeat, and fails, as Step does.
     * </pre>
     */
    public org.edunn.serving.v1.TrainStepResponse trainStep(org.edunn.serving.v1.TrainStepRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getTrainStepMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Forgets the gradients that the session keeps for a layer's next Step. Without any it does
     * nothing.
     * </pre>
     */
    public org.edunn.serving.v1.ClearGradientsResponse clearGradients(org.edunn.serving.v1.ClearGradientsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getClearGradientsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs many forwards, backwards and steps over one stream.
     * Answers come as the operations finish. Operations of one session take effect in the order sent.
     * An error answers its own operation and the stream lives on. The operations of many callers'
     * threads may share one stream: each has its own `timeout` and can be cancelled alone.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<org.edunn.serving.v1.ComputeRequest, org.edunn.serving.v1.ComputeResponse>
        compute() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getComputeMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Returns the parameters and buffers of a layer.
     * </pre>
     */
    public org.edunn.serving.v1.GetParametersResponse getParameters(org.edunn.serving.v1.GetParametersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetParametersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces parameters or buffers of a layer.
     * After a change of parameters, not of buffers alone, a Backward of an earlier forward of that
     * layer fails with FORWARD_STALE.
     * </pre>
     */
    public org.edunn.serving.v1.SetParametersResponse setParameters(org.edunn.serving.v1.SetParametersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSetParametersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a layer as one model file, in chunks: a safetensors file with the parameters and buffers
     * by name. The layer's type and configuration are in its metadata.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, org.edunn.serving.v1.ExportModelResponse>
        exportModel(org.edunn.serving.v1.ExportModelRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getExportModelMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a model file, as ExportModel gives it.
     * A layer that the session has gets the file's parameters and buffers, if all of them fit. Else
     * nothing changes and the error names the first that does not. A layer that the session does not
     * have is added, of the file's type and configuration.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<org.edunn.serving.v1.ImportModelRequest, org.edunn.serving.v1.ImportModelResponse>
        importModel() {
      return io.grpc.stub.ClientCalls.blockingClientStreamingCall(
          getChannel(), getImportModelMethod(), getCallOptions());
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service LayerService.
   * <pre>
   * The LayerService runs the forward and the backward pass of named layers.
   * A caller opens a session, names layers in it, sends tensors forward and gradients backward. The
   * session keeps the context of each forward: what a backward needs to match it, such as a Dropout
   * mask. It keeps what training needs too: gradients, summed over micro-batches, and the state of an
   * optimizer.
   * Errors are gRPC statuses. Each carries a `google.rpc.ErrorInfo` in the domain `edunn` whose
   * `reason` is stable. INVALID_ARGUMENT carries a `google.rpc.BadRequest` that names every field at
   * fault. A `google.rpc.RetryInfo` says when trying again helps. Common to all methods:
   * * INVALID_ARGUMENT: a malformed field, tensor, name or configuration.
   * * NOT_FOUND: LAYER_TYPE_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND, SESSION_NOT_FOUND (also for another
   *   caller's session), LAYER_NOT_FOUND, FORWARD_NOT_FOUND.
   * * RESOURCE_EXHAUSTED: QUEUE_FULL, QUOTA, TOO_LARGE.
   * * UNAVAILABLE: the store or all workers are away. Try again.
   * * DEADLINE_EXCEEDED: the call's deadline passed before the work was done.
   * * UNAUTHENTICATED: the server asks for a bearer token and the call brought none that it knows.
   * * PERMISSION_DENIED: the caller has none of the method's roles; LAYER_TYPE_CLOSED or
   *   CHALLENGE_INPUT while an assignment is open.
   * * INTERNAL: a fault of the service. The message has an error id that is in the service's log too.
   * Operations of one session take effect in the order in which they arrive. Unary calls that are
   * sent without waiting may overtake each other on their way. A Compute stream keeps the order sent.
   * </pre>
   */
  public static final class LayerServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<LayerServiceBlockingStub> {
    private LayerServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LayerServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LayerServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the layer types that a session can have, by name.
     * </pre>
     */
    public org.edunn.serving.v1.ListLayerTypesResponse listLayerTypes(org.edunn.serving.v1.ListLayerTypesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListLayerTypesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the optimizer types that Step and TrainStep take, by name.
     * </pre>
     */
    public org.edunn.serving.v1.ListOptimizerTypesResponse listOptimizerTypes(org.edunn.serving.v1.ListOptimizerTypesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListOptimizerTypesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the caller's limits, and how much of them is used.
     * It is answered also when a limit is reached.
     * </pre>
     */
    public org.edunn.serving.v1.GetLimitsResponse getLimits(org.edunn.serving.v1.GetLimitsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetLimitsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a session with its first layers.
     * Fails with SESSION_EXISTS (ALREADY_EXISTS) if the chosen `session_id` is taken.
     * </pre>
     */
    public org.edunn.serving.v1.CreateSessionResponse createSession(org.edunn.serving.v1.CreateSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a session: its layers, phase and expiry.
     * </pre>
     */
    public org.edunn.serving.v1.GetSessionResponse getSession(org.edunn.serving.v1.GetSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a session and removes everything it holds, at once.
     * </pre>
     */
    public org.edunn.serving.v1.DeleteSessionResponse deleteSession(org.edunn.serving.v1.DeleteSessionRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteSessionMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds one more named layer to a session.
     * Fails with LAYER_EXISTS (ALREADY_EXISTS) if the session has a layer of that name.
     * </pre>
     */
    public org.edunn.serving.v1.AddLayerResponse addLayer(org.edunn.serving.v1.AddLayerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAddLayerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Computes a layer's output and keeps the context that the backward needs.
     * It is safe to repeat with a `forward_id` of the caller's: the same request gives the same
     * answer and no second mask. The same `forward_id` with other inputs or another phase fails with
     * FORWARD_EXISTS (ALREADY_EXISTS).
     * </pre>
     */
    public org.edunn.serving.v1.ForwardResponse forward(org.edunn.serving.v1.ForwardRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getForwardMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Computes the gradients of an earlier forward, with its parameters and its random mask.
     * It is safe to repeat: the same `forward_id` gives the same gradients until its context is
     * evicted or the session ends. It fails (FAILED_PRECONDITION) with NO_FORWARD before any forward
     * of the layer, with FORWARD_STALE if the layer's parameters have changed since the forward, and
     * with CONTEXT_EVICTED if the session's memory budget no longer had room for the context.
     * With `accumulate` it adds the parameter gradients to those that the session keeps for the
     * layer's next Step. It is then safe to repeat with a `backward_id` of the caller's: a repetition
     * adds nothing. The same `backward_id` with other contents fails with BACKWARD_EXISTS
     * (ALREADY_EXISTS).
     * </pre>
     */
    public org.edunn.serving.v1.BackwardResponse backward(org.edunn.serving.v1.BackwardRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBackwardMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes a layer's parameters by one optimizer step on the kept gradients, and clears them.
     * It is safe to repeat with a `step_id` of the caller's: the same request gives the same answer
     * and no second step. The same `step_id` with other contents fails with STEP_EXISTS
     * (ALREADY_EXISTS). It fails (FAILED_PRECONDITION) with NO_GRADIENTS if the session keeps none for
     * the layer, with NO_OPTIMIZER if the request has no optimizer and the layer had none, and with
     * NOT_FINITE if a gradient has a NaN or an infinity. A step that fails changes nothing.
     * </pre>
     */
    public org.edunn.serving.v1.StepResponse step(org.edunn.serving.v1.StepRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getStepMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs forward, loss, backward and step of a layer in one call.
     * It trains on the mean of the samples' losses, in PHASE_TRAINING, and keeps no context. Gradients
     * that the session keeps already are added, as a Backward with `accumulate` and a Step would do.
     * It is safe to repeat, and fails, as Step does.
     * </pre>
     */
    public org.edunn.serving.v1.TrainStepResponse trainStep(org.edunn.serving.v1.TrainStepRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getTrainStepMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Forgets the gradients that the session keeps for a layer's next Step. Without any it does
     * nothing.
     * </pre>
     */
    public org.edunn.serving.v1.ClearGradientsResponse clearGradients(org.edunn.serving.v1.ClearGradientsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getClearGradientsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the parameters and buffers of a layer.
     * </pre>
     */
    public org.edunn.serving.v1.GetParametersResponse getParameters(org.edunn.serving.v1.GetParametersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetParametersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Replaces parameters or buffers of a layer.
     * After a change of parameters, not of buffers alone, a Backward of an earlier forward of that
     * layer fails with FORWARD_STALE.
     * </pre>
     */
    public org.edunn.serving.v1.SetParametersResponse setParameters(org.edunn.serving.v1.SetParametersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSetParametersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a layer as one model file, in chunks: a safetensors file with the parameters and buffers
     * by name. The layer's type and configuration are in its metadata.
     * </pre>
     */
    public java.util.Iterator<org.edunn.serving.v1.ExportModelResponse> exportModel(
        org.edunn.serving.v1.ExportModelRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getExportModelMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service LayerService.
   * <pre>
   * The LayerService runs the forward and the backward pass of named layers.
   * A caller opens a session, names layers in it, sends tensors forward and gradients backward. The
   * session keeps the context of each forward: what a backward needs to match it, such as a Dropout
   * mask. It keeps what training needs too: gradients, summed over micro-batches, and the state of an
   * optimizer.
   * Errors are gRPC statuses. Each carries a `google.rpc.ErrorInfo` in the domain `edunn` whose
   * `reason` is stable. INVALID_ARGUMENT carries a `google.rpc.BadRequest` that names every field at
   * fault. A `google.rpc.RetryInfo` says when trying again helps. Common to all methods:
   * * INVALID_ARGUMENT: a malformed field, tensor, name or configuration.
   * * NOT_FOUND: LAYER_TYPE_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND, SESSION_NOT_FOUND (also for another
   *   caller's session), LAYER_NOT_FOUND, FORWARD_NOT_FOUND.
   * * RESOURCE_EXHAUSTED: QUEUE_FULL, QUOTA, TOO_LARGE.
   * * UNAVAILABLE: the store or all workers are away. Try again.
   * * DEADLINE_EXCEEDED: the call's deadline passed before the work was done.
   * * UNAUTHENTICATED: the server asks for a bearer token and the call brought none that it knows.
   * * PERMISSION_DENIED: the caller has none of the method's roles; LAYER_TYPE_CLOSED or
   *   CHALLENGE_INPUT while an assignment is open.
   * * INTERNAL: a fault of the service. The message has an error id that is in the service's log too.
   * Operations of one session take effect in the order in which they arrive. Unary calls that are
   * sent without waiting may overtake each other on their way. A Compute stream keeps the order sent.
   * </pre>
   */
  public static final class LayerServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<LayerServiceFutureStub> {
    private LayerServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected LayerServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new LayerServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the layer types that a session can have, by name.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.ListLayerTypesResponse> listLayerTypes(
        org.edunn.serving.v1.ListLayerTypesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListLayerTypesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the optimizer types that Step and TrainStep take, by name.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.ListOptimizerTypesResponse> listOptimizerTypes(
        org.edunn.serving.v1.ListOptimizerTypesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListOptimizerTypesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the caller's limits, and how much of them is used.
     * It is answered also when a limit is reached.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.GetLimitsResponse> getLimits(
        org.edunn.serving.v1.GetLimitsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetLimitsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a session with its first layers.
     * Fails with SESSION_EXISTS (ALREADY_EXISTS) if the chosen `session_id` is taken.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.CreateSessionResponse> createSession(
        org.edunn.serving.v1.CreateSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a session: its layers, phase and expiry.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.GetSessionResponse> getSession(
        org.edunn.serving.v1.GetSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends a session and removes everything it holds, at once.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.DeleteSessionResponse> deleteSession(
        org.edunn.serving.v1.DeleteSessionRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteSessionMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Adds one more named layer to a session.
     * Fails with LAYER_EXISTS (ALREADY_EXISTS) if the session has a layer of that name.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.AddLayerResponse> addLayer(
        org.edunn.serving.v1.AddLayerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAddLayerMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Computes a layer's output and keeps the context that the backward needs.
     * It is safe to repeat with a `forward_id` of the caller's: the same request gives the same
     * answer and no second mask. The same `forward_id` with other inputs or another phase fails with
     * FORWARD_EXISTS (ALREADY_EXISTS).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.ForwardResponse> forward(
        org.edunn.serving.v1.ForwardRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getForwardMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Computes the gradients of an earlier forward, with its parameters and its random mask.
     * It is safe to repeat: the same `forward_id` gives the same gradients until its context is
     * evicted or the session ends. It fails (FAILED_PRECONDITION) with NO_FORWARD before any forward
     * of the layer, with FORWARD_STALE if the layer's parameters have changed since the forward, and
     * with CONTEXT_EVICTED if the session's memory budget no longer had room for the context.
     * With `accumulate` it adds the parameter gradients to those that the session keeps for the
     * layer's next Step. It is then safe to repeat with a `backward_id` of the caller's: a repetition
     * adds nothing. The same `backward_id` with other contents fails with BACKWARD_EXISTS
     * (ALREADY_EXISTS).
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.BackwardResponse> backward(
        org.edunn.serving.v1.BackwardRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBackwardMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes a layer's parameters by one optimizer step on the kept gradients, and clears them.
     * It is safe to repeat with a `step_id` of the caller's: the same request gives the same answer
     * and no second step. The same `step_id` with other contents fails with STEP_EXISTS
     * (ALREADY_EXISTS). It fails (FAILED_PRECONDITION) with NO_GRADIENTS if the session keeps none for
     * the layer, with NO_OPTIMIZER if the request has no optimizer and the layer had none, and with
     * NOT_FINITE if a gradient has a NaN or an infinity. A step that fails changes nothing.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.StepResponse> step(
        org.edunn.serving.v1.StepRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getStepMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Runs forward, loss, backward and step of a layer in one call.
     * It trains on the mean of the samples' losses, in PHASE_TRAINING, and keeps no context. Gradients
     * that the session keeps already are added, as a Backward with `accumulate` and a Step would do.
     * It is safe to repeat, and fails, as Step does.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.TrainStepResponse> trainStep(
        org.edunn.serving.v1.TrainStepRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getTrainStepMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Forgets the gradients that the session keeps for a layer's next Step. Without any it does
     * nothing.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.ClearGradientsResponse> clearGradients(
        org.edunn.serving.v1.ClearGradientsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getClearGradientsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the parameters and buffers of a layer.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.GetParametersResponse> getParameters(
        org.edunn.serving.v1.GetParametersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetParametersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Replaces parameters or buffers of a layer.
     * After a change of parameters, not of buffers alone, a Backward of an earlier forward of that
     * layer fails with FORWARD_STALE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.SetParametersResponse> setParameters(
        org.edunn.serving.v1.SetParametersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSetParametersMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_LAYER_TYPES = 0;
  private static final int METHODID_LIST_OPTIMIZER_TYPES = 1;
  private static final int METHODID_GET_LIMITS = 2;
  private static final int METHODID_CREATE_SESSION = 3;
  private static final int METHODID_GET_SESSION = 4;
  private static final int METHODID_DELETE_SESSION = 5;
  private static final int METHODID_ADD_LAYER = 6;
  private static final int METHODID_FORWARD = 7;
  private static final int METHODID_BACKWARD = 8;
  private static final int METHODID_STEP = 9;
  private static final int METHODID_TRAIN_STEP = 10;
  private static final int METHODID_CLEAR_GRADIENTS = 11;
  private static final int METHODID_GET_PARAMETERS = 12;
  private static final int METHODID_SET_PARAMETERS = 13;
  private static final int METHODID_EXPORT_MODEL = 14;
  private static final int METHODID_COMPUTE = 15;
  private static final int METHODID_IMPORT_MODEL = 16;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_LIST_LAYER_TYPES:
          serviceImpl.listLayerTypes((org.edunn.serving.v1.ListLayerTypesRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListLayerTypesResponse>) responseObserver);
          break;
        case METHODID_LIST_OPTIMIZER_TYPES:
          serviceImpl.listOptimizerTypes((org.edunn.serving.v1.ListOptimizerTypesRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListOptimizerTypesResponse>) responseObserver);
          break;
        case METHODID_GET_LIMITS:
          serviceImpl.getLimits((org.edunn.serving.v1.GetLimitsRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetLimitsResponse>) responseObserver);
          break;
        case METHODID_CREATE_SESSION:
          serviceImpl.createSession((org.edunn.serving.v1.CreateSessionRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.CreateSessionResponse>) responseObserver);
          break;
        case METHODID_GET_SESSION:
          serviceImpl.getSession((org.edunn.serving.v1.GetSessionRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetSessionResponse>) responseObserver);
          break;
        case METHODID_DELETE_SESSION:
          serviceImpl.deleteSession((org.edunn.serving.v1.DeleteSessionRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.DeleteSessionResponse>) responseObserver);
          break;
        case METHODID_ADD_LAYER:
          serviceImpl.addLayer((org.edunn.serving.v1.AddLayerRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.AddLayerResponse>) responseObserver);
          break;
        case METHODID_FORWARD:
          serviceImpl.forward((org.edunn.serving.v1.ForwardRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ForwardResponse>) responseObserver);
          break;
        case METHODID_BACKWARD:
          serviceImpl.backward((org.edunn.serving.v1.BackwardRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.BackwardResponse>) responseObserver);
          break;
        case METHODID_STEP:
          serviceImpl.step((org.edunn.serving.v1.StepRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.StepResponse>) responseObserver);
          break;
        case METHODID_TRAIN_STEP:
          serviceImpl.trainStep((org.edunn.serving.v1.TrainStepRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.TrainStepResponse>) responseObserver);
          break;
        case METHODID_CLEAR_GRADIENTS:
          serviceImpl.clearGradients((org.edunn.serving.v1.ClearGradientsRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ClearGradientsResponse>) responseObserver);
          break;
        case METHODID_GET_PARAMETERS:
          serviceImpl.getParameters((org.edunn.serving.v1.GetParametersRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetParametersResponse>) responseObserver);
          break;
        case METHODID_SET_PARAMETERS:
          serviceImpl.setParameters((org.edunn.serving.v1.SetParametersRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.SetParametersResponse>) responseObserver);
          break;
        case METHODID_EXPORT_MODEL:
          serviceImpl.exportModel((org.edunn.serving.v1.ExportModelRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ExportModelResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_COMPUTE:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.compute(
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ComputeResponse>) responseObserver);
        case METHODID_IMPORT_MODEL:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.importModel(
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ImportModelResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getListLayerTypesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.ListLayerTypesRequest,
              org.edunn.serving.v1.ListLayerTypesResponse>(
                service, METHODID_LIST_LAYER_TYPES)))
        .addMethod(
          getListOptimizerTypesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.ListOptimizerTypesRequest,
              org.edunn.serving.v1.ListOptimizerTypesResponse>(
                service, METHODID_LIST_OPTIMIZER_TYPES)))
        .addMethod(
          getGetLimitsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.GetLimitsRequest,
              org.edunn.serving.v1.GetLimitsResponse>(
                service, METHODID_GET_LIMITS)))
        .addMethod(
          getCreateSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.CreateSessionRequest,
              org.edunn.serving.v1.CreateSessionResponse>(
                service, METHODID_CREATE_SESSION)))
        .addMethod(
          getGetSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.GetSessionRequest,
              org.edunn.serving.v1.GetSessionResponse>(
                service, METHODID_GET_SESSION)))
        .addMethod(
          getDeleteSessionMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.DeleteSessionRequest,
              org.edunn.serving.v1.DeleteSessionResponse>(
                service, METHODID_DELETE_SESSION)))
        .addMethod(
          getAddLayerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.AddLayerRequest,
              org.edunn.serving.v1.AddLayerResponse>(
                service, METHODID_ADD_LAYER)))
        .addMethod(
          getForwardMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.ForwardRequest,
              org.edunn.serving.v1.ForwardResponse>(
                service, METHODID_FORWARD)))
        .addMethod(
          getBackwardMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.BackwardRequest,
              org.edunn.serving.v1.BackwardResponse>(
                service, METHODID_BACKWARD)))
        .addMethod(
          getStepMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.StepRequest,
              org.edunn.serving.v1.StepResponse>(
                service, METHODID_STEP)))
        .addMethod(
          getTrainStepMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.TrainStepRequest,
              org.edunn.serving.v1.TrainStepResponse>(
                service, METHODID_TRAIN_STEP)))
        .addMethod(
          getClearGradientsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.ClearGradientsRequest,
              org.edunn.serving.v1.ClearGradientsResponse>(
                service, METHODID_CLEAR_GRADIENTS)))
        .addMethod(
          getComputeMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              org.edunn.serving.v1.ComputeRequest,
              org.edunn.serving.v1.ComputeResponse>(
                service, METHODID_COMPUTE)))
        .addMethod(
          getGetParametersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.GetParametersRequest,
              org.edunn.serving.v1.GetParametersResponse>(
                service, METHODID_GET_PARAMETERS)))
        .addMethod(
          getSetParametersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.SetParametersRequest,
              org.edunn.serving.v1.SetParametersResponse>(
                service, METHODID_SET_PARAMETERS)))
        .addMethod(
          getExportModelMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              org.edunn.serving.v1.ExportModelRequest,
              org.edunn.serving.v1.ExportModelResponse>(
                service, METHODID_EXPORT_MODEL)))
        .addMethod(
          getImportModelMethod(),
          io.grpc.stub.ServerCalls.asyncClientStreamingCall(
            new MethodHandlers<
              org.edunn.serving.v1.ImportModelRequest,
              org.edunn.serving.v1.ImportModelResponse>(
                service, METHODID_IMPORT_MODEL)))
        .build();
  }

  private static abstract class LayerServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    LayerServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return org.edunn.serving.v1.LayerServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("LayerService");
    }
  }

  private static final class LayerServiceFileDescriptorSupplier
      extends LayerServiceBaseDescriptorSupplier {
    LayerServiceFileDescriptorSupplier() {}
  }

  private static final class LayerServiceMethodDescriptorSupplier
      extends LayerServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    LayerServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (LayerServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new LayerServiceFileDescriptorSupplier())
              .addMethod(getListLayerTypesMethod())
              .addMethod(getListOptimizerTypesMethod())
              .addMethod(getGetLimitsMethod())
              .addMethod(getCreateSessionMethod())
              .addMethod(getGetSessionMethod())
              .addMethod(getDeleteSessionMethod())
              .addMethod(getAddLayerMethod())
              .addMethod(getForwardMethod())
              .addMethod(getBackwardMethod())
              .addMethod(getStepMethod())
              .addMethod(getTrainStepMethod())
              .addMethod(getClearGradientsMethod())
              .addMethod(getComputeMethod())
              .addMethod(getGetParametersMethod())
              .addMethod(getSetParametersMethod())
              .addMethod(getExportModelMethod())
              .addMethod(getImportModelMethod())
              .build();
        }
      }
    }
    return result;
  }
}
