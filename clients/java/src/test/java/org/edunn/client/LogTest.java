package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.InsecureServerCredentials;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.edunn.serving.v1.LayerServiceGrpc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the client logs. */
class LogTest {
  private final Logger logger = Logger.getLogger("org.edunn.client");
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          lines.add(record.getLevel() + " " + new SimpleFormatter().formatMessage(record));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private ScriptedServer server;

  @BeforeEach
  void start() throws IOException {
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    server = new ScriptedServer();
  }

  @AfterEach
  void stop() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
    server.close();
  }

  @Test
  void retryIsLogged() throws InterruptedException {
    server.fail(LayerServiceGrpc.getGetSessionMethod(), ScriptedServer.unavailable());
    server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
    try (Client client = Client.connect(server.address())) {
      client.getSession("s1");
    }
    assertMatches(lines.take(), Level.INFO + " GetSession is tried again in \\d+ ms: no .*");
  }

  @Test
  void slowCallIsLogged() throws InterruptedException {
    server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
    try (Client client = Client.builder(server.address()).slowCall(Duration.ofNanos(1)).build()) {
      client.getSession("s1");
    }
    assertMatches(lines.take(), Level.WARNING + " GetSession took \\d+ ms, in 1 attempt");
  }

  @Test
  void reconnectionIsLogged() throws Exception {
    server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
    String address = server.address();
    try (Client client = Client.connect(address)) {
      client.getSession("s1");
      server.close();
      await("the connection to " + address + " is lost");
      server = new ScriptedServer(InsecureServerCredentials.create(), server.port());
      server.answer(LayerServiceGrpc.getGetSessionMethod(), Answers.session());
      client.getSession("s1");
      await("connected to " + address + " again");
    }
  }

  @Test
  void tokenInTheClearIsWarnedOf() {
    for (String address : List.of("localhost:1", "127.0.0.1:1", "[::1]:1", "unix:/tmp/socket")) {
      Client.builder(address).token("abc").build().close();
    }
    assertTrue(lines.isEmpty(), lines::toString);
    Client.builder("h.example:1").token("abc").build().close();
    assertMatches(lines.remove(), Level.WARNING + " the token for h.example:1 travels .*");
  }

  private void await(String text) throws InterruptedException {
    while (!lines.take().contains(text)) {
      continue;
    }
  }

  private static void assertMatches(String line, String pattern) {
    assertTrue(line.matches(pattern), line);
  }
}
