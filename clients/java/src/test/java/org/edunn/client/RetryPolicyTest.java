package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
  @Test
  void pausesGrowUpToTheLongest() {
    RetryPolicy policy = new RetryPolicy(9, Duration.ofMillis(100), Duration.ofMillis(500));
    long[] longest = {100, 200, 400, 500, 500};
    for (int attempt = 0; attempt < longest.length; attempt++) {
      long pause = policy.pauseAfter(attempt, Optional.empty()).toMillis();
      assertTrue(pause >= longest[attempt] / 2 - 1 && pause <= longest[attempt], "" + pause);
    }
  }

  @Test
  void delayOfTheServiceComesOnTop() {
    Duration delay = Duration.ofSeconds(3);
    assertEquals(delay, RetryPolicy.never().pauseAfter(0, Optional.of(delay)));
  }

  @Test
  void senselessPoliciesAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new RetryPolicy(0, Duration.ZERO, Duration.ZERO));
    assertThrows(
        IllegalArgumentException.class,
        () -> new RetryPolicy(1, Duration.ofMillis(-1), Duration.ZERO));
  }
}
