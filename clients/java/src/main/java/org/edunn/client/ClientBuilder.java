package org.edunn.client;

import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannelBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A client about to be made, begun by {@link Client#builder()}. */
public final class ClientBuilder {
  private final Map<String, String> environment;
  private final List<ClientInterceptor> interceptors = new ArrayList<>();
  private Optional<Target> target = Optional.empty();
  private Optional<Channel> channel = Optional.empty();
  private Optional<Tls> tls = Optional.empty();
  private boolean plaintext;
  private boolean sharesStream;
  private Optional<Supplier<String>> token = Optional.empty();
  private CallSettings settings = CallSettings.usual();
  private RetryPolicy retry = RetryPolicy.standard();
  private Duration slowCall = Duration.ofSeconds(1);
  private Consumer<ManagedChannelBuilder<?>> channelOptions = builder -> {};

  ClientBuilder(Map<String, String> environment) {
    this.environment = environment;
  }

  ClientBuilder address(String address) {
    target = Optional.of(Target.parse(address));
    return this;
  }

  ClientBuilder channel(Channel ready) {
    channel = Optional.of(ready);
    return this;
  }

  /**
   * Encrypts the connection. Without it, and without the environment's, the connection is
   * plaintext, which is for loopback.
   *
   * @param tls whom to trust
   * @return this
   */
  public ClientBuilder tls(Tls tls) {
    this.tls = Optional.of(Objects.requireNonNull(tls, "tls"));
    return this;
  }

  /**
   * Does not encrypt the connection, even where the environment names certificates.
   *
   * @return this
   */
  public ClientBuilder plaintext() {
    plaintext = true;
    return this;
  }

  /**
   * Sends a bearer token with every call. One that travels unencrypted any further than loopback is
   * warned of in the log.
   *
   * @param token otherwise the environment's
   * @return this
   * @throws IllegalArgumentException if it has a line break, or another character that no header
   *     may have
   */
  public ClientBuilder token(String token) {
    if (!Header.canBeSent(Objects.requireNonNull(token, "token"))) {
      throw new IllegalArgumentException(BearerToken.UNSENDABLE);
    }
    return token(() -> token);
  }

  /**
   * Sends a bearer token with every call, one that changes with time.
   *
   * @param token is asked for each attempt at a call, so it should keep a token until shortly
   *     before its expiry; it may wait. If it fails, so does the call, with UNAUTHENTICATED
   * @return this
   */
  public ClientBuilder token(Supplier<String> token) {
    this.token = Optional.of(Objects.requireNonNull(token, "token"));
    return this;
  }

  /**
   * Limits how long a call may take, all attempts together, where it names no timeout of its own.
   *
   * @param timeout otherwise 30 s; 100 years or more are no limit
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public ClientBuilder timeout(Duration timeout) {
    settings = settings.withTimeout(Durations.positive(timeout, "timeout"));
    return this;
  }

  /**
   * Sends a header (gRPC's metadata) with every call.
   *
   * @param name lower-case letters, digits, {@code - _ .}
   * @param value printable ASCII characters
   * @return this
   * @throws IllegalArgumentException if gRPC does not take it
   */
  public ClientBuilder header(String name, String value) {
    settings = settings.withHeader(new Header(name, value));
    return this;
  }

  /**
   * Compresses what is sent, and asks for compressed answers. It helps on a slow network with
   * tensors that repeat themselves; random numbers do not get smaller.
   *
   * @return this
   */
  public ClientBuilder gzip() {
    settings = settings.withGzip();
    return this;
  }

  /**
   * Chooses how often a call is made again where that is safe.
   *
   * @param retry otherwise {@link RetryPolicy#standard()}
   * @return this
   */
  public ClientBuilder retry(RetryPolicy retry) {
    this.retry = Objects.requireNonNull(retry, "retry");
    return this;
  }

  /**
   * Has the forwards and backwards of all threads share one Compute stream. They are the same
   * calls, with their own deadlines, cancellations and repetitions, and cost the service less. One
   * that has headers of its own or is larger than 4 MiB goes by itself, as all do where something
   * on the way takes no streams. Interceptors see the stream in their place, and a token is asked
   * for once a stream.
   *
   * @return this
   */
  public ClientBuilder shareStream() {
    sharesStream = true;
    return this;
  }

  /**
   * Chooses how long a call takes before the log warns of it.
   *
   * @param slowCall otherwise 1 s
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public ClientBuilder slowCall(Duration slowCall) {
    this.slowCall = Durations.positive(slowCall, "slowCall");
    return this;
  }

  /**
   * Has gRPC's interceptors see every call, the last one first.
   *
   * @param interceptors such as OpenTelemetry's
   * @return this
   */
  public ClientBuilder intercept(ClientInterceptor... interceptors) {
    for (ClientInterceptor interceptor : interceptors) {
      this.interceptors.add(Objects.requireNonNull(interceptor, "interceptor"));
    }
    return this;
  }

  /**
   * Changes gRPC's own options of the channel, such as keepalive or message sizes.
   *
   * @param options is given gRPC's builder, with this library's settings in it
   * @return this
   */
  public ClientBuilder channelOptions(Consumer<ManagedChannelBuilder<?>> options) {
    channelOptions = channelOptions.andThen(Objects.requireNonNull(options, "options"));
    return this;
  }

  /**
   * Makes the client. It connects at its first call.
   *
   * @return the client
   * @throws IllegalArgumentException if there is no address, or the environment has a wrong one
   * @throws java.io.UncheckedIOException if a file of {@link Tls} cannot be read
   */
  public Client build() {
    return new RemoteClient(new Connection(this));
  }

  Optional<Channel> channel() {
    return channel;
  }

  Target target() {
    return target.orElseGet(
        () ->
            Target.parse(
                variable("EDUNN_TARGET")
                    .orElseThrow(
                        () ->
                            new IllegalArgumentException(
                                "there is no address: give one, or set EDUNN_TARGET"))));
  }

  Optional<Tls> tls() {
    return plaintext ? Optional.empty() : tls.or(this::tlsOfEnvironment);
  }

  Optional<Supplier<String>> token() {
    return token.or(() -> variable("EDUNN_TOKEN").map(found -> () -> found));
  }

  CallSettings settings() {
    return settings;
  }

  RetryPolicy retry() {
    return retry;
  }

  boolean sharesStream() {
    return sharesStream;
  }

  Duration slowCall() {
    return slowCall;
  }

  List<ClientInterceptor> interceptors() {
    return interceptors;
  }

  Consumer<ManagedChannelBuilder<?>> channelOptions() {
    return channelOptions;
  }

  private Optional<Tls> tlsOfEnvironment() {
    Optional<Path> authority = variable("EDUNN_CA").map(Path::of);
    Optional<Path> certificate = variable("EDUNN_CERTIFICATE").map(Path::of);
    Optional<Path> key = variable("EDUNN_KEY").map(Path::of);
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(
          "EDUNN_CERTIFICATE and EDUNN_KEY belong together: set both or neither");
    }
    if (authority.isEmpty() && certificate.isEmpty()) {
      return Optional.empty();
    }
    Tls trusting = authority.map(Tls::trusting).orElseGet(Tls::usual);
    return Optional.of(
        certificate.map(path -> trusting.identity(path, key.orElseThrow())).orElse(trusting));
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  /** Returns where the client will connect to. */
  @Override
  public String toString() {
    return "builder of a client of "
        + channel
            .map(Channel::authority)
            .orElseGet(() -> target.map(Target::toString).orElse("EDUNN_TARGET"));
  }
}
