// Reads the operator's configuration for Grafana Alloy as Alloy would: with its own parser and evaluator, and with the
// relabelling of Prometheus, from which Alloy's is a copy. The configurations are golden files of golden_test.cc.
package reader

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/vm"
)

const node = "node-1.example"

// Checks of a configuration; schema_test.go checks that it holds nothing else.
type config struct {
	Discovery discovery `alloy:"discovery.kubernetes,block"`
	Relabel   relabel   `alloy:"discovery.relabel,block"`
	Profiler  profiler  `alloy:"pyroscope.ebpf,block"`
	Writer    writer    `alloy:"pyroscope.write,block"`
}

type discovery struct {
	Label      string      `alloy:",label"`
	Role       string      `alloy:"role,attr"`
	Namespaces *namespaces `alloy:"namespaces,block,optional"`
	Selectors  []selector  `alloy:"selectors,block"`
	Attach     attach      `alloy:"attach_metadata,block"`
}
type namespaces struct {
	Names []string `alloy:"names,attr"`
}
type selector struct {
	Role  string `alloy:"role,attr"`
	Field string `alloy:"field,attr"`
}
type attach struct {
	Namespace bool `alloy:"namespace,attr"`
}

type relabel struct {
	Label   string `alloy:",label"`
	Targets string `alloy:"targets,attr"`
	Rules   []rule `alloy:"rule,block"`
}
type rule struct {
	Action       string   `alloy:"action,attr,optional"`
	SourceLabels []string `alloy:"source_labels,attr"`
	Separator    *string  `alloy:"separator,attr,optional"`
	Regex        string   `alloy:"regex,attr"`
	TargetLabel  string   `alloy:"target_label,attr,optional"`
	Replacement  string   `alloy:"replacement,attr,optional"`
}

type profiler struct {
	Label           string   `alloy:",label"`
	Targets         string   `alloy:"targets,attr"`
	ForwardTo       []string `alloy:"forward_to,attr"`
	SampleRate      int      `alloy:"sample_rate,attr"`
	CollectInterval string   `alloy:"collect_interval,attr"`
	Demangle        string   `alloy:"demangle,attr"`
	LazyMode        bool     `alloy:"lazy_mode,attr"`
}

type writer struct {
	Label    string   `alloy:",label"`
	Endpoint endpoint `alloy:"endpoint,block"`
}
type endpoint struct {
	URL     string            `alloy:"url,attr"`
	Headers map[string]string `alloy:"headers,attr,optional"`
}

// Exports of the components, distinguished by their text.
func scope() *vm.Scope {
	return vm.NewScope(map[string]any{
		"discovery": map[string]any{
			"kubernetes": map[string]any{"pods": map[string]any{"targets": "the pods"}},
			"relabel":    map[string]any{"containers": map[string]any{"output": "the containers"}},
		},
		"pyroscope": map[string]any{
			"write": map[string]any{"server": map[string]any{"receiver": "the server"}},
		},
	})
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "cases", name+".alloy"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(name+".alloy", text)
	if err != nil {
		t.Fatalf("Alloy's parser refuses it: %v", err)
	}
	return file
}

func read(t *testing.T, name string) config {
	t.Helper()
	t.Setenv("PROFILING_NODE_NAME", node)
	var out config
	if err := vm.New(parse(t, name)).Evaluate(scope(), &out); err != nil {
		t.Fatalf("Alloy's evaluator refuses it: %v", err)
	}
	return out
}

func names(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../cases/*.alloy")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d cases: %v", len(files), err)
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), ".alloy")
	}
	return files
}

func TestComponentsAreWiredToEachOther(t *testing.T) {
	for _, name := range names(t) {
		c := read(t, name)
		if c.Relabel.Targets != "the pods" || c.Profiler.Targets != "the containers" ||
			len(c.Profiler.ForwardTo) != 1 || c.Profiler.ForwardTo[0] != "the server" {
			t.Errorf("%s: %q, %q, %q", name, c.Relabel.Targets, c.Profiler.Targets, c.Profiler.ForwardTo)
		}
		if len(c.Discovery.Selectors) != 1 || c.Discovery.Selectors[0] != (selector{"pod", "spec.nodeName=" + node}) {
			t.Errorf("%s: pods of other nodes are looked for: %v", name, c.Discovery.Selectors)
		}
		if c.Discovery.Role != "pod" || !c.Discovery.Attach.Namespace || !c.Profiler.LazyMode {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestSettingsArriveAsValues(t *testing.T) {
	c := read(t, "defaults")
	if c.Writer.Endpoint.URL != "http://pyroscope.profiling.svc:4040" || c.Writer.Endpoint.Headers != nil ||
		c.Profiler.SampleRate != 19 || c.Profiler.CollectInterval != "15s" || c.Discovery.Namespaces != nil {
		t.Errorf("defaults: %+v", c)
	}
	c = read(t, "everything")
	if c.Writer.Endpoint.Headers["X-Scope-OrgID"] != "platform" || c.Profiler.SampleRate != 97 ||
		c.Profiler.CollectInterval != "1m" || strings.Join(c.Discovery.Namespaces.Names, " ") != "shop legacy" {
		t.Errorf("everything: %+v", c)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	c := read(t, "hostile")
	for _, same := range [][2]string{
		{c.Writer.Endpoint.URL, "http://x\"\n}\nlocal.file \"a\" { filename = \"/etc/shadow\" }//:4040"},
		{c.Writer.Endpoint.Headers["X-Scope-OrgID"], "a\"b\\c\td\re${f}`g\x01\xC3\xA9\xFF"},
		{c.Profiler.CollectInterval, "1s\"\\"},
	} {
		if same[0] != same[1] {
			t.Errorf("%q became %q", same[1], same[0])
		}
	}
	if plain, hostile := parse(t, "defaults"), parse(t, "hostile"); len(plain.Body) != len(hostile.Body) {
		t.Errorf("%d statements instead of %d", len(hostile.Body), len(plain.Body))
	}
}
