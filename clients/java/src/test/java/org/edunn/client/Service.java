package org.edunn.client;

/** The running service that `EDUNN_TARGET` names. */
public final class Service {
  /** The environment variable that says where it is. */
  static final String ADDRESS = "EDUNN_TARGET";

  private Service() {}

  public static String address() {
    String address = System.getenv(ADDRESS);
    if (address == null || address.isEmpty()) {
      throw new IllegalStateException(ADDRESS + " does not say where the service is");
    }
    return address;
  }

  public static Client connect() {
    return Client.connect(address());
  }
}
