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
    if (!canBeSent(value)) {
      throw new IllegalArgumentException(
          "the value of the header " + name + " has characters that are not printable ASCII");
    }
  }

  /** Tells whether a text can be the value of a header. */
  static boolean canBeSent(String text) {
    return text.chars().allMatch(each -> each >= ' ' && each <= '~');
  }

  void putInto(Metadata metadata) {
    metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
  }
}
