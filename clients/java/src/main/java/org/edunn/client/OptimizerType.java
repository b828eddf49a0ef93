package org.edunn.client;

import java.util.List;

/**
 * One entry of the catalogue of optimizers that a step can use.
 *
 * @param type the name to put into {@link Optimizer#of}
 * @param summary how the optimizer changes a parameter, in one sentence
 * @param configFields the configuration fields, in the order of the optimizer's constructor
 */
public record OptimizerType(String type, String summary, List<ConfigField> configFields) {
  static OptimizerType fromWire(org.edunn.serving.v1.OptimizerType message) {
    return new OptimizerType(
        message.getType(),
        message.getSummary(),
        message.getConfigFieldsList().stream().map(ConfigField::fromWire).toList());
  }
}
