package org.edunn.client;

import io.grpc.Metadata;
import java.util.Objects;

/** A header of a call, as gRPC takes it. */
record Header(String name, String value) {
  Header {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(value, "value");
    if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
      throw new IllegalArgumentException("the header " + name + " would be binary");
    }
    Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    if (!value.matches("[\\x20-\\x7e]*")) {
      throw new IllegalArgumentException(
          "the value of the header " + name + " has characters that are not printable ASCII");
    }
  }

  void putInto(Metadata metadata) {
    metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
  }
}
