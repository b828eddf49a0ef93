package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What holds for every public type: it prints itself, and names the argument that is null. */
class PublicTypesTest {
  private static final Path CLASSES = Path.of("target", "classes", "org", "edunn", "client");

  private ScriptedServer server;
  private FakeService service;
  private Client client;
  private List<Object> objects;

  @BeforeEach
  void start() throws Exception {
    server = new ScriptedServer();
    service = FakeService.start(Map.of());
    client = Client.connect(server.address());
    Session session = Answers.created(server, client);
    Layer layer = session.layer("l1");
    objects =
        List.of(
            client,
            Client.builder("localhost:1"),
            client.newSession(),
            session,
            layer,
            Forward.of(layer, Answers.ONE),
            Backward.of(layer, Answers.ONE),
            Step.of(layer),
            TrainStep.of(layer, layer, Answers.ONE, Answers.ONE),
            Optimizer.of("Adam", Map.of()),
            Optimizers.adam(),
            client.newStream(),
            client.newStream().open(),
            client.compute(List.of()),
            OperationResult.of(Forward.of(layer), new Output(Answers.ONE, "c1", Phase.TEST)),
            new Gradients(Answers.ONE, Map.of(), "c1"),
            session.info(),
            layer.info(),
            LayerSpec.of("l1", "ReLU"),
            Tls.usual(),
            CallOption.gzip(),
            RetryPolicy.standard(),
            Layers.dropout("drop"),
            Layers.conv2d("conv", 1, 1, 1),
            Layers.zero(),
            service,
            FakeLayer.of(UnaryOperator.identity(), UnaryOperator.identity()),
            Answers.ONE);
  }

  @AfterEach
  void stop() {
    client.close();
    service.close();
    server.close();
  }

  @Test
  void objectsPrintWhatAReaderCanRead() {
    for (Object object : objects) {
      assertTrue(!object.toString().matches(".*@[0-9a-f]+.*"), object::toString);
    }
  }

  @Test
  void argumentThatIsNullIsNamed() throws Exception {
    List<String> found = new ArrayList<>();
    for (Class<?> type : publicTypes()) {
      for (Method method : type.getDeclaredMethods()) {
        if (Modifier.isPublic(method.getModifiers()) && !method.isSynthetic()) {
          check(type, method, found);
        }
      }
    }
    assertEquals(List.of(), found);
  }

  private void check(Class<?> type, Method method, List<String> found) throws Exception {
    boolean isStatic = Modifier.isStatic(method.getModifiers());
    List<Object> on =
        isStatic ? List.of(type) : objects.stream().filter(type::isInstance).limit(1).toList();
    if (method.getName().equals("equals") || type.isRecord() || type.isEnum()) {
      return;
    }
    if (type == FakeLayer.class && !isStatic) {
      return; // The fake service calls these, and passes no null.
    }
    for (Object object : on) {
      for (int i = 0; i < method.getParameterCount(); i++) {
        Class<?> parameter = method.getParameterTypes()[i];
        if (parameter.isPrimitive() || isNullable(method, i) || isShape(method, i)) {
          continue;
        }
        Object[] arguments = arguments(method);
        boolean holds = parameter.isArray() && !parameter.getComponentType().isPrimitive();
        arguments[i] = holds ? holdingNull(parameter) : null;
        try {
          method.setAccessible(true);
          method.invoke(object, arguments);
          found.add(method + " takes null");
        } catch (InvocationTargetException thrown) {
          NullPointerException error =
              assertInstanceOf(
                  NullPointerException.class, thrown.getCause(), () -> method + " with null");
          if (error.getMessage() == null
              || !error.getMessage().matches("[a-zA-Z]+|.* because \"\\w+\" is null")) {
            found.add(method + " says " + error.getMessage());
          }
        }
      }
    }
  }

  private Object[] arguments(Executable method) {
    return Stream.of(method.getParameterTypes()).map(this::argument).toArray();
  }

  private Object argument(Class<?> type) {
    for (Object object : objects) {
      if (type != Object.class && type.isInstance(object)) {
        return object;
      }
    }
    if (type.isArray()) {
      return java.lang.reflect.Array.newInstance(type.getComponentType(), 0);
    }
    return switch (type.getSimpleName()) {
      case "String" -> "localhost:1";
      case "Duration" -> Duration.ofSeconds(1);
      case "Map" -> Map.of();
      case "Path" -> Path.of("p");
      case "int" -> 1;
      case "double" -> 1.0;
      case "long" -> 1L;
      case "boolean" -> true;
      case "Phase" -> Phase.TEST;
      case "DataType" -> DataType.FLOAT64;
      case "ByteBuffer" -> ByteBuffer.allocate(8);
      case "Code" -> io.grpc.Status.Code.UNKNOWN;
      case "Output" -> new Output(Answers.ONE, "c1", Phase.TEST);
      case "EdunnException" -> EdunnException.of(io.grpc.Status.Code.UNKNOWN, "", "");
      case "Operation" -> objects.get(5);
      case "Iterable" -> List.of();
      case "UnaryOperator" -> UnaryOperator.identity();
      default -> null;
    };
  }

  private static Object holdingNull(Class<?> array) {
    return java.lang.reflect.Array.newInstance(array.getComponentType(), 1);
  }

  /** Of a vararg of numbers nobody passes null by mistake. */
  private static boolean isShape(Method method, int parameter) {
    return method.isVarArgs()
        && method.getParameterTypes()[parameter] == long[].class
        && parameter == method.getParameterCount() - 1;
  }

  private static boolean isNullable(Method method, int parameter) {
    AnnotatedType type = method.getAnnotatedParameterTypes()[parameter];
    return type.isAnnotationPresent(Nullable.class);
  }

  private static List<Class<?>> publicTypes() throws Exception {
    try (Stream<Path> files = Files.list(CLASSES)) {
      List<Class<?>> types = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString().replace(".class", "");
        if (!name.equals("package-info")) {
          Class<?> type = Class.forName("org.edunn.client." + name);
          if (Modifier.isPublic(type.getModifiers())) {
            types.add(type);
          }
        }
      }
      return types;
    }
  }
}
