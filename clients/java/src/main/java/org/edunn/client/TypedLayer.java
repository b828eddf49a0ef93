package org.edunn.client;

/**
 * A layer described by a method of {@link Layers}, such as {@code Layers.dropout("drop").p(0.5)}.
 */
public interface TypedLayer {
  /**
   * Returns the description without the types.
   *
   * @return name, type and configuration
   */
  LayerSpec spec();
}
