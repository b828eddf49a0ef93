package org.edunn.client;

import java.time.Duration;

/** The client's log lines, through the JDK's own facade. */
final class Log {
  private static final System.Logger LOGGER = System.getLogger("org.edunn.client");

  private Log() {}

  static void tokenInTheClear(String address) {
    LOGGER.log(
        System.Logger.Level.WARNING,
        "the token for {0} travels unencrypted: use tls(...)",
        address);
  }

  static void retry(String call, EdunnException error, Duration pause) {
    LOGGER.log(
        System.Logger.Level.INFO,
        "{0} is tried again in {1} ms: {2}",
        call,
        Long.toString(pause.toMillis()),
        error.getMessage());
  }

  static void connectionLost(String address) {
    LOGGER.log(System.Logger.Level.INFO, "the connection to {0} is lost", address);
  }

  static void connectedAgain(String address) {
    LOGGER.log(System.Logger.Level.INFO, "connected to {0} again", address);
  }

  static void noStreams(String address, String why) {
    LOGGER.log(
        System.Logger.Level.WARNING,
        "no stream gets through to {0}, calls are made by themselves: {1}",
        address,
        why);
  }

  static void slow(String call, Duration took, int attempts) {
    LOGGER.log(
        System.Logger.Level.WARNING,
        "{0} took {1} ms, in {2}",
        call,
        Long.toString(took.toMillis()),
        attempts == 1 ? "1 attempt" : attempts + " attempts");
  }
}
