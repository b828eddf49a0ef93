package org.edunn.client;

import com.google.protobuf.ByteString;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The parts in which bytes travel. */
final class Chunks {
  private static final int BYTES = 1024 * 1024;

  private Chunks() {}

  static Stream<ByteString> of(ByteString data) {
    int count = (data.size() + BYTES - 1) / BYTES;
    return IntStream.range(0, count)
        .map(index -> index * BYTES)
        .mapToObj(at -> data.substring(at, Math.min(at + BYTES, data.size())));
  }
}
