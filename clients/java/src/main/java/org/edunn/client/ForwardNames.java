package org.edunn.client;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The counting of a session's forwards.
 *
 * <p>The client names every forward itself, so that a call that got no answer can be made again
 * without a second mask. Who created the session counts c1, c2 and so on for each layer: the same
 * seed and the same calls give the same masks, in every language. Who attached to a session of
 * somebody else puts a random word before the count, as two counts of the same names could meet: at
 * best that is an error, at worst (the same input twice) a mask shared by two forwards.
 */
final class ForwardNames {
  private final String prefix;
  private final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();

  private ForwardNames(String prefix) {
    this.prefix = prefix;
  }

  static ForwardNames ofCreator() {
    return new ForwardNames("c");
  }

  static ForwardNames ofGuest() {
    byte[] word = new byte[6];
    new SecureRandom().nextBytes(word);
    return new ForwardNames(HexFormat.of().formatHex(word) + "-");
  }

  String next(String layer) {
    return prefix + counts.computeIfAbsent(layer, name -> new AtomicLong()).incrementAndGet();
  }
}
