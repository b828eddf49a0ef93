package org.edunn.serving.grading.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The GradingService judges layers that students write, by the values that they compute.
 * A grader puts an assignment. A student starts an attempt and receives challenges: layers with
 * parameters, and scripts of steps with fresh inputs. The student's own program, in any language,
 * runs the scripts. The student submits what it computed, and receives a report. The service never
 * runs a student's code.
 * Errors are as in the LayerService. Besides those:
 * * NOT_FOUND: ASSIGNMENT_NOT_FOUND, ATTEMPT_NOT_FOUND, REPORT_NOT_FOUND (also for another's).
 * * FAILED_PRECONDITION: ASSIGNMENT_CLOSED, ATTEMPT_EXPIRED, DATABASE_NEWER.
 * * ALREADY_EXISTS: ANSWERS_EXIST.
 * * RESOURCE_EXHAUSTED: ATTEMPTS_USED_UP; QUOTA if the database is full.
 * * PERMISSION_DENIED: the course is another grader's.
 * * UNAVAILABLE: the database or all workers are away. Try again.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class GradingServiceGrpc {

  private GradingServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "edunn_serving.grading.v1.GradingService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.PutAssignmentRequest,
      org.edunn.serving.grading.v1.PutAssignmentResponse> getPutAssignmentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PutAssignment",
      requestType = org.edunn.serving.grading.v1.PutAssignmentRequest.class,
      responseType = org.edunn.serving.grading.v1.PutAssignmentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.PutAssignmentRequest,
      org.edunn.serving.grading.v1.PutAssignmentResponse> getPutAssignmentMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.PutAssignmentRequest, org.edunn.serving.grading.v1.PutAssignmentResponse> getPutAssignmentMethod;
    if ((getPutAssignmentMethod = GradingServiceGrpc.getPutAssignmentMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getPutAssignmentMethod = GradingServiceGrpc.getPutAssignmentMethod) == null) {
          GradingServiceGrpc.getPutAssignmentMethod = getPutAssignmentMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.PutAssignmentRequest, org.edunn.serving.grading.v1.PutAssignmentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PutAssignment"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.PutAssignmentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.PutAssignmentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("PutAssignment"))
              .build();
        }
      }
    }
    return getPutAssignmentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetAssignmentRequest,
      org.edunn.serving.grading.v1.GetAssignmentResponse> getGetAssignmentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetAssignment",
      requestType = org.edunn.serving.grading.v1.GetAssignmentRequest.class,
      responseType = org.edunn.serving.grading.v1.GetAssignmentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetAssignmentRequest,
      org.edunn.serving.grading.v1.GetAssignmentResponse> getGetAssignmentMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetAssignmentRequest, org.edunn.serving.grading.v1.GetAssignmentResponse> getGetAssignmentMethod;
    if ((getGetAssignmentMethod = GradingServiceGrpc.getGetAssignmentMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getGetAssignmentMethod = GradingServiceGrpc.getGetAssignmentMethod) == null) {
          GradingServiceGrpc.getGetAssignmentMethod = getGetAssignmentMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.GetAssignmentRequest, org.edunn.serving.grading.v1.GetAssignmentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetAssignment"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.GetAssignmentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.GetAssignmentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("GetAssignment"))
              .build();
        }
      }
    }
    return getGetAssignmentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListAssignmentsRequest,
      org.edunn.serving.grading.v1.ListAssignmentsResponse> getListAssignmentsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListAssignments",
      requestType = org.edunn.serving.grading.v1.ListAssignmentsRequest.class,
      responseType = org.edunn.serving.grading.v1.ListAssignmentsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListAssignmentsRequest,
      org.edunn.serving.grading.v1.ListAssignmentsResponse> getListAssignmentsMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListAssignmentsRequest, org.edunn.serving.grading.v1.ListAssignmentsResponse> getListAssignmentsMethod;
    if ((getListAssignmentsMethod = GradingServiceGrpc.getListAssignmentsMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getListAssignmentsMethod = GradingServiceGrpc.getListAssignmentsMethod) == null) {
          GradingServiceGrpc.getListAssignmentsMethod = getListAssignmentsMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.ListAssignmentsRequest, org.edunn.serving.grading.v1.ListAssignmentsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListAssignments"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ListAssignmentsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ListAssignmentsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("ListAssignments"))
              .build();
        }
      }
    }
    return getListAssignmentsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.DeleteAssignmentRequest,
      org.edunn.serving.grading.v1.DeleteAssignmentResponse> getDeleteAssignmentMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteAssignment",
      requestType = org.edunn.serving.grading.v1.DeleteAssignmentRequest.class,
      responseType = org.edunn.serving.grading.v1.DeleteAssignmentResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.DeleteAssignmentRequest,
      org.edunn.serving.grading.v1.DeleteAssignmentResponse> getDeleteAssignmentMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.DeleteAssignmentRequest, org.edunn.serving.grading.v1.DeleteAssignmentResponse> getDeleteAssignmentMethod;
    if ((getDeleteAssignmentMethod = GradingServiceGrpc.getDeleteAssignmentMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getDeleteAssignmentMethod = GradingServiceGrpc.getDeleteAssignmentMethod) == null) {
          GradingServiceGrpc.getDeleteAssignmentMethod = getDeleteAssignmentMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.DeleteAssignmentRequest, org.edunn.serving.grading.v1.DeleteAssignmentResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteAssignment"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.DeleteAssignmentRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.DeleteAssignmentResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("DeleteAssignment"))
              .build();
        }
      }
    }
    return getDeleteAssignmentMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.StartAttemptRequest,
      org.edunn.serving.grading.v1.StartAttemptResponse> getStartAttemptMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StartAttempt",
      requestType = org.edunn.serving.grading.v1.StartAttemptRequest.class,
      responseType = org.edunn.serving.grading.v1.StartAttemptResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.StartAttemptRequest,
      org.edunn.serving.grading.v1.StartAttemptResponse> getStartAttemptMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.StartAttemptRequest, org.edunn.serving.grading.v1.StartAttemptResponse> getStartAttemptMethod;
    if ((getStartAttemptMethod = GradingServiceGrpc.getStartAttemptMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getStartAttemptMethod = GradingServiceGrpc.getStartAttemptMethod) == null) {
          GradingServiceGrpc.getStartAttemptMethod = getStartAttemptMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.StartAttemptRequest, org.edunn.serving.grading.v1.StartAttemptResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StartAttempt"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.StartAttemptRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.StartAttemptResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("StartAttempt"))
              .build();
        }
      }
    }
    return getStartAttemptMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetAttemptRequest,
      org.edunn.serving.grading.v1.GetAttemptResponse> getGetAttemptMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetAttempt",
      requestType = org.edunn.serving.grading.v1.GetAttemptRequest.class,
      responseType = org.edunn.serving.grading.v1.GetAttemptResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetAttemptRequest,
      org.edunn.serving.grading.v1.GetAttemptResponse> getGetAttemptMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetAttemptRequest, org.edunn.serving.grading.v1.GetAttemptResponse> getGetAttemptMethod;
    if ((getGetAttemptMethod = GradingServiceGrpc.getGetAttemptMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getGetAttemptMethod = GradingServiceGrpc.getGetAttemptMethod) == null) {
          GradingServiceGrpc.getGetAttemptMethod = getGetAttemptMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.GetAttemptRequest, org.edunn.serving.grading.v1.GetAttemptResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetAttempt"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.GetAttemptRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.GetAttemptResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("GetAttempt"))
              .build();
        }
      }
    }
    return getGetAttemptMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListAttemptsRequest,
      org.edunn.serving.grading.v1.ListAttemptsResponse> getListAttemptsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListAttempts",
      requestType = org.edunn.serving.grading.v1.ListAttemptsRequest.class,
      responseType = org.edunn.serving.grading.v1.ListAttemptsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListAttemptsRequest,
      org.edunn.serving.grading.v1.ListAttemptsResponse> getListAttemptsMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListAttemptsRequest, org.edunn.serving.grading.v1.ListAttemptsResponse> getListAttemptsMethod;
    if ((getListAttemptsMethod = GradingServiceGrpc.getListAttemptsMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getListAttemptsMethod = GradingServiceGrpc.getListAttemptsMethod) == null) {
          GradingServiceGrpc.getListAttemptsMethod = getListAttemptsMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.ListAttemptsRequest, org.edunn.serving.grading.v1.ListAttemptsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListAttempts"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ListAttemptsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ListAttemptsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("ListAttempts"))
              .build();
        }
      }
    }
    return getListAttemptsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.SubmitAnswersRequest,
      org.edunn.serving.grading.v1.SubmitAnswersResponse> getSubmitAnswersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitAnswers",
      requestType = org.edunn.serving.grading.v1.SubmitAnswersRequest.class,
      responseType = org.edunn.serving.grading.v1.SubmitAnswersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.SubmitAnswersRequest,
      org.edunn.serving.grading.v1.SubmitAnswersResponse> getSubmitAnswersMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.SubmitAnswersRequest, org.edunn.serving.grading.v1.SubmitAnswersResponse> getSubmitAnswersMethod;
    if ((getSubmitAnswersMethod = GradingServiceGrpc.getSubmitAnswersMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getSubmitAnswersMethod = GradingServiceGrpc.getSubmitAnswersMethod) == null) {
          GradingServiceGrpc.getSubmitAnswersMethod = getSubmitAnswersMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.SubmitAnswersRequest, org.edunn.serving.grading.v1.SubmitAnswersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitAnswers"))
              .setIdempotent(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.SubmitAnswersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.SubmitAnswersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("SubmitAnswers"))
              .build();
        }
      }
    }
    return getSubmitAnswersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetReportRequest,
      org.edunn.serving.grading.v1.GetReportResponse> getGetReportMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetReport",
      requestType = org.edunn.serving.grading.v1.GetReportRequest.class,
      responseType = org.edunn.serving.grading.v1.GetReportResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetReportRequest,
      org.edunn.serving.grading.v1.GetReportResponse> getGetReportMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetReportRequest, org.edunn.serving.grading.v1.GetReportResponse> getGetReportMethod;
    if ((getGetReportMethod = GradingServiceGrpc.getGetReportMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getGetReportMethod = GradingServiceGrpc.getGetReportMethod) == null) {
          GradingServiceGrpc.getGetReportMethod = getGetReportMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.GetReportRequest, org.edunn.serving.grading.v1.GetReportResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetReport"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.GetReportRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.GetReportResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("GetReport"))
              .build();
        }
      }
    }
    return getGetReportMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListReportsRequest,
      org.edunn.serving.grading.v1.ListReportsResponse> getListReportsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListReports",
      requestType = org.edunn.serving.grading.v1.ListReportsRequest.class,
      responseType = org.edunn.serving.grading.v1.ListReportsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListReportsRequest,
      org.edunn.serving.grading.v1.ListReportsResponse> getListReportsMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListReportsRequest, org.edunn.serving.grading.v1.ListReportsResponse> getListReportsMethod;
    if ((getListReportsMethod = GradingServiceGrpc.getListReportsMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getListReportsMethod = GradingServiceGrpc.getListReportsMethod) == null) {
          GradingServiceGrpc.getListReportsMethod = getListReportsMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.ListReportsRequest, org.edunn.serving.grading.v1.ListReportsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListReports"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ListReportsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ListReportsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("ListReports"))
              .build();
        }
      }
    }
    return getListReportsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ReplayAttemptRequest,
      org.edunn.serving.grading.v1.ReplayAttemptResponse> getReplayAttemptMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ReplayAttempt",
      requestType = org.edunn.serving.grading.v1.ReplayAttemptRequest.class,
      responseType = org.edunn.serving.grading.v1.ReplayAttemptResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ReplayAttemptRequest,
      org.edunn.serving.grading.v1.ReplayAttemptResponse> getReplayAttemptMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ReplayAttemptRequest, org.edunn.serving.grading.v1.ReplayAttemptResponse> getReplayAttemptMethod;
    if ((getReplayAttemptMethod = GradingServiceGrpc.getReplayAttemptMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getReplayAttemptMethod = GradingServiceGrpc.getReplayAttemptMethod) == null) {
          GradingServiceGrpc.getReplayAttemptMethod = getReplayAttemptMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.ReplayAttemptRequest, org.edunn.serving.grading.v1.ReplayAttemptResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ReplayAttempt"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ReplayAttemptRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ReplayAttemptResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("ReplayAttempt"))
              .build();
        }
      }
    }
    return getReplayAttemptMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.RegradeAttemptsRequest,
      org.edunn.serving.grading.v1.RegradeAttemptsResponse> getRegradeAttemptsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RegradeAttempts",
      requestType = org.edunn.serving.grading.v1.RegradeAttemptsRequest.class,
      responseType = org.edunn.serving.grading.v1.RegradeAttemptsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.RegradeAttemptsRequest,
      org.edunn.serving.grading.v1.RegradeAttemptsResponse> getRegradeAttemptsMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.RegradeAttemptsRequest, org.edunn.serving.grading.v1.RegradeAttemptsResponse> getRegradeAttemptsMethod;
    if ((getRegradeAttemptsMethod = GradingServiceGrpc.getRegradeAttemptsMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getRegradeAttemptsMethod = GradingServiceGrpc.getRegradeAttemptsMethod) == null) {
          GradingServiceGrpc.getRegradeAttemptsMethod = getRegradeAttemptsMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.RegradeAttemptsRequest, org.edunn.serving.grading.v1.RegradeAttemptsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RegradeAttempts"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.RegradeAttemptsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.RegradeAttemptsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("RegradeAttempts"))
              .build();
        }
      }
    }
    return getRegradeAttemptsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListNoticesRequest,
      org.edunn.serving.grading.v1.ListNoticesResponse> getListNoticesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListNotices",
      requestType = org.edunn.serving.grading.v1.ListNoticesRequest.class,
      responseType = org.edunn.serving.grading.v1.ListNoticesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListNoticesRequest,
      org.edunn.serving.grading.v1.ListNoticesResponse> getListNoticesMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.ListNoticesRequest, org.edunn.serving.grading.v1.ListNoticesResponse> getListNoticesMethod;
    if ((getListNoticesMethod = GradingServiceGrpc.getListNoticesMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getListNoticesMethod = GradingServiceGrpc.getListNoticesMethod) == null) {
          GradingServiceGrpc.getListNoticesMethod = getListNoticesMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.ListNoticesRequest, org.edunn.serving.grading.v1.ListNoticesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListNotices"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ListNoticesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.ListNoticesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("ListNotices"))
              .build();
        }
      }
    }
    return getListNoticesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetReceiptKeysRequest,
      org.edunn.serving.grading.v1.GetReceiptKeysResponse> getGetReceiptKeysMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetReceiptKeys",
      requestType = org.edunn.serving.grading.v1.GetReceiptKeysRequest.class,
      responseType = org.edunn.serving.grading.v1.GetReceiptKeysResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetReceiptKeysRequest,
      org.edunn.serving.grading.v1.GetReceiptKeysResponse> getGetReceiptKeysMethod() {
    io.grpc.MethodDescriptor<org.edunn.serving.grading.v1.GetReceiptKeysRequest, org.edunn.serving.grading.v1.GetReceiptKeysResponse> getGetReceiptKeysMethod;
    if ((getGetReceiptKeysMethod = GradingServiceGrpc.getGetReceiptKeysMethod) == null) {
      synchronized (GradingServiceGrpc.class) {
        if ((getGetReceiptKeysMethod = GradingServiceGrpc.getGetReceiptKeysMethod) == null) {
          GradingServiceGrpc.getGetReceiptKeysMethod = getGetReceiptKeysMethod =
              io.grpc.MethodDescriptor.<org.edunn.serving.grading.v1.GetReceiptKeysRequest, org.edunn.serving.grading.v1.GetReceiptKeysResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetReceiptKeys"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.GetReceiptKeysRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  org.edunn.serving.grading.v1.GetReceiptKeysResponse.getDefaultInstance()))
              .setSchemaDescriptor(new GradingServiceMethodDescriptorSupplier("GetReceiptKeys"))
              .build();
        }
      }
    }
    return getGetReceiptKeysMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static GradingServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GradingServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GradingServiceStub>() {
        @java.lang.Override
        public GradingServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GradingServiceStub(channel, callOptions);
        }
      };
    return GradingServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static GradingServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GradingServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GradingServiceBlockingV2Stub>() {
        @java.lang.Override
        public GradingServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GradingServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return GradingServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static GradingServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GradingServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GradingServiceBlockingStub>() {
        @java.lang.Override
        public GradingServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GradingServiceBlockingStub(channel, callOptions);
        }
      };
    return GradingServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static GradingServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<GradingServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<GradingServiceFutureStub>() {
        @java.lang.Override
        public GradingServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new GradingServiceFutureStub(channel, callOptions);
        }
      };
    return GradingServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The GradingService judges layers that students write, by the values that they compute.
   * A grader puts an assignment. A student starts an attempt and receives challenges: layers with
   * parameters, and scripts of steps with fresh inputs. The student's own program, in any language,
   * runs the scripts. The student submits what it computed, and receives a report. The service never
   * runs a student's code.
   * Errors are as in the LayerService. Besides those:
   * * NOT_FOUND: ASSIGNMENT_NOT_FOUND, ATTEMPT_NOT_FOUND, REPORT_NOT_FOUND (also for another's).
   * * FAILED_PRECONDITION: ASSIGNMENT_CLOSED, ATTEMPT_EXPIRED, DATABASE_NEWER.
   * * ALREADY_EXISTS: ANSWERS_EXIST.
   * * RESOURCE_EXHAUSTED: ATTEMPTS_USED_UP; QUOTA if the database is full.
   * * PERMISSION_DENIED: the course is another grader's.
   * * UNAVAILABLE: the database or all workers are away. Try again.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Puts a new assignment, or a new version of one.
     * Attempts that have begun keep the version that they began with. Fails with INVALID_ARGUMENT if
     * the document is no assignment: each violation names the field and the line.
     * </pre>
     */
    default void putAssignment(org.edunn.serving.grading.v1.PutAssignmentRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.PutAssignmentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPutAssignmentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns an assignment. Students do not see its document.
     * </pre>
     */
    default void getAssignment(org.edunn.serving.grading.v1.GetAssignmentRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetAssignmentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetAssignmentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the assignments that the caller can see, by course and name.
     * </pre>
     */
    default void listAssignments(org.edunn.serving.grading.v1.ListAssignmentsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListAssignmentsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListAssignmentsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes an assignment: nobody can attempt it any more. Its attempts and reports are kept.
     * </pre>
     */
    default void deleteAssignment(org.edunn.serving.grading.v1.DeleteAssignmentRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.DeleteAssignmentResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteAssignmentMethod(), responseObserver);
    }

    /**
     * <pre>
     * Begins an attempt.
     * With a `start_id` the call can be repeated: it returns the attempt that it has begun. Fails with ASSIGNMENT_CLOSED outside the assignment's times, and with ATTEMPTS_USED_UP beyond
     * the number or the rate of attempts that the assignment allows.
     * </pre>
     */
    default void startAttempt(org.edunn.serving.grading.v1.StartAttemptRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.StartAttemptResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStartAttemptMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns an attempt with its challenges, such as one whose beginning was not answered in time.
     * </pre>
     */
    default void getAttempt(org.edunn.serving.grading.v1.GetAttemptRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetAttemptResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetAttemptMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists a student's attempts at an assignment, the newest first, without their challenges.
     * </pre>
     */
    default void listAttempts(org.edunn.serving.grading.v1.ListAttemptsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListAttemptsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListAttemptsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Submits the answers of an attempt, and returns the report.
     * Answers are in the database before they are judged. They count once: the same answers sent
     * again get the same report, others fail with ANSWERS_EXIST. Fails with ATTEMPT_EXPIRED or
     * ASSIGNMENT_CLOSED if they come too late. UNAVAILABLE can mean that the answers are kept and
     * not judged yet: send them again, or call GetReport later.
     * </pre>
     */
    default void submitAnswers(org.edunn.serving.grading.v1.SubmitAnswersRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.SubmitAnswersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitAnswersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the newest report of an attempt, or the one of a revision.
     * </pre>
     */
    default void getReport(org.edunn.serving.grading.v1.GetReportRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetReportResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetReportMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the newest reports of an assignment's attempts: a grader's of all, a student's own.
     * </pre>
     */
    default void listReports(org.edunn.serving.grading.v1.ListReportsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListReportsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListReportsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns an attempt as it was: its challenges, answers, source and reports. For graders.
     * </pre>
     */
    default void replayAttempt(org.edunn.serving.grading.v1.ReplayAttemptRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ReplayAttemptResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getReplayAttemptMethod(), responseObserver);
    }

    /**
     * <pre>
     * Judges answers again, by the tolerances, points and policies of the assignment's newest
     * version. The old reports are kept. For graders.
     * </pre>
     */
    default void regradeAttempts(org.edunn.serving.grading.v1.RegradeAttemptsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.RegradeAttemptsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRegradeAttemptsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists what graders have to know: checks that could not be judged, and calls of layers with the
     * inputs of a challenge. For graders.
     * </pre>
     */
    default void listNotices(org.edunn.serving.grading.v1.ListNoticesRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListNoticesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListNoticesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the public keys of receipts.
     * </pre>
     */
    default void getReceiptKeys(org.edunn.serving.grading.v1.GetReceiptKeysRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetReceiptKeysResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetReceiptKeysMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service GradingService.
   * <pre>
   * The GradingService judges layers that students write, by the values that they compute.
   * A grader puts an assignment. A student starts an attempt and receives challenges: layers with
   * parameters, and scripts of steps with fresh inputs. The student's own program, in any language,
   * runs the scripts. The student submits what it computed, and receives a report. The service never
   * runs a student's code.
   * Errors are as in the LayerService. Besides those:
   * * NOT_FOUND: ASSIGNMENT_NOT_FOUND, ATTEMPT_NOT_FOUND, REPORT_NOT_FOUND (also for another's).
   * * FAILED_PRECONDITION: ASSIGNMENT_CLOSED, ATTEMPT_EXPIRED, DATABASE_NEWER.
   * * ALREADY_EXISTS: ANSWERS_EXIST.
   * * RESOURCE_EXHAUSTED: ATTEMPTS_USED_UP; QUOTA if the database is full.
   * * PERMISSION_DENIED: the course is another grader's.
   * * UNAVAILABLE: the database or all workers are away. Try again.
   * </pre>
   */
  public static abstract class GradingServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return GradingServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service GradingService.
   * <pre>
   * The GradingService judges layers that students write, by the values that they compute.
   * A grader puts an assignment. A student starts an attempt and receives challenges: layers with
   * parameters, and scripts of steps with fresh inputs. The student's own program, in any language,
   * runs the scripts. The student submits what it computed, and receives a report. The service never
   * runs a student's code.
   * Errors are as in the LayerService. Besides those:
   * * NOT_FOUND: ASSIGNMENT_NOT_FOUND, ATTEMPT_NOT_FOUND, REPORT_NOT_FOUND (also for another's).
   * * FAILED_PRECONDITION: ASSIGNMENT_CLOSED, ATTEMPT_EXPIRED, DATABASE_NEWER.
   * * ALREADY_EXISTS: ANSWERS_EXIST.
   * * RESOURCE_EXHAUSTED: ATTEMPTS_USED_UP; QUOTA if the database is full.
   * * PERMISSION_DENIED: the course is another grader's.
   * * UNAVAILABLE: the database or all workers are away. Try again.
   * </pre>
   */
  public static final class GradingServiceStub
      extends io.grpc.stub.AbstractAsyncStub<GradingServiceStub> {
    private GradingServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GradingServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GradingServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Puts a new assignment, or a new version of one.
     * Attempts that have begun keep the version that they began with. Fails with INVALID_ARGUMENT if
     * the document is no assignment: each violation names the field and the line.
     * </pre>
     */
    public void putAssignment(org.edunn.serving.grading.v1.PutAssignmentRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.PutAssignmentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPutAssignmentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns an assignment. Students do not see its document.
     * </pre>
     */
    public void getAssignment(org.edunn.serving.grading.v1.GetAssignmentRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetAssignmentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetAssignmentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the assignments that the caller can see, by course and name.
     * </pre>
     */
    public void listAssignments(org.edunn.serving.grading.v1.ListAssignmentsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListAssignmentsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListAssignmentsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes an assignment: nobody can attempt it any more. Its attempts and reports are kept.
     * </pre>
     */
    public void deleteAssignment(org.edunn.serving.grading.v1.DeleteAssignmentRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.DeleteAssignmentResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteAssignmentMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Begins an attempt.
     * With a `start_id` the call can be repeated: it returns the attempt that it has begun. Fails with ASSIGNMENT_CLOSED outside the assignment's times, and with ATTEMPTS_USED_UP beyond
     * the number or the rate of attempts that the assignment allows.
     * </pre>
     */
    public void startAttempt(org.edunn.serving.grading.v1.StartAttemptRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.StartAttemptResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getStartAttemptMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns an attempt with its challenges, such as one whose beginning was not answered in time.
     * </pre>
     */
    public void getAttempt(org.edunn.serving.grading.v1.GetAttemptRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetAttemptResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetAttemptMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists a student's attempts at an assignment, the newest first, without their challenges.
     * </pre>
     */
    public void listAttempts(org.edunn.serving.grading.v1.ListAttemptsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListAttemptsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListAttemptsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Submits the answers of an attempt, and returns the report.
     * Answers are in the database before they are judged. They count once: the same answers sent
     * again get the same report, others fail with ANSWERS_EXIST. Fails with ATTEMPT_EXPIRED or
     * ASSIGNMENT_CLOSED if they come too late. UNAVAILABLE can mean that the answers are kept and
     * not judged yet: send them again, or call GetReport later.
     * </pre>
     */
    public void submitAnswers(org.edunn.serving.grading.v1.SubmitAnswersRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.SubmitAnswersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitAnswersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the newest report of an attempt, or the one of a revision.
     * </pre>
     */
    public void getReport(org.edunn.serving.grading.v1.GetReportRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetReportResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetReportMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the newest reports of an assignment's attempts: a grader's of all, a student's own.
     * </pre>
     */
    public void listReports(org.edunn.serving.grading.v1.ListReportsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListReportsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListReportsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns an attempt as it was: its challenges, answers, source and reports. For graders.
     * </pre>
     */
    public void replayAttempt(org.edunn.serving.grading.v1.ReplayAttemptRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ReplayAttemptResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getReplayAttemptMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Judges answers again, by the tolerances, points and policies of the assignment's newest
     * version. The old reports are kept. For graders.
     * </pre>
     */
    public void regradeAttempts(org.edunn.serving.grading.v1.RegradeAttemptsRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.RegradeAttemptsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRegradeAttemptsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists what graders have to know: checks that could not be judged, and calls of layers with the
     * inputs of a challenge. For graders.
     * </pre>
     */
    public void listNotices(org.edunn.serving.grading.v1.ListNoticesRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListNoticesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListNoticesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the public keys of receipts.
     * </pre>
     */
    public void getReceiptKeys(org.edunn.serving.grading.v1.GetReceiptKeysRequest request,
        io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetReceiptKeysResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetReceiptKeysMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service GradingService.
   * <pre>
   * The GradingService judges layers that students write, by the values that they compute.
   * A grader puts an assignment. A student starts an attempt and receives challenges: layers with
   * parameters, and scripts of steps with fresh inputs. The student's own program, in any language,
   * runs the scripts. The student submits what it computed, and receives a report. The service never
   * runs a student's code.
   * Errors are as in the LayerService. Besides those:
   * * NOT_FOUND: ASSIGNMENT_NOT_FOUND, ATTEMPT_NOT_FOUND, REPORT_NOT_FOUND (also for another's).
   * * FAILED_PRECONDITION: ASSIGNMENT_CLOSED, ATTEMPT_EXPIRED, DATABASE_NEWER.
   * * ALREADY_EXISTS: ANSWERS_EXIST.
   * * RESOURCE_EXHAUSTED: ATTEMPTS_USED_UP; QUOTA if the database is full.
   * * PERMISSION_DENIED: the course is another grader's.
   * * UNAVAILABLE: the database or all workers are away. Try again.
   * </pre>
   */
  public static final class GradingServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<GradingServiceBlockingV2Stub> {
    private GradingServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GradingServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GradingServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Puts a new assignment, or a new version of one.
     * Attempts that have begun keep the version that they began with. Fails with INVALID_ARGUMENT if
     * the document is no assignment: each violation names the field and the line.
     * </pre>
     */
    public org.edunn.serving.grading.v1.PutAssignmentResponse putAssignment(org.edunn.serving.grading.v1.PutAssignmentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPutAssignmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns an assignment. Students do not see its document.
     * </pre>
     */
    public org.edunn.serving.grading.v1.GetAssignmentResponse getAssignment(org.edunn.serving.grading.v1.GetAssignmentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetAssignmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the assignments that the caller can see, by course and name.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ListAssignmentsResponse listAssignments(org.edunn.serving.grading.v1.ListAssignmentsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListAssignmentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes an assignment: nobody can attempt it any more. Its attempts and reports are kept.
     * </pre>
     */
    public org.edunn.serving.grading.v1.DeleteAssignmentResponse deleteAssignment(org.edunn.serving.grading.v1.DeleteAssignmentRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteAssignmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Begins an attempt.
     * With a `start_id` the call can be repeated: it returns the attempt that it has begun. Fails with ASSIGNMENT_CLOSED outside the assignment's times, and with ATTEMPTS_USED_UP beyond
     * the number or the rate of attempts that the assignment allows.
     * </pre>
     */
    public org.edunn.serving.grading.v1.StartAttemptResponse startAttempt(org.edunn.serving.grading.v1.StartAttemptRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getStartAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns an attempt with its challenges, such as one whose beginning was not answered in time.
     * </pre>
     */
    public org.edunn.serving.grading.v1.GetAttemptResponse getAttempt(org.edunn.serving.grading.v1.GetAttemptRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a student's attempts at an assignment, the newest first, without their challenges.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ListAttemptsResponse listAttempts(org.edunn.serving.grading.v1.ListAttemptsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListAttemptsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Submits the answers of an attempt, and returns the report.
     * Answers are in the database before they are judged. They count once: the same answers sent
     * again get the same report, others fail with ANSWERS_EXIST. Fails with ATTEMPT_EXPIRED or
     * ASSIGNMENT_CLOSED if they come too late. UNAVAILABLE can mean that the answers are kept and
     * not judged yet: send them again, or call GetReport later.
     * </pre>
     */
    public org.edunn.serving.grading.v1.SubmitAnswersResponse submitAnswers(org.edunn.serving.grading.v1.SubmitAnswersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitAnswersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the newest report of an attempt, or the one of a revision.
     * </pre>
     */
    public org.edunn.serving.grading.v1.GetReportResponse getReport(org.edunn.serving.grading.v1.GetReportRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetReportMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the newest reports of an assignment's attempts: a grader's of all, a student's own.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ListReportsResponse listReports(org.edunn.serving.grading.v1.ListReportsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListReportsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns an attempt as it was: its challenges, answers, source and reports. For graders.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ReplayAttemptResponse replayAttempt(org.edunn.serving.grading.v1.ReplayAttemptRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getReplayAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Judges answers again, by the tolerances, points and policies of the assignment's newest
     * version. The old reports are kept. For graders.
     * </pre>
     */
    public org.edunn.serving.grading.v1.RegradeAttemptsResponse regradeAttempts(org.edunn.serving.grading.v1.RegradeAttemptsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRegradeAttemptsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what graders have to know: checks that could not be judged, and calls of layers with the
     * inputs of a challenge. For graders.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ListNoticesResponse listNotices(org.edunn.serving.grading.v1.ListNoticesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListNoticesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the public keys of receipts.
     * </pre>
     */
    public org.edunn.serving.grading.v1.GetReceiptKeysResponse getReceiptKeys(org.edunn.serving.grading.v1.GetReceiptKeysRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetReceiptKeysMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service GradingService.
   * <pre>
   * The GradingService judges layers that students write, by the values that they compute.
   * A grader puts an assignment. A student starts an attempt and receives challenges: layers with
   * parameters, and scripts of steps with fresh inputs. The student's own program, in any language,
   * runs the scripts. The student submits what it computed, and receives a report. The service never
   * runs a student's code.
   * Errors are as in the LayerService. Besides those:
   * * NOT_FOUND: ASSIGNMENT_NOT_FOUND, ATTEMPT_NOT_FOUND, REPORT_NOT_FOUND (also for another's).
   * * FAILED_PRECONDITION: ASSIGNMENT_CLOSED, ATTEMPT_EXPIRED, DATABASE_NEWER.
   * * ALREADY_EXISTS: ANSWERS_EXIST.
   * * RESOURCE_EXHAUSTED: ATTEMPTS_USED_UP; QUOTA if the database is full.
   * * PERMISSION_DENIED: the course is another grader's.
   * * UNAVAILABLE: the database or all workers are away. Try again.
   * </pre>
   */
  public static final class GradingServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<GradingServiceBlockingStub> {
    private GradingServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GradingServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GradingServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Puts a new assignment, or a new version of one.
     * Attempts that have begun keep the version that they began with. Fails with INVALID_ARGUMENT if
     * the document is no assignment: each violation names the field and the line.
     * </pre>
     */
    public org.edunn.serving.grading.v1.PutAssignmentResponse putAssignment(org.edunn.serving.grading.v1.PutAssignmentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPutAssignmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns an assignment. Students do not see its document.
     * </pre>
     */
    public org.edunn.serving.grading.v1.GetAssignmentResponse getAssignment(org.edunn.serving.grading.v1.GetAssignmentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetAssignmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the assignments that the caller can see, by course and name.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ListAssignmentsResponse listAssignments(org.edunn.serving.grading.v1.ListAssignmentsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListAssignmentsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes an assignment: nobody can attempt it any more. Its attempts and reports are kept.
     * </pre>
     */
    public org.edunn.serving.grading.v1.DeleteAssignmentResponse deleteAssignment(org.edunn.serving.grading.v1.DeleteAssignmentRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteAssignmentMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Begins an attempt.
     * With a `start_id` the call can be repeated: it returns the attempt that it has begun. Fails with ASSIGNMENT_CLOSED outside the assignment's times, and with ATTEMPTS_USED_UP beyond
     * the number or the rate of attempts that the assignment allows.
     * </pre>
     */
    public org.edunn.serving.grading.v1.StartAttemptResponse startAttempt(org.edunn.serving.grading.v1.StartAttemptRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getStartAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns an attempt with its challenges, such as one whose beginning was not answered in time.
     * </pre>
     */
    public org.edunn.serving.grading.v1.GetAttemptResponse getAttempt(org.edunn.serving.grading.v1.GetAttemptRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a student's attempts at an assignment, the newest first, without their challenges.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ListAttemptsResponse listAttempts(org.edunn.serving.grading.v1.ListAttemptsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListAttemptsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Submits the answers of an attempt, and returns the report.
     * Answers are in the database before they are judged. They count once: the same answers sent
     * again get the same report, others fail with ANSWERS_EXIST. Fails with ATTEMPT_EXPIRED or
     * ASSIGNMENT_CLOSED if they come too late. UNAVAILABLE can mean that the answers are kept and
     * not judged yet: send them again, or call GetReport later.
     * </pre>
     */
    public org.edunn.serving.grading.v1.SubmitAnswersResponse submitAnswers(org.edunn.serving.grading.v1.SubmitAnswersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitAnswersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the newest report of an attempt, or the one of a revision.
     * </pre>
     */
    public org.edunn.serving.grading.v1.GetReportResponse getReport(org.edunn.serving.grading.v1.GetReportRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetReportMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the newest reports of an assignment's attempts: a grader's of all, a student's own.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ListReportsResponse listReports(org.edunn.serving.grading.v1.ListReportsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListReportsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns an attempt as it was: its challenges, answers, source and reports. For graders.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ReplayAttemptResponse replayAttempt(org.edunn.serving.grading.v1.ReplayAttemptRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getReplayAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Judges answers again, by the tolerances, points and policies of the assignment's newest
     * version. The old reports are kept. For graders.
     * </pre>
     */
    public org.edunn.serving.grading.v1.RegradeAttemptsResponse regradeAttempts(org.edunn.serving.grading.v1.RegradeAttemptsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRegradeAttemptsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what graders have to know: checks that could not be judged, and calls of layers with the
     * inputs of a challenge. For graders.
     * </pre>
     */
    public org.edunn.serving.grading.v1.ListNoticesResponse listNotices(org.edunn.serving.grading.v1.ListNoticesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListNoticesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the public keys of receipts.
     * </pre>
     */
    public org.edunn.serving.grading.v1.GetReceiptKeysResponse getReceiptKeys(org.edunn.serving.grading.v1.GetReceiptKeysRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetReceiptKeysMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service GradingService.
   * <pre>
   * The GradingService judges layers that students write, by the values that they compute.
   * A grader puts an assignment. A student starts an attempt and receives challenges: layers with
   * parameters, and scripts of steps with fresh inputs. The student's own program, in any language,
   * runs the scripts. The student submits what it computed, and receives a report. The service never
   * runs a student's code.
   * Errors are as in the LayerService. Besides those:
   * * NOT_FOUND: ASSIGNMENT_NOT_FOUND, ATTEMPT_NOT_FOUND, REPORT_NOT_FOUND (also for another's).
   * * FAILED_PRECONDITION: ASSIGNMENT_CLOSED, ATTEMPT_EXPIRED, DATABASE_NEWER.
   * * ALREADY_EXISTS: ANSWERS_EXIST.
   * * RESOURCE_EXHAUSTED: ATTEMPTS_USED_UP; QUOTA if the database is full.
   * * PERMISSION_DENIED: the course is another grader's.
   * * UNAVAILABLE: the database or all workers are away. Try again.
   * </pre>
   */
  public static final class GradingServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<GradingServiceFutureStub> {
    private GradingServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected GradingServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new GradingServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Puts a new assignment, or a new version of one.
     * Attempts that have begun keep the version that they began with. Fails with INVALID_ARGUMENT if
     * the document is no assignment: each violation names the field and the line.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.PutAssignmentResponse> putAssignment(
        org.edunn.serving.grading.v1.PutAssignmentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPutAssignmentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns an assignment. Students do not see its document.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.GetAssignmentResponse> getAssignment(
        org.edunn.serving.grading.v1.GetAssignmentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetAssignmentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the assignments that the caller can see, by course and name.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.ListAssignmentsResponse> listAssignments(
        org.edunn.serving.grading.v1.ListAssignmentsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListAssignmentsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes an assignment: nobody can attempt it any more. Its attempts and reports are kept.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.DeleteAssignmentResponse> deleteAssignment(
        org.edunn.serving.grading.v1.DeleteAssignmentRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteAssignmentMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Begins an attempt.
     * With a `start_id` the call can be repeated: it returns the attempt that it has begun. Fails with ASSIGNMENT_CLOSED outside the assignment's times, and with ATTEMPTS_USED_UP beyond
     * the number or the rate of attempts that the assignment allows.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.StartAttemptResponse> startAttempt(
        org.edunn.serving.grading.v1.StartAttemptRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getStartAttemptMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns an attempt with its challenges, such as one whose beginning was not answered in time.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.GetAttemptResponse> getAttempt(
        org.edunn.serving.grading.v1.GetAttemptRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetAttemptMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists a student's attempts at an assignment, the newest first, without their challenges.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.ListAttemptsResponse> listAttempts(
        org.edunn.serving.grading.v1.ListAttemptsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListAttemptsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Submits the answers of an attempt, and returns the report.
     * Answers are in the database before they are judged. They count once: the same answers sent
     * again get the same report, others fail with ANSWERS_EXIST. Fails with ATTEMPT_EXPIRED or
     * ASSIGNMENT_CLOSED if they come too late. UNAVAILABLE can mean that the answers are kept and
     * not judged yet: send them again, or call GetReport later.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.SubmitAnswersResponse> submitAnswers(
        org.edunn.serving.grading.v1.SubmitAnswersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitAnswersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the newest report of an attempt, or the one of a revision.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.GetReportResponse> getReport(
        org.edunn.serving.grading.v1.GetReportRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetReportMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the newest reports of an assignment's attempts: a grader's of all, a student's own.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.ListReportsResponse> listReports(
        org.edunn.serving.grading.v1.ListReportsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListReportsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns an attempt as it was: its challenges, answers, source and reports. For graders.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.ReplayAttemptResponse> replayAttempt(
        org.edunn.serving.grading.v1.ReplayAttemptRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getReplayAttemptMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Judges answers again, by the tolerances, points and policies of the assignment's newest
     * version. The old reports are kept. For graders.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.RegradeAttemptsResponse> regradeAttempts(
        org.edunn.serving.grading.v1.RegradeAttemptsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRegradeAttemptsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists what graders have to know: checks that could not be judged, and calls of layers with the
     * inputs of a challenge. For graders.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.ListNoticesResponse> listNotices(
        org.edunn.serving.grading.v1.ListNoticesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListNoticesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the public keys of receipts.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<org.edunn.serving.grading.v1.GetReceiptKeysResponse> getReceiptKeys(
        org.edunn.serving.grading.v1.GetReceiptKeysRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetReceiptKeysMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_PUT_ASSIGNMENT = 0;
  private static final int METHODID_GET_ASSIGNMENT = 1;
  private static final int METHODID_LIST_ASSIGNMENTS = 2;
  private static final int METHODID_DELETE_ASSIGNMENT = 3;
  private static final int METHODID_START_ATTEMPT = 4;
  private static final int METHODID_GET_ATTEMPT = 5;
  private static final int METHODID_LIST_ATTEMPTS = 6;
  private static final int METHODID_SUBMIT_ANSWERS = 7;
  private static final int METHODID_GET_REPORT = 8;
  private static final int METHODID_LIST_REPORTS = 9;
  private static final int METHODID_REPLAY_ATTEMPT = 10;
  private static final int METHODID_REGRADE_ATTEMPTS = 11;
  private static final int METHODID_LIST_NOTICES = 12;
  private static final int METHODID_GET_RECEIPT_KEYS = 13;

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
        case METHODID_PUT_ASSIGNMENT:
          serviceImpl.putAssignment((org.edunn.serving.grading.v1.PutAssignmentRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.PutAssignmentResponse>) responseObserver);
          break;
        case METHODID_GET_ASSIGNMENT:
          serviceImpl.getAssignment((org.edunn.serving.grading.v1.GetAssignmentRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetAssignmentResponse>) responseObserver);
          break;
        case METHODID_LIST_ASSIGNMENTS:
          serviceImpl.listAssignments((org.edunn.serving.grading.v1.ListAssignmentsRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListAssignmentsResponse>) responseObserver);
          break;
        case METHODID_DELETE_ASSIGNMENT:
          serviceImpl.deleteAssignment((org.edunn.serving.grading.v1.DeleteAssignmentRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.DeleteAssignmentResponse>) responseObserver);
          break;
        case METHODID_START_ATTEMPT:
          serviceImpl.startAttempt((org.edunn.serving.grading.v1.StartAttemptRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.StartAttemptResponse>) responseObserver);
          break;
        case METHODID_GET_ATTEMPT:
          serviceImpl.getAttempt((org.edunn.serving.grading.v1.GetAttemptRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetAttemptResponse>) responseObserver);
          break;
        case METHODID_LIST_ATTEMPTS:
          serviceImpl.listAttempts((org.edunn.serving.grading.v1.ListAttemptsRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListAttemptsResponse>) responseObserver);
          break;
        case METHODID_SUBMIT_ANSWERS:
          serviceImpl.submitAnswers((org.edunn.serving.grading.v1.SubmitAnswersRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.SubmitAnswersResponse>) responseObserver);
          break;
        case METHODID_GET_REPORT:
          serviceImpl.getReport((org.edunn.serving.grading.v1.GetReportRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetReportResponse>) responseObserver);
          break;
        case METHODID_LIST_REPORTS:
          serviceImpl.listReports((org.edunn.serving.grading.v1.ListReportsRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListReportsResponse>) responseObserver);
          break;
        case METHODID_REPLAY_ATTEMPT:
          serviceImpl.replayAttempt((org.edunn.serving.grading.v1.ReplayAttemptRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ReplayAttemptResponse>) responseObserver);
          break;
        case METHODID_REGRADE_ATTEMPTS:
          serviceImpl.regradeAttempts((org.edunn.serving.grading.v1.RegradeAttemptsRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.RegradeAttemptsResponse>) responseObserver);
          break;
        case METHODID_LIST_NOTICES:
          serviceImpl.listNotices((org.edunn.serving.grading.v1.ListNoticesRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.ListNoticesResponse>) responseObserver);
          break;
        case METHODID_GET_RECEIPT_KEYS:
          serviceImpl.getReceiptKeys((org.edunn.serving.grading.v1.GetReceiptKeysRequest) request,
              (io.grpc.stub.StreamObserver<org.edunn.serving.grading.v1.GetReceiptKeysResponse>) responseObserver);
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
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getPutAssignmentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.PutAssignmentRequest,
              org.edunn.serving.grading.v1.PutAssignmentResponse>(
                service, METHODID_PUT_ASSIGNMENT)))
        .addMethod(
          getGetAssignmentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.GetAssignmentRequest,
              org.edunn.serving.grading.v1.GetAssignmentResponse>(
                service, METHODID_GET_ASSIGNMENT)))
        .addMethod(
          getListAssignmentsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.ListAssignmentsRequest,
              org.edunn.serving.grading.v1.ListAssignmentsResponse>(
                service, METHODID_LIST_ASSIGNMENTS)))
        .addMethod(
          getDeleteAssignmentMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.DeleteAssignmentRequest,
              org.edunn.serving.grading.v1.DeleteAssignmentResponse>(
                service, METHODID_DELETE_ASSIGNMENT)))
        .addMethod(
          getStartAttemptMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.StartAttemptRequest,
              org.edunn.serving.grading.v1.StartAttemptResponse>(
                service, METHODID_START_ATTEMPT)))
        .addMethod(
          getGetAttemptMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.GetAttemptRequest,
              org.edunn.serving.grading.v1.GetAttemptResponse>(
                service, METHODID_GET_ATTEMPT)))
        .addMethod(
          getListAttemptsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.ListAttemptsRequest,
              org.edunn.serving.grading.v1.ListAttemptsResponse>(
                service, METHODID_LIST_ATTEMPTS)))
        .addMethod(
          getSubmitAnswersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.SubmitAnswersRequest,
              org.edunn.serving.grading.v1.SubmitAnswersResponse>(
                service, METHODID_SUBMIT_ANSWERS)))
        .addMethod(
          getGetReportMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.GetReportRequest,
              org.edunn.serving.grading.v1.GetReportResponse>(
                service, METHODID_GET_REPORT)))
        .addMethod(
          getListReportsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.ListReportsRequest,
              org.edunn.serving.grading.v1.ListReportsResponse>(
                service, METHODID_LIST_REPORTS)))
        .addMethod(
          getReplayAttemptMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.ReplayAttemptRequest,
              org.edunn.serving.grading.v1.ReplayAttemptResponse>(
                service, METHODID_REPLAY_ATTEMPT)))
        .addMethod(
          getRegradeAttemptsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.RegradeAttemptsRequest,
              org.edunn.serving.grading.v1.RegradeAttemptsResponse>(
                service, METHODID_REGRADE_ATTEMPTS)))
        .addMethod(
          getListNoticesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.ListNoticesRequest,
              org.edunn.serving.grading.v1.ListNoticesResponse>(
                service, METHODID_LIST_NOTICES)))
        .addMethod(
          getGetReceiptKeysMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              org.edunn.serving.grading.v1.GetReceiptKeysRequest,
              org.edunn.serving.grading.v1.GetReceiptKeysResponse>(
                service, METHODID_GET_RECEIPT_KEYS)))
        .build();
  }

  private static abstract class GradingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    GradingServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return org.edunn.serving.grading.v1.GradingServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("GradingService");
    }
  }

  private static final class GradingServiceFileDescriptorSupplier
      extends GradingServiceBaseDescriptorSupplier {
    GradingServiceFileDescriptorSupplier() {}
  }

  private static final class GradingServiceMethodDescriptorSupplier
      extends GradingServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    GradingServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (GradingServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new GradingServiceFileDescriptorSupplier())
              .addMethod(getPutAssignmentMethod())
              .addMethod(getGetAssignmentMethod())
              .addMethod(getListAssignmentsMethod())
              .addMethod(getDeleteAssignmentMethod())
              .addMethod(getStartAttemptMethod())
              .addMethod(getGetAttemptMethod())
              .addMethod(getListAttemptsMethod())
              .addMethod(getSubmitAnswersMethod())
              .addMethod(getGetReportMethod())
              .addMethod(getListReportsMethod())
              .addMethod(getReplayAttemptMethod())
              .addMethod(getRegradeAttemptsMethod())
              .addMethod(getListNoticesMethod())
              .addMethod(getGetReceiptKeysMethod())
              .build();
        }
      }
    }
    return result;
  }
}
