package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's code and the example program, run as they stand but for the address. */
@NeedsService
class ReadmeTest {
  private static final Pattern BLOCK =
      Pattern.compile("^```java\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern IMPORT = Pattern.compile("^import .*\\n", Pattern.MULTILINE);

  private static List<String> blocks;

  @TempDir Path folder;

  @BeforeAll
  static void read(@TempDir Path certificates) throws Exception {
    Certificate certificate = Certificate.make(certificates);

    Matcher matcher = BLOCK.matcher(Files.readString(Path.of("README.md")));
    blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(
          matcher
              .group(1)
              .replace("localhost:50051", Service.address())
              .replace("ca.pem", certificate.chain().toString())
              .replace("me.pem", certificate.chain().toString())
              .replace("me.key", certificate.key().toString()));
    }
  }

  @Test
  void firstExampleRuns() throws Exception {
    run(Files.writeString(folder.resolve("Example.java"), blocks.get(0)));
  }

  @Test
  void otherExamplesRun() throws Exception {
    List<String> others = blocks.subList(1, blocks.size());
    assertTrue(others.size() >= 10, () -> others.size() + " examples");
    String code = String.join("\n", others);
    String imports =
        IMPORT.matcher(code).results().map(found -> found.group()).collect(Collectors.joining());
    String body = IMPORT.matcher(code).replaceAll("");
    String program =
        "%sclass Readme {\n  public static void main(String[] arguments) {\n%s\n  }\n}\n"
            .formatted(imports, body + "secured.close();\nsession.delete();\nclient.close();");
    run(Files.writeString(folder.resolve("Readme.java"), program));
  }

  @Test
  void exampleProgramRuns() throws Exception {
    // It throws if the unit has not learned it.
    run(Path.of("example", "LearnOr.java"), Service.address());
  }

  /** Compiles a program of one file and runs it with assertions on. */
  private void run(Path program, String... arguments) throws Exception {
    String classpath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    String[] options = {"-d", folder.toString(), "-cp", classpath, program.toString()};
    assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, options));
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      loader.setDefaultAssertionStatus(true);
      String name = program.getFileName().toString().replace(".java", "");
      Method main = loader.loadClass(name).getDeclaredMethod("main", String[].class);
      main.setAccessible(true);
      main.invoke(null, (Object) arguments);
    }
  }
}
