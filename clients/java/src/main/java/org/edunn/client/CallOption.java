package org.edunn.client;

import java.time.Duration;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * Something to be said about one call: {@code layer.getParameters(CallOption.timeout(soon))}.
 *
 * <p>What is said twice counts as it was said last, but for headers, which add up.
 */
public final class CallOption {
  private final String description;
  private final UnaryOperator<CallSettings> change;

  private CallOption(String description, UnaryOperator<CallSettings> change) {
    this.description = description;
    this.change = change;
  }

  /**
   * Limits how long the call may take, all attempts together.
   *
   * @param timeout otherwise the client's; 100 years or more are no limit
   * @return the option
   * @throws IllegalArgumentException if it is not positive
   */
  public static CallOption timeout(Duration timeout) {
    Duration limit = Durations.positive(timeout, "timeout");
    return new CallOption("timeout " + limit, settings -> settings.withTimeout(limit));
  }

  /**
   * Sends a header (gRPC's metadata) with the call.
   *
   * @param name lower-case letters, digits, {@code - _ .}
   * @param value printable ASCII characters
   * @return the option
   * @throws IllegalArgumentException if gRPC does not take it
   */
  public static CallOption header(String name, String value) {
    Header header = new Header(name, value);
    return new CallOption("header " + name, settings -> settings.withHeader(header));
  }

  /**
   * Compresses what the call sends, and asks for a compressed answer.
   *
   * @return the option
   */
  public static CallOption gzip() {
    return new CallOption("gzip", CallSettings::withGzip);
  }

  /** Returns what the option says, without a header's value, which may be a secret. */
  @Override
  public String toString() {
    return description;
  }

  CallSettings applyTo(CallSettings settings) {
    return Objects.requireNonNull(change.apply(settings));
  }
}
