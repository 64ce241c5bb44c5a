package reader

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	alloy "github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/vm"
)

// Alloy itself cannot be compiled here: modules that it pins are in no registry. But the source of its components can
// be read, and the tags of their argument structs show what a component accepts.
const (
	module  = "github.com/grafana/alloy"
	version = "v1.18.1"
	sum     = "h1:Gqi9fwoqbkzPv66uynM1/kbh5qdm/x7p6Hn7FpD9LHE="
)

// The folder with the Arguments of each, and the folder that registers it.
var components = map[string]struct{ arguments, registration string }{
	"discovery.kubernetes": {"internal/component/discovery/kubernetes", "internal/component/discovery/kubernetes"},
	"discovery.relabel":    {"internal/component/discovery/relabel", "internal/component/discovery/relabel"},
	"pyroscope.ebpf":       {"internal/component/pyroscope/ebpf", "internal/component/pyroscope/ebpf"},
	"pyroscope.write":      {"internal/component/pyroscope/write", "internal/component/pyroscope/write/glue"},
}

// What a block accepts.
type schema struct {
	attributes map[string]string // Go type
	blocks     map[string]*schema
	required   map[string]bool
	repeated   bool
}

type source struct {
	root     string
	packages map[string][]*ast.File
}

func (s *source) files(t *testing.T, folder string) []*ast.File {
	t.Helper()
	if files, ok := s.packages[folder]; ok {
		return files
	}
	paths, err := filepath.Glob(filepath.Join(s.root, folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files: %v", folder, len(paths), err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.packages[folder] = append(s.packages[folder], file)
	}
	return s.packages[folder]
}

func (s *source) structOf(t *testing.T, folder, name string) *schema {
	t.Helper()
	for _, file := range s.files(t, folder) {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				named, ok := spec.(*ast.TypeSpec)
				if !ok || named.Name.Name != name {
					continue
				}
				made, ok := named.Type.(*ast.StructType)
				if !ok {
					t.Fatalf("%s.%s is no struct", folder, name)
				}
				return s.fields(t, folder, file, made)
			}
		}
	}
	t.Fatalf("%s has no type %s", folder, name)
	return nil
}

func (s *source) fields(t *testing.T, folder string, file *ast.File, of *ast.StructType) *schema {
	t.Helper()
	out := &schema{attributes: map[string]string{}, blocks: map[string]*schema{}, required: map[string]bool{}}
	for _, field := range of.Fields.List {
		if field.Tag == nil {
			continue
		}
		quoted, _ := strconv.Unquote(field.Tag.Value)
		tag := strings.Split(reflect.StructTag(quoted).Get("alloy"), ",")
		if len(tag) < 2 {
			continue
		}
		switch tag[1] {
		case "attr":
			out.attributes[tag[0]] = typeName(field.Type)
		case "block":
			_, list := field.Type.(*ast.ArrayType)
			out.blocks[tag[0]] = s.resolve(t, folder, file, field.Type)
			out.blocks[tag[0]].repeated = list
		case "squash":
			inner := s.resolve(t, folder, file, field.Type)
			for name, kind := range inner.attributes {
				out.attributes[name] = kind
			}
			for name, block := range inner.blocks {
				out.blocks[name] = block
			}
			for name, required := range inner.required {
				out.required[name] = required
			}
			continue
		default:
			t.Fatalf("%s: a tag that is not known here: %q", folder, tag)
		}
		out.required[tag[0]] = len(tag) == 2
	}
	return out
}

func (s *source) resolve(t *testing.T, folder string, file *ast.File, of ast.Expr) *schema {
	t.Helper()
	switch e := of.(type) {
	case *ast.StarExpr:
		return s.resolve(t, folder, file, e.X)
	case *ast.ArrayType:
		return s.resolve(t, folder, file, e.Elt)
	case *ast.Ident:
		return s.structOf(t, folder, e.Name)
	case *ast.SelectorExpr:
		for _, imported := range file.Imports {
			path, _ := strconv.Unquote(imported.Path.Value)
			name := filepath.Base(path)
			if imported.Name != nil {
				name = imported.Name.Name
			}
			if inside, ok := strings.CutPrefix(path, module+"/"); ok && name == e.X.(*ast.Ident).Name {
				return s.structOf(t, inside, e.Sel.Name)
			}
		}
	}
	t.Fatalf("%s: a type that is not followed: %s", folder, typeName(of))
	return nil
}

func typeName(of ast.Expr) string {
	switch e := of.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ArrayType:
		return "[]" + typeName(e.Elt)
	case *ast.MapType:
		return "map[" + typeName(e.Key) + "]" + typeName(e.Value)
	case *ast.SelectorExpr:
		return typeName(e.X) + "." + e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return fmt.Sprintf("%T", of)
}

// The stability under which a folder registers a component; empty when it does not.
func (s *source) stability(t *testing.T, folder, component string) string {
	t.Helper()
	found := ""
	for _, file := range s.files(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			values := map[string]ast.Expr{}
			for _, element := range literal.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					values[typeName(pair.Key)] = pair.Value
				}
			}
			if name, ok := values["Name"].(*ast.BasicLit); ok && name.Value == strconv.Quote(component) {
				found = typeName(values["Stability"])
			}
			return true
		})
	}
	return found
}

func download(t *testing.T) *source {
	t.Helper()
	command := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	command.Dir = t.TempDir() // outside of any module, whose go.sum it would ask
	text, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var got struct{ Dir, Sum string }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Sum != sum {
		t.Fatalf("%s@%s has the sum %s", module, version, got.Sum)
	}
	return &source{root: got.Dir, packages: map[string][]*ast.File{}}
}

// Whether Alloy could decode the value into that type; only what is plain is looked at.
func fits(value any, kind string) bool {
	switch kind {
	case "string", "time.Duration", "Regexp", "Action":
		_, ok := value.(string)
		return ok
	case "bool":
		_, ok := value.(bool)
		return ok
	case "int", "uint64", "float64":
		return value != nil && reflect.ValueOf(value).CanInt()
	case "[]string":
		list, ok := value.([]any)
		for _, item := range list {
			ok = ok && fits(item, "string")
		}
		return ok
	case "map[string]string":
		object, ok := value.(map[string]any)
		for _, item := range object {
			ok = ok && fits(item, "string")
		}
		return ok
	}
	return true
}

func check(t *testing.T, path string, body alloy.Body, known *schema) {
	t.Helper()
	seen := map[string]int{}
	for _, statement := range body {
		switch s := statement.(type) {
		case *alloy.AttributeStmt:
			seen[s.Name.Name]++
			kind, ok := known.attributes[s.Name.Name]
			var value any
			if err := vm.New(s.Value).Evaluate(scope(), &value); err != nil {
				t.Errorf("%s.%s: %v", path, s.Name.Name, err)
			} else if !ok {
				t.Errorf("%s: Alloy %s knows no attribute %q", path, version, s.Name.Name)
			} else if !fits(value, kind) {
				t.Errorf("%s.%s: %#v is no %s", path, s.Name.Name, value, kind)
			}
		case *alloy.BlockStmt:
			name := s.GetBlockName()
			seen[name]++
			block, ok := known.blocks[name]
			if !ok {
				t.Errorf("%s: Alloy %s knows no block %q", path, version, name)
				continue
			}
			if seen[name] > 1 && !block.repeated {
				t.Errorf("%s: block %q stands twice", path, name)
			}
			check(t, path+"."+name, s.Body, block)
		}
	}
	for name, required := range known.required {
		if required && seen[name] == 0 {
			t.Errorf("%s: %q is required", path, name)
		}
	}
}

func TestEveryComponentBlockAndAttributeIsOneOfAlloys(t *testing.T) {
	src := download(t)
	known := map[string]*schema{}
	for component, folders := range components {
		if stability := src.stability(t, folders.registration, component); stability != "featuregate.StabilityGenerallyAvailable" {
			t.Errorf("%s: %q: it would need --stability.level", component, stability)
		}
		known[component] = src.structOf(t, folders.arguments, "Arguments")
	}
	for _, name := range names(t) {
		used := map[string]bool{}
		for _, statement := range parse(t, name).Body {
			block, ok := statement.(*alloy.BlockStmt)
			if !ok || known[block.GetBlockName()] == nil {
				t.Errorf("%s: a statement that is no component: %#v", name, statement)
				continue
			}
			component := block.GetBlockName()
			if used[component+block.Label] || block.Label == "" {
				t.Errorf("%s: %s needs a label of its own", name, component)
			}
			used[component+block.Label] = true
			check(t, name+": "+component, block.Body, known[component])
		}
		if len(used) != len(components) {
			t.Errorf("%s: %v", name, used)
		}
	}
}

// The check above would see what it is there for.
func TestTheSchemaIsThatOfTheComponent(t *testing.T) {
	ebpf := download(t).structOf(t, components["pyroscope.ebpf"].arguments, "Arguments")
	if ebpf.attributes["sample_rate"] != "int" || !ebpf.required["forward_to"] || ebpf.required["sample_rate"] ||
		ebpf.attributes["pid_map_size"] != "int" || ebpf.blocks["debug_info"] == nil || ebpf.attributes["sample_hz"] != "" {
		t.Errorf("%+v", ebpf)
	}
}

// Alloy's documentation names some flags otherwise than its source, and ends at one that it does not know.
func TestEveryArgumentIsAFlagOfAlloys(t *testing.T) {
	src := download(t)
	flags := map[string]bool{}
	for _, file := range src.files(t, "internal/alloycli") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 3 {
				return true
			}
			if method, ok := call.Fun.(*ast.SelectorExpr); ok && strings.Contains(method.Sel.Name, "Var") {
				if name, ok := call.Args[1].(*ast.BasicLit); ok {
					text, _ := strconv.Unquote(name.Value)
					flags["--"+text] = true
				}
			}
			return true
		})
	}
	for _, name := range names(t) {
		text, err := os.ReadFile(filepath.Join("..", "cases", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		used := regexp.MustCompile(`"(--[^="]+)`).FindAllStringSubmatch(string(text), -1)
		if len(used) < 4 {
			t.Errorf("%s: flags %q", name, used)
		}
		for _, flag := range used {
			if !flags[flag[1]] {
				t.Errorf("%s: Alloy %s knows no flag %s", name, version, flag[1])
			}
		}
	}
}
