package org.edunn.client;

import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** What a type of layer computes in a {@link FakeService}. */
public interface FakeLayer {
  /**
   * Computes an output.
   *
   * @param inputs one, or of a loss two
   * @param phase of the layer
   * @return the output, which unless overridden is the last input
   */
  default Tensor forward(List<Tensor> inputs, Phase phase) {
    return inputs.get(inputs.size() - 1);
  }

  /**
   * Computes the gradient of the input.
   *
   * @param outputGradient of the output
   * @return the gradient, which unless overridden is that of the output
   */
  default Tensor backward(Tensor outputGradient) {
    return outputGradient;
  }

  /**
   * Makes a layer of two functions.
   *
   * @param forward of the last input
   * @param backward of the output's gradient
   * @return the layer
   */
  static FakeLayer of(UnaryOperator<Tensor> forward, UnaryOperator<Tensor> backward) {
    Objects.requireNonNull(forward, "forward");
    Objects.requireNonNull(backward, "backward");
    return new TwoFunctions(forward, backward);
  }
}
