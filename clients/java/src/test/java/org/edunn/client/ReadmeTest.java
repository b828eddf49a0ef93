package org.edunn.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
  static void read() throws IOException {
    Matcher matcher = BLOCK.matcher(Files.readString(Path.of("README.md")));
    blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(matcher.group(1).replace("localhost:50051", Service.address()));
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
    String output = run(Path.of("example", "LearnOr.java"), Service.address());
    assertTrue(output.contains("1 or 1 = "), output);
  }

  /** Runs a program of one file with assertions on and returns what it prints. */
  private static String run(Path program, String... arguments)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-enableassertions",
            "-classpath",
            System.getProperty("java.class.path"),
            program.toString());
    builder.command().addAll(List.of(arguments));
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
