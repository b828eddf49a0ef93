package edunn_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The packages that the README's fragments may use.
var fragmentImports = []string{
	"context", "errors", "fmt", "time",
	"google.golang.org/grpc", "google.golang.org/grpc/keepalive", "google.golang.org/grpc/metadata",
	"github.com/edunn/edunn-serving/clients/go/layers",
	"github.com/edunn/edunn-serving/clients/go/optimizers",
}

// A comment that says what its line prints.
var printsMark = regexp.MustCompile(`// prints (.*)`)

// TestReadmeExamplesRun runs the README's code as it stands but for the address: its programs each
// by itself, its fragments one after the other as functions of one program.
func TestReadmeExamplesRun(t *testing.T) {
	t.Parallel()
	address := serviceAddress(t)
	readme, err := os.ReadFile("README.md")
	must(t, err)
	var fragments []string
	programs := map[string]string{}
	for _, match := range regexp.MustCompile("(?ms)^```go\n(.*?)^```").FindAllSubmatch(readme, -1) {
		code := strings.ReplaceAll(string(match[1]), "localhost:50051", address)
		if strings.HasPrefix(code, "package main") {
			programs[fmt.Sprint("program", len(programs)+1)] = code
		} else {
			fragments = append(fragments, code)
		}
	}
	if len(programs) == 0 || len(fragments) < 7 {
		t.Fatalf("found %d programs and %d fragments", len(programs), len(fragments))
	}
	programs["fragments"] = fragmentsProgram(fragments, address)
	for name, code := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "main.go")
			must(t, os.WriteFile(file, []byte(code), 0o600))
			output, err := exec.CommandContext(t.Context(), "go", "run", file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, output, code)
			}
			for _, match := range printsMark.FindAllStringSubmatch(code, -1) {
				if !strings.Contains(string(output), match[1]+"\n") {
					t.Errorf("%q is not in\n%s", match[1], output)
				}
			}
		})
	}
}

func fragmentsProgram(fragments []string, address string) string {
	var program strings.Builder
	all := strings.Join(fragments, "\n")
	program.WriteString("package main\n\nimport (\n\t\"log\"\n")
	for _, name := range fragmentImports {
		if name == "context" || strings.Contains(all, path.Base(name)+".") {
			fmt.Fprintf(&program, "\t%q\n", name)
		}
	}
	program.WriteString("\n\tedunn \"github.com/edunn/edunn-serving/clients/go\"\n)\n")
	for at, fragment := range fragments {
		fmt.Fprintf(&program, `
func fragment%d(ctx context.Context, client *edunn.Client, session *edunn.Session) error {
%s
	return nil
}
`, at, fragment)
	}
	fmt.Fprintf(&program, `
func main() {
	ctx := context.Background()
	client, err := edunn.NewClient(%q)
	if err != nil {
		log.Fatal(err)
	}
	session, err := client.CreateSession(ctx)
	if err != nil {
		log.Fatal(err)
	}
`, address)
	for at := range fragments {
		fmt.Fprintf(&program, `
	if err := fragment%d(ctx, client, session); err != nil {
		log.Fatal("fragment %d: ", err)
	}
`, at, at)
	}
	program.WriteString("\n\tif err := session.Close(ctx); err != nil {\n\t\tlog.Fatal(err)\n\t}\n}\n")
	return program.String()
}
