package org.edunn.client;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Whether a layer is being trained or used: Dropout drops units only in training. */
public enum Phase {
  /** The model is being trained. */
  TRAINING(org.edunn.serving.v1.Phase.PHASE_TRAINING),
  /** The model is being used or evaluated. */
  TEST(org.edunn.serving.v1.Phase.PHASE_TEST);

  private final org.edunn.serving.v1.Phase wire;

  Phase(org.edunn.serving.v1.Phase wire) {
    this.wire = wire;
  }

  /** Returns {@code training} or {@code test}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Null leaves the choice to the session. */
  static org.edunn.serving.v1.Phase wire(@Nullable Phase phase) {
    return phase == null ? org.edunn.serving.v1.Phase.PHASE_UNSPECIFIED : phase.wire;
  }

  /** The service always names a phase. */
  static Phase fromWire(org.edunn.serving.v1.Phase wire) {
    return wire == org.edunn.serving.v1.Phase.PHASE_TEST ? TEST : TRAINING;
  }
}
