/** The client of an edunn-serving service. */
module org.edunn.client {
  requires transitive io.grpc;
  requires transitive com.google.protobuf;
  requires transitive org.jspecify;
  requires io.grpc.protobuf;
  requires io.grpc.stub;
  requires proto.google.common.protos;
  // gRPC's modules are automatic and cannot ask for what they need at run time.
  requires com.google.common;
  requires com.google.common.util.concurrent.internal;
  requires io.grpc.internal;
  requires io.grpc.netty.shaded;
  requires io.perfmark;

  exports org.edunn.client;
  exports org.edunn.serving.v1;
}
