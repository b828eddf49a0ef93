package org.edunn.client;

/** A forward that a backward may go back through. */
final class TrackedForward {
  // Empty until the answer, where the service chooses the name.
  private volatile String name;

  TrackedForward(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  void name(String given) {
    name = given;
  }
}
