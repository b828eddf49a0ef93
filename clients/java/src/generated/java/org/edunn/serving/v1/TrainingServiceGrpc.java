package org.edunn.serving.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The TrainingService keeps data sets, and trains layers of sessions with them as long jobs.
 * A training is computed in short slices, each of which ends with a checkpoint. It goes on after
 * the death of a worker, of a server or of the store, with the result of an undisturbed run. Its
 * progress can be watched from any point, by any number of watchers.
 * Errors are those of the LayerService. Besides there are:
 * * NOT_FOUND: DATASET_NOT_FOUND, TRAINING_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND; somebody else's data
 *   set or training is not found either.
 * * ALREADY_EXISTS: DATASET_EXISTS, TRAINING_EXISTS.
 * * FAILED_PRECONDITION: TRAINING_ENDED, TRAINING_UNDER_WAY.
 * * RESOURCE_EXHAUSTED: QUOTA if the caller's budget of bytes is used up, STORE_FULL if the artifact
 *   store has no room.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TrainingServiceGrpc {

  private TrainingServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "edunn_serving.v1.TrainingService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.UploadDatasetRequest,
      org.edunn.serving.v1.UploadDatasetResponse> getUploadDatasetMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UploadDataset",
      requestType = org.edunn.serving.v1.UploadDatasetRequest.class,
      responseType = org.edunn.serving.v1.UploadDatasetResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.UploadDatasetRequest,
      org.edunn.serving.v1.UploadDatasetResponse> getUploadDatasetMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.UploadDatasetRequest, org.edunn.serving.v1.UploadDatasetResponse> getUploadDatasetMethod;
    if ((getUploadDatasetMethod = TrainingServiceGrpc.getUploadDatasetMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getUploadDatasetMethod = TrainingServiceGrpc.getUploadDatasetMethod) == null) {
          TrainingServiceGrpc.getUploadDatasetMethod = getUploadDatasetMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.UploadDatasetRequest, org.edunn.serving.v1.UploadDatasetResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UploadDataset"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.UploadDatasetRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.UploadDatasetResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("UploadDataset"))
              .build();
        }
      }
    }
    return getUploadDatasetMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ListDatasetsRequest,
      org.edunn.serving.v1.ListDatasetsResponse> getListDatasetsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListDatasets",
      requestType = org.edunn.serving.v1.ListDatasetsRequest.class,
      responseType = org.edunn.serving.v1.ListDatasetsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ListDatasetsRequest,
      org.edunn.serving.v1.ListDatasetsResponse> getListDatasetsMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ListDatasetsRequest, org.edunn.serving.v1.ListDatasetsResponse> getListDatasetsMethod;
    if ((getListDatasetsMethod = TrainingServiceGrpc.getListDatasetsMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getListDatasetsMethod = TrainingServiceGrpc.getListDatasetsMethod) == null) {
          TrainingServiceGrpc.getListDatasetsMethod = getListDatasetsMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ListDatasetsRequest, org.edunn.serving.v1.ListDatasetsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListDatasets"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ListDatasetsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ListDatasetsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("ListDatasets"))
              .build();
        }
      }
    }
    return getListDatasetsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.DeleteDatasetRequest,
      org.edunn.serving.v1.DeleteDatasetResponse> getDeleteDatasetMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteDataset",
      requestType = org.edunn.serving.v1.DeleteDatasetRequest.class,
      responseType = org.edunn.serving.v1.DeleteDatasetResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.DeleteDatasetRequest,
      org.edunn.serving.v1.DeleteDatasetResponse> getDeleteDatasetMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.DeleteDatasetRequest, org.edunn.serving.v1.DeleteDatasetResponse> getDeleteDatasetMethod;
    if ((getDeleteDatasetMethod = TrainingServiceGrpc.getDeleteDatasetMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getDeleteDatasetMethod = TrainingServiceGrpc.getDeleteDatasetMethod) == null) {
          TrainingServiceGrpc.getDeleteDatasetMethod = getDeleteDatasetMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.DeleteDatasetRequest, org.edunn.serving.v1.DeleteDatasetResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteDataset"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.DeleteDatasetRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.DeleteDatasetResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("DeleteDataset"))
              .build();
        }
      }
    }
    return getDeleteDatasetMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.StartTrainingRequest,
      org.edunn.serving.v1.StartTrainingResponse> getStartTrainingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StartTraining",
      requestType = org.edunn.serving.v1.StartTrainingRequest.class,
      responseType = org.edunn.serving.v1.StartTrainingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.StartTrainingRequest,
      org.edunn.serving.v1.StartTrainingResponse> getStartTrainingMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.StartTrainingRequest, org.edunn.serving.v1.StartTrainingResponse> getStartTrainingMethod;
    if ((getStartTrainingMethod = TrainingServiceGrpc.getStartTrainingMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getStartTrainingMethod = TrainingServiceGrpc.getStartTrainingMethod) == null) {
          TrainingServiceGrpc.getStartTrainingMethod = getStartTrainingMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.StartTrainingRequest, org.edunn.serving.v1.StartTrainingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StartTraining"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.StartTrainingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.StartTrainingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("StartTraining"))
              .build();
        }
      }
    }
    return getStartTrainingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.GetTrainingRequest,
      org.edunn.serving.v1.GetTrainingResponse> getGetTrainingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTraining",
      requestType = org.edunn.serving.v1.GetTrainingRequest.class,
      responseType = org.edunn.serving.v1.GetTrainingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.GetTrainingRequest,
      org.edunn.serving.v1.GetTrainingResponse> getGetTrainingMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.GetTrainingRequest, org.edunn.serving.v1.GetTrainingResponse> getGetTrainingMethod;
    if ((getGetTrainingMethod = TrainingServiceGrpc.getGetTrainingMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getGetTrainingMethod = TrainingServiceGrpc.getGetTrainingMethod) == null) {
          TrainingServiceGrpc.getGetTrainingMethod = getGetTrainingMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.GetTrainingRequest, org.edunn.serving.v1.GetTrainingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTraining"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.GetTrainingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.GetTrainingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("GetTraining"))
              .build();
        }
      }
    }
    return getGetTrainingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ListTrainingsRequest,
      org.edunn.serving.v1.ListTrainingsResponse> getListTrainingsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTrainings",
      requestType = org.edunn.serving.v1.ListTrainingsRequest.class,
      responseType = org.edunn.serving.v1.ListTrainingsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ListTrainingsRequest,
      org.edunn.serving.v1.ListTrainingsResponse> getListTrainingsMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ListTrainingsRequest, org.edunn.serving.v1.ListTrainingsResponse> getListTrainingsMethod;
    if ((getListTrainingsMethod = TrainingServiceGrpc.getListTrainingsMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getListTrainingsMethod = TrainingServiceGrpc.getListTrainingsMethod) == null) {
          TrainingServiceGrpc.getListTrainingsMethod = getListTrainingsMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ListTrainingsRequest, org.edunn.serving.v1.ListTrainingsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTrainings"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ListTrainingsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ListTrainingsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("ListTrainings"))
              .build();
        }
      }
    }
    return getListTrainingsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.CancelTrainingRequest,
      org.edunn.serving.v1.CancelTrainingResponse> getCancelTrainingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelTraining",
      requestType = org.edunn.serving.v1.CancelTrainingRequest.class,
      responseType = org.edunn.serving.v1.CancelTrainingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.CancelTrainingRequest,
      org.edunn.serving.v1.CancelTrainingResponse> getCancelTrainingMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.CancelTrainingRequest, org.edunn.serving.v1.CancelTrainingResponse> getCancelTrainingMethod;
    if ((getCancelTrainingMethod = TrainingServiceGrpc.getCancelTrainingMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getCancelTrainingMethod = TrainingServiceGrpc.getCancelTrainingMethod) == null) {
          TrainingServiceGrpc.getCancelTrainingMethod = getCancelTrainingMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.CancelTrainingRequest, org.edunn.serving.v1.CancelTrainingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelTraining"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.CancelTrainingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.CancelTrainingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("CancelTraining"))
              .build();
        }
      }
    }
    return getCancelTrainingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.ResumeTrainingRequest,
      org.edunn.serving.v1.ResumeTrainingResponse> getResumeTrainingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResumeTraining",
      requestType = org.edunn.serving.v1.ResumeTrainingRequest.class,
      responseType = org.edunn.serving.v1.ResumeTrainingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.ResumeTrainingRequest,
      org.edunn.serving.v1.ResumeTrainingResponse> getResumeTrainingMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.ResumeTrainingRequest, org.edunn.serving.v1.ResumeTrainingResponse> getResumeTrainingMethod;
    if ((getResumeTrainingMethod = TrainingServiceGrpc.getResumeTrainingMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getResumeTrainingMethod = TrainingServiceGrpc.getResumeTrainingMethod) == null) {
          TrainingServiceGrpc.getResumeTrainingMethod = getResumeTrainingMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.ResumeTrainingRequest, org.edunn.serving.v1.ResumeTrainingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResumeTraining"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ResumeTrainingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.ResumeTrainingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("ResumeTraining"))
              .build();
        }
      }
    }
    return getResumeTrainingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.WatchTrainingRequest,
      org.edunn.serving.v1.WatchTrainingResponse> getWatchTrainingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchTraining",
      requestType = org.edunn.serving.v1.WatchTrainingRequest.class,
      responseType = org.edunn.serving.v1.WatchTrainingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.WatchTrainingRequest,
      org.edunn.serving.v1.WatchTrainingResponse> getWatchTrainingMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.WatchTrainingRequest, org.edunn.serving.v1.WatchTrainingResponse> getWatchTrainingMethod;
    if ((getWatchTrainingMethod = TrainingServiceGrpc.getWatchTrainingMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getWatchTrainingMethod = TrainingServiceGrpc.getWatchTrainingMethod) == null) {
          TrainingServiceGrpc.getWatchTrainingMethod = getWatchTrainingMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.WatchTrainingRequest, org.edunn.serving.v1.WatchTrainingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchTraining"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.WatchTrainingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.WatchTrainingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("WatchTraining"))
              .build();
        }
      }
    }
    return getWatchTrainingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.v1.DownloadModelRequest,
      org.edunn.serving.v1.DownloadModelResponse> getDownloadModelMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DownloadModel",
      requestType = org.edunn.serving.v1.DownloadModelRequest.class,
      responseType = org.edunn.serving.v1.DownloadModelResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<org.edunn.serving.v1.DownloadModelRequest,
      org.edunn.serving.v1.DownloadModelResponse> getDownloadModelMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.v1.DownloadModelRequest, org.edunn.serving.v1.DownloadModelResponse> getDownloadModelMethod;
    if ((getDownloadModelMethod = TrainingServiceGrpc.getDownloadModelMethod) == null) {
      synchronized (TrainingServiceGrpc.class) {
        if ((getDownloadModelMethod = TrainingServiceGrpc.getDownloadModelMethod) == null) {
          TrainingServiceGrpc.getDownloadModelMethod = getDownloadModelMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.v1.DownloadModelRequest, org.edunn.serving.v1.DownloadModelResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DownloadModel"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.DownloadModelRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.v1.DownloadModelResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TrainingServiceMethodDescriptorSupplier("DownloadModel"))
              .build();
        }
      }
    }
    return getDownloadModelMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TrainingServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TrainingServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TrainingServiceStub>() {
        @java.lang.Override
        public TrainingServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TrainingServiceStub(channel, callOptions);
        }
      };
    return TrainingServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TrainingServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TrainingServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TrainingServiceBlockingV2Stub>() {
        @java.lang.Override
        public TrainingServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TrainingServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TrainingServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TrainingServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TrainingServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TrainingServiceBlockingStub>() {
        @java.lang.Override
        public TrainingServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TrainingServiceBlockingStub(channel, callOptions);
        }
      };
    return TrainingServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TrainingServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TrainingServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TrainingServiceFutureStub>() {
        @java.lang.Override
        public TrainingServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TrainingServiceFutureStub(channel, callOptions);
        }
      };
    return TrainingServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The TrainingService keeps data sets, and trains layers of sessions with them as long jobs.
   * A training is computed in short slices, each of which ends with a checkpoint. It goes on after
   * the death of a worker, of a server or of the store, with the result of an undisturbed run. Its
   * progress can be watched from any point, by any number of watchers.
   * Errors are those of the LayerService. Besides there are:
   * * NOT_FOUND: DATASET_NOT_FOUND, TRAINING_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND; somebody else's data
   *   set or training is not found either.
   * * ALREADY_EXISTS: DATASET_EXISTS, TRAINING_EXISTS.
   * * FAILED_PRECONDITION: TRAINING_ENDED, TRAINING_UNDER_WAY.
   * * RESOURCE_EXHAUSTED: QUOTA if the caller's budget of bytes is used up, STORE_FULL if the artifact
   *   store has no room.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Stores a data set under a name.
     * The first message is the header. Then come the elements of `x` and after them those of `y`, in
     * chunks of any size. A data set that is stored already, by its `digest`, takes no room and need
     * not be sent: the answer comes after the header. A name that has another data set is
     * DATASET_EXISTS, unless `replace` is set. Nothing is stored unless all of it has arrived and all
     * of it is right.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<org.edunn.serving.v1.UploadDatasetRequest> uploadDataset(
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.UploadDatasetResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getUploadDatasetMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the caller's data sets and those that the service brings, by name.
     * </pre>
     */
    default void listDatasets(org.edunn.serving.v1.ListDatasetsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListDatasetsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListDatasetsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a data set of the caller's.
     * Fails with TRAINING_UNDER_WAY if a training that has not ended needs it.
     * </pre>
     */
    default void deleteDataset(org.edunn.serving.v1.DeleteDatasetRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.DeleteDatasetResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteDatasetMethod(), responseObserver);
    }

    /**
     * <pre>
     * Starts a training.
     * Everything is checked before: that the data set fits the layer, the layer the loss, the labels
     * the classes, the optimizer's configuration its bounds. It is safe to repeat with a `training_id`
     * of the caller's: the same request gives the same training. Another request with the id fails
     * with TRAINING_EXISTS.
     * </pre>
     */
    default void startTraining(org.edunn.serving.v1.StartTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.StartTrainingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStartTrainingMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a training.
     * </pre>
     */
    default void getTraining(org.edunn.serving.v1.GetTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetTrainingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTrainingMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the caller's trainings, the newest first.
     * </pre>
     */
    default void listTrainings(org.edunn.serving.v1.ListTrainingsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListTrainingsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTrainingsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends a training within a batch. What it has computed stays as its last checkpoint.
     * The answer may come before the training has ended: its last event tells. A training that has
     * ended stays as it is and is answered.
     * </pre>
     */
    default void cancelTraining(org.edunn.serving.v1.CancelTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.CancelTrainingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelTrainingMethod(), responseObserver);
    }

    /**
     * <pre>
     * Goes on with a training that was cancelled or has failed, from its last checkpoint.
     * A training that has succeeded is TRAINING_ENDED. One that is under way is answered as it is.
     * </pre>
     */
    default void resumeTraining(org.edunn.serving.v1.ResumeTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ResumeTrainingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResumeTrainingMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the events of a training from any one on, and ends after the last event.
     * If the stream breaks, another one after the last event received goes on with the next.
     * </pre>
     */
    default void watchTraining(org.edunn.serving.v1.WatchTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.WatchTrainingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchTrainingMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the model file of a training's latest checkpoint, in chunks: see ExportModel.
     * </pre>
     */
    default void downloadModel(org.edunn.serving.v1.DownloadModelRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.DownloadModelResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDownloadModelMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TrainingService.
   * <pre>
   * The TrainingService keeps data sets, and trains layers of sessions with them as long jobs.
   * A training is computed in short slices, each of which ends with a checkpoint. It goes on after
   * the death of a worker, of a server or of the store, with the result of an undisturbed run. Its
   * progress can be watched from any point, by any number of watchers.
   * Errors are those of the LayerService. Besides there are:
   * * NOT_FOUND: DATASET_NOT_FOUND, TRAINING_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND; somebody else's data
   *   set or training is not found either.
   * * ALREADY_EXISTS: DATASET_EXISTS, TRAINING_EXISTS.
   * * FAILED_PRECONDITION: TRAINING_ENDED, TRAINING_UNDER_WAY.
   * * RESOURCE_EXHAUSTED: QUOTA if the caller's budget of bytes is used up, STORE_FULL if the artifact
   *   store has no room.
   * </pre>
   */
  public static abstract class TrainingServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TrainingServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TrainingService.
   * <pre>
   * The TrainingService keeps data sets, and trains layers of sessions with them as long jobs.
   * A training is computed in short slices, each of which ends with a checkpoint. It goes on after
   * the death of a worker, of a server or of the store, with the result of an undisturbed run. Its
   * progress can be watched from any point, by any number of watchers.
   * Errors are those of the LayerService. Besides there are:
   * * NOT_FOUND: DATASET_NOT_FOUND, TRAINING_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND; somebody else's data
   *   set or training is not found either.
   * * ALREADY_EXISTS: DATASET_EXISTS, TRAINING_EXISTS.
   * * FAILED_PRECONDITION: TRAINING_ENDED, TRAINING_UNDER_WAY.
   * * RESOURCE_EXHAUSTED: QUOTA if the caller's budget of bytes is used up, STORE_FULL if the artifact
   *   store has no room.
   * </pre>
   */
  public static final class TrainingServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TrainingServiceStub> {
    private TrainingServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TrainingServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TrainingServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores a data set under a name.
     * The first message is the header. Then come the elements of `x` and after them those of `y`, in
     * chunks of any size. A data set that is stored already, by its `digest`, takes no room and need
     * not be sent: the answer comes after the header. A name that has another data set is
     * DATASET_EXISTS, unless `replace` is set. Nothing is stored unless all of it has arrived and all
     * of it is right.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<org.edunn.serving.v1.UploadDatasetRequest> uploadDataset(
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.UploadDatasetResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncClientStreamingCall(
          getChannel().newCall(getUploadDatasetMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Lists the caller's data sets and those that the service brings, by name.
     * </pre>
     */
    public void listDatasets(org.edunn.serving.v1.ListDatasetsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListDatasetsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListDatasetsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a data set of the caller's.
     * Fails with TRAINING_UNDER_WAY if a training that has not ended needs it.
     * </pre>
     */
    public void deleteDataset(org.edunn.serving.v1.DeleteDatasetRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.DeleteDatasetResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteDatasetMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Starts a training.
     * Everything is checked before: that the data set fits the layer, the layer the loss, the labels
     * the classes, the optimizer's configuration its bounds. It is safe to repeat with a `training_id`
     * of the caller's: the same request gives the same training. Another request with the id fails
     * with TRAINING_EXISTS.
     * </pre>
     */
    public void startTraining(org.edunn.serving.v1.StartTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.StartTrainingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getStartTrainingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a training.
     * </pre>
     */
    public void getTraining(org.edunn.serving.v1.GetTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetTrainingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTrainingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the caller's trainings, the newest first.
     * </pre>
     */
    public void listTrainings(org.edunn.serving.v1.ListTrainingsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListTrainingsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTrainingsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends a training within a batch. What it has computed stays as its last checkpoint.
     * The answer may come before the training has ended: its last event tells. A training that has
     * ended stays as it is and is answered.
     * </pre>
     */
    public void cancelTraining(org.edunn.serving.v1.CancelTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.CancelTrainingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCancelTrainingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Goes on with a training that was cancelled or has failed, from its last checkpoint.
     * A training that has succeeded is TRAINING_ENDED. One that is under way is answered as it is.
     * </pre>
     */
    public void resumeTraining(org.edunn.serving.v1.ResumeTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.ResumeTrainingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResumeTrainingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the events of a training from any one on, and ends after the last event.
     * If the stream breaks, another one after the last event received goes on with the next.
     * </pre>
     */
    public void watchTraining(org.edunn.serving.v1.WatchTrainingRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.WatchTrainingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchTrainingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the model file of a training's latest checkpoint, in chunks: see ExportModel.
     * </pre>
     */
    public void downloadModel(org.edunn.serving.v1.DownloadModelRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.v1.DownloadModelResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getDownloadModelMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TrainingService.
   * <pre>
   * The TrainingService keeps data sets, and trains layers of sessions with them as long jobs.
   * A training is computed in short slices, each of which ends with a checkpoint. It goes on after
   * the death of a worker, of a server or of the store, with the result of an undisturbed run. Its
   * progress can be watched from any point, by any number of watchers.
   * Errors are those of the LayerService. Besides there are:
   * * NOT_FOUND: DATASET_NOT_FOUND, TRAINING_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND; somebody else's data
   *   set or training is not found either.
   * * ALREADY_EXISTS: DATASET_EXISTS, TRAINING_EXISTS.
   * * FAILED_PRECONDITION: TRAINING_ENDED, TRAINING_UNDER_WAY.
   * * RESOURCE_EXHAUSTED: QUOTA if the caller's budget of bytes is used up, STORE_FULL if the artifact
   *   store has no room.
   * </pre>
   */
  public static final class TrainingServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TrainingServiceBlockingV2Stub> {
    private TrainingServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TrainingServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TrainingServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Stores a data set under a name.
     * The first message is the header. Then come the elements of `x` and after them those of `y`, in
     * chunks of any size. A data set that is stored already, by its `digest`, takes no room and need
     * not be sent: the answer comes after the header. A name that has another data set is
     * DATASET_EXISTS, unless `replace` is set. Nothing is stored unless all of it has arrived and all
     * of it is right.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<org.edunn.serving.v1.UploadDatasetRequest, org.edunn.serving.v1.UploadDatasetResponse>
        uploadDataset() {
      return io.grpc.stub.ClientCalls.blockingClientStreamingCall(
          getChannel(), getUploadDatasetMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Lists the caller's data sets and those that the service brings, by name.
     * </pre>
     */
    public org.edunn.serving.v1.ListDatasetsResponse listDatasets(org.edunn.serving.v1.ListDatasetsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListDatasetsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a data set of the caller's.
     * Fails with TRAINING_UNDER_WAY if a training that has not ended needs it.
     * </pre>
     */
    public org.edunn.serving.v1.DeleteDatasetResponse deleteDataset(org.edunn.serving.v1.DeleteDatasetRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteDatasetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Starts a training.
     * Everything is checked before: that the data set fits the layer, the layer the loss, the labels
     * the classes, the optimizer's configuration its bounds. It is safe to repeat with a `training_id`
     * of the caller's: the same request gives the same training. Another request with the id fails
     * with TRAINING_EXISTS.
     * </pre>
     */
    public org.edunn.serving.v1.StartTrainingResponse startTraining(org.edunn.serving.v1.StartTrainingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getStartTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a training.
     * </pre>
     */
    public org.edunn.serving.v1.GetTrainingResponse getTraining(org.edunn.serving.v1.GetTrainingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the caller's trainings, the newest first.
     * </pre>
     */
    public org.edunn.serving.v1.ListTrainingsResponse listTrainings(org.edunn.serving.v1.ListTrainingsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTrainingsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a training within a batch. What it has computed stays as its last checkpoint.
     * The answer may come before the training has ended: its last event tells. A training that has
     * ended stays as it is and is answered.
     * </pre>
     */
    public org.edunn.serving.v1.CancelTrainingResponse cancelTraining(org.edunn.serving.v1.CancelTrainingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Goes on with a training that was cancelled or has failed, from its last checkpoint.
     * A training that has succeeded is TRAINING_ENDED. One that is under way is answered as it is.
     * </pre>
     */
    public org.edunn.serving.v1.ResumeTrainingResponse resumeTraining(org.edunn.serving.v1.ResumeTrainingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResumeTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the events of a training from any one on, and ends after the last event.
     * If the stream breaks, another one after the last event received goes on with the next.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, org.edunn.serving.v1.WatchTrainingResponse>
        watchTraining(org.edunn.serving.v1.WatchTrainingRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the model file of a training's latest checkpoint, in chunks: see ExportModel.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, org.edunn.serving.v1.DownloadModelResponse>
        downloadModel(org.edunn.serving.v1.DownloadModelRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getDownloadModelMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TrainingService.
   * <pre>
   * The TrainingService keeps data sets, and trains layers of sessions with them as long jobs.
   * A training is computed in short slices, each of which ends with a checkpoint. It goes on after
   * the death of a worker, of a server or of the store, with the result of an undisturbed run. Its
   * progress can be watched from any point, by any number of watchers.
   * Errors are those of the LayerService. Besides there are:
   * * NOT_FOUND: DATASET_NOT_FOUND, TRAINING_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND; somebody else's data
   *   set or training is not found either.
   * * ALREADY_EXISTS: DATASET_EXISTS, TRAINING_EXISTS.
   * * FAILED_PRECONDITION: TRAINING_ENDED, TRAINING_UNDER_WAY.
   * * RESOURCE_EXHAUSTED: QUOTA if the caller's budget of bytes is used up, STORE_FULL if the artifact
   *   store has no room.
   * </pre>
   */
  public static final class TrainingServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TrainingServiceBlockingStub> {
    private TrainingServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TrainingServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TrainingServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the caller's data sets and those that the service brings, by name.
     * </pre>
     */
    public org.edunn.serving.v1.ListDatasetsResponse listDatasets(org.edunn.serving.v1.ListDatasetsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListDatasetsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a data set of the caller's.
     * Fails with TRAINING_UNDER_WAY if a training that has not ended needs it.
     * </pre>
     */
    public org.edunn.serving.v1.DeleteDatasetResponse deleteDataset(org.edunn.serving.v1.DeleteDatasetRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteDatasetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Starts a training.
     * Everything is checked before: that the data set fits the layer, the layer the loss, the labels
     * the classes, the optimizer's configuration its bounds. It is safe to repeat with a `training_id`
     * of the caller's: the same request gives the same training. Another request with the id fails
     * with TRAINING_EXISTS.
     * </pre>
     */
    public org.edunn.serving.v1.StartTrainingResponse startTraining(org.edunn.serving.v1.StartTrainingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getStartTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a training.
     * </pre>
     */
    public org.edunn.serving.v1.GetTrainingResponse getTraining(org.edunn.serving.v1.GetTrainingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the caller's trainings, the newest first.
     * </pre>
     */
    public org.edunn.serving.v1.ListTrainingsResponse listTrainings(org.edunn.serving.v1.ListTrainingsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTrainingsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends a training within a batch. What it has computed stays as its last checkpoint.
     * The answer may come before the training has ended: its last event tells. A training that has
     * ended stays as it is and is answered.
     * </pre>
     */
    public org.edunn.serving.v1.CancelTrainingResponse cancelTraining(org.edunn.serving.v1.CancelTrainingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCancelTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Goes on with a training that was cancelled or has failed, from its last checkpoint.
     * A training that has succeeded is TRAINING_ENDED. One that is under way is answered as it is.
     * </pre>
     */
    public org.edunn.serving.v1.ResumeTrainingResponse resumeTraining(org.edunn.serving.v1.ResumeTrainingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResumeTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the events of a training from any one on, and ends after the last event.
     * If the stream breaks, another one after the last event received goes on with the next.
     * </pre>
     */
    public java.util.Iterator<org.edunn.serving.v1.WatchTrainingResponse> watchTraining(
        org.edunn.serving.v1.WatchTrainingRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchTrainingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the model file of a training's latest checkpoint, in chunks: see ExportModel.
     * </pre>
     */
    public java.util.Iterator<org.edunn.serving.v1.DownloadModelResponse> downloadModel(
        org.edunn.serving.v1.DownloadModelRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getDownloadModelMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TrainingService.
   * <pre>
   * The TrainingService keeps data sets, and trains layers of sessions with them as long jobs.
   * A training is computed in short slices, each of which ends with a checkpoint. It goes on after
   * the death of a worker, of a server or of the store, with the result of an undisturbed run. Its
   * progress can be watched from any point, by any number of watchers.
   * Errors are those of the LayerService. Besides there are:
   * * NOT_FOUND: DATASET_NOT_FOUND, TRAINING_NOT_FOUND, OPTIMIZER_TYPE_NOT_FOUND; somebody else's data
   *   set or training is not found either.
   * * ALREADY_EXISTS: DATASET_EXISTS, TRAINING_EXISTS.
   * * FAILED_PRECONDITION: TRAINING_ENDED, TRAINING_UNDER_WAY.
   * * RESOURCE_EXHAUSTED: QUOTA if the caller's budget of bytes is used up, STORE_FULL if the artifact
   *   store has no room.
   * </pre>
   */
  public static final class TrainingServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TrainingServiceFutureStub> {
    private TrainingServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TrainingServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TrainingServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the caller's data sets and those that the service brings, by name.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.ListDatasetsResponse> listDatasets(
        org.edunn.serving.v1.ListDatasetsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListDatasetsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a data set of the caller's.
     * Fails with TRAINING_UNDER_WAY if a training that has not ended needs it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.DeleteDatasetResponse> deleteDataset(
        org.edunn.serving.v1.DeleteDatasetRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteDatasetMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Starts a training.
     * Everything is checked before: that the data set fits the layer, the layer the loss, the labels
     * the classes, the optimizer's configuration its bounds. It is safe to repeat with a `training_id`
     * of the caller's: the same request gives the same training. Another request with the id fails
     * with TRAINING_EXISTS.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.StartTrainingResponse> startTraining(
        org.edunn.serving.v1.StartTrainingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getStartTrainingMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a training.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.GetTrainingResponse> getTraining(
        org.edunn.serving.v1.GetTrainingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTrainingMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the caller's trainings, the newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.ListTrainingsResponse> listTrainings(
        org.edunn.serving.v1.ListTrainingsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTrainingsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends a training within a batch. What it has computed stays as its last checkpoint.
     * The answer may come before the training has ended: its last event tells. A training that has
     * ended stays as it is and is answered.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.CancelTrainingResponse> cancelTraining(
        org.edunn.serving.v1.CancelTrainingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCancelTrainingMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Goes on with a training that was cancelled or has failed, from its last checkpoint.
     * A training that has succeeded is TRAINING_ENDED. One that is under way is answered as it is.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.v1.ResumeTrainingResponse> resumeTraining(
        org.edunn.serving.v1.ResumeTrainingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResumeTrainingMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_DATASETS = 0;
  private static final int METHODID_DELETE_DATASET = 1;
  private static final int METHODID_START_TRAINING = 2;
  private static final int METHODID_GET_TRAINING = 3;
  private static final int METHODID_LIST_TRAININGS = 4;
  private static final int METHODID_CANCEL_TRAINING = 5;
  private static final int METHODID_RESUME_TRAINING = 6;
  private static final int METHODID_WATCH_TRAINING = 7;
  private static final int METHODID_DOWNLOAD_MODEL = 8;
  private static final int METHODID_UPLOAD_DATASET = 9;

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
        case METHODID_LIST_DATASETS:
          serviceImpl.listDatasets((org.edunn.serving.v1.ListDatasetsRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListDatasetsResponse>) responseObserver);
          break;
        case METHODID_DELETE_DATASET:
          serviceImpl.deleteDataset((org.edunn.serving.v1.DeleteDatasetRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.DeleteDatasetResponse>) responseObserver);
          break;
        case METHODID_START_TRAINING:
          serviceImpl.startTraining((org.edunn.serving.v1.StartTrainingRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.StartTrainingResponse>) responseObserver);
          break;
        case METHODID_GET_TRAINING:
          serviceImpl.getTraining((org.edunn.serving.v1.GetTrainingRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.GetTrainingResponse>) responseObserver);
          break;
        case METHODID_LIST_TRAININGS:
          serviceImpl.listTrainings((org.edunn.serving.v1.ListTrainingsRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ListTrainingsResponse>) responseObserver);
          break;
        case METHODID_CANCEL_TRAINING:
          serviceImpl.cancelTraining((org.edunn.serving.v1.CancelTrainingRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.CancelTrainingResponse>) responseObserver);
          break;
        case METHODID_RESUME_TRAINING:
          serviceImpl.resumeTraining((org.edunn.serving.v1.ResumeTrainingRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.ResumeTrainingResponse>) responseObserver);
          break;
        case METHODID_WATCH_TRAINING:
          serviceImpl.watchTraining((org.edunn.serving.v1.WatchTrainingRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.WatchTrainingResponse>) responseObserver);
          break;
        case METHODID_DOWNLOAD_MODEL:
          serviceImpl.downloadModel((org.edunn.serving.v1.DownloadModelRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.DownloadModelResponse>) responseObserver);
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
        case METHODID_UPLOAD_DATASET:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.uploadDataset(
              (io.grpc.stub.StreamObserver<org.edunn.serving.v1.UploadDatasetResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getUploadDatasetMethod(),
          io.grpc.stub.ServerCalls.asyncClientStreamingCall(
            new MethodHandlers<
              org.edunn.serving.v1.UploadDatasetRequest,
              org.edunn.serving.v1.UploadDatasetResponse>(
                service, METHODID_UPLOAD_DATASET)))
        .addMethod(
          getListDatasetsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.ListDatasetsRequest,
              org.edunn.serving.v1.ListDatasetsResponse>(
                service, METHODID_LIST_DATASETS)))
        .addMethod(
          getDeleteDatasetMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.DeleteDatasetRequest,
              org.edunn.serving.v1.DeleteDatasetResponse>(
                service, METHODID_DELETE_DATASET)))
        .addMethod(
          getStartTrainingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.StartTrainingRequest,
              org.edunn.serving.v1.StartTrainingResponse>(
                service, METHODID_START_TRAINING)))
        .addMethod(
          getGetTrainingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.GetTrainingRequest,
              org.edunn.serving.v1.GetTrainingResponse>(
                service, METHODID_GET_TRAINING)))
        .addMethod(
          getListTrainingsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.ListTrainingsRequest,
              org.edunn.serving.v1.ListTrainingsResponse>(
                service, METHODID_LIST_TRAININGS)))
        .addMethod(
          getCancelTrainingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.CancelTrainingRequest,
              org.edunn.serving.v1.CancelTrainingResponse>(
                service, METHODID_CANCEL_TRAINING)))
        .addMethod(
          getResumeTrainingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.v1.ResumeTrainingRequest,
              org.edunn.serving.v1.ResumeTrainingResponse>(
                service, METHODID_RESUME_TRAINING)))
        .addMethod(
          getWatchTrainingMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              org.edunn.serving.v1.WatchTrainingRequest,
              org.edunn.serving.v1.WatchTrainingResponse>(
                service, METHODID_WATCH_TRAINING)))
        .addMethod(
          getDownloadModelMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              org.edunn.serving.v1.DownloadModelRequest,
              org.edunn.serving.v1.DownloadModelResponse>(
                service, METHODID_DOWNLOAD_MODEL)))
        .build();
  }

  private static abstract class TrainingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    TrainingServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return org.edunn.serving.v1.TrainingServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("TrainingService");
    }
  }

  private static final class TrainingServiceFileDescriptorSupplier
      extends TrainingServiceBaseDescriptorSupplier {
    TrainingServiceFileDescriptorSupplier() {}
  }

  private static final class TrainingServiceMethodDescriptorSupplier
      extends TrainingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    TrainingServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (TrainingServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new TrainingServiceFileDescriptorSupplier())
              .addMethod(getUploadDatasetMethod())
              .addMethod(getListDatasetsMethod())
              .addMethod(getDeleteDatasetMethod())
              .addMethod(getStartTrainingMethod())
              .addMethod(getGetTrainingMethod())
              .addMethod(getListTrainingsMethod())
              .addMethod(getCancelTrainingMethod())
              .addMethod(getResumeTrainingMethod())
              .addMethod(getWatchTrainingMethod())
              .addMethod(getDownloadModelMethod())
              .build();
        }
      }
    }
    return result;
  }
}
