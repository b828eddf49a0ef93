/**
 * Runs the layers of an edunn-serving service: {@code forward}, {@code backward}, phases,
 * parameters.
 *
 * <pre>{@code
 * try (Client client = Client.connect("localhost:50051");
 *     Session session = client.newSession().seed(7).create()) {
 *   Layer drop = session.add(LayerSpec.of("drop", "Dropout").config("p", 0.5));
 *   Tensor y = drop.forward(x);
 *   Gradients gradients = drop.backward(g);
 * }
 * }</pre>
 *
 * <p>No parameter may be null, and nothing returned is, where {@code Nullable} does not say so.
 */
@NullMarked
package org.edunn.client;

import org.jspecify.annotations.NullMarked;
