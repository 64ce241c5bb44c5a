package store

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTornLastLineIsCutOff(t *testing.T) {
	c := settings(t.TempDir())
	s, _ := open(t, c)
	if err := s.Append(context.Background(), []Record{record("a", "kept", time.Now())}); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	path := filepath.Join(c.Metastore.DataDir, "index.log")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, torn := range []string{"deadbeef {\"key\":", string(whole[:len(whole)-1]), "x\n"} {
		if err := os.WriteFile(path, append(append([]byte{}, whole...), torn...), 0o600); err != nil {
			t.Fatal(err)
		}
		again, _ := open(t, c)
		if got := services(t, again, "a"); len(got) != 1 || got[0] != "kept" {
			t.Errorf("after %q: %v", torn, got)
		}
		if err := again.Append(context.Background(), []Record{record("a", "new", time.Now())}); err != nil {
			t.Fatal(err)
		}
		closeStore(t, again)
		final, _ := open(t, c)
		if got := services(t, final, "a"); len(got) != 2 {
			t.Errorf("after %q and an append: %v", torn, got)
		}
		closeStore(t, final)
	}
}

func TestDamageBeforeTheEndIsNotHidden(t *testing.T) {
	c := settings(t.TempDir())
	s, _ := open(t, c)
	for range 2 {
		if err := s.Append(context.Background(), []Record{record("a", "x", time.Now())}); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	path := filepath.Join(c.Metastore.DataDir, "index.log")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[20] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(c, nil, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "damaged at byte 0") {
		t.Errorf("got %v", err)
	}
}
