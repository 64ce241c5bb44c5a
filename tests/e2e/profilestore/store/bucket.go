// Package store keeps profiles: it gathers them into segments, writes those to a bucket, and keeps the
// index of the segments' contents. Acknowledged profiles survive a kill of the process.
package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
)

// Bucket is an object store. All calls may be made from any goroutine.
type Bucket interface {
	// Put returns when the object is durable.
	Put(ctx context.Context, key string, content []byte) error
	Get(ctx context.Context, key string) ([]byte, error)
	Delete(ctx context.Context, key string) error
	// Check reaches the bucket once: the error says why it cannot be used.
	Check(ctx context.Context) error
}

// NewBucket makes the backend that the configuration names. It does not reach the network.
func NewBucket(c config.Storage) (Bucket, error) {
	switch c.Backend {
	case "s3":
		return newS3(c.S3)
	case "filesystem":
		return &directory{root: c.Filesystem.Dir}, nil
	default:
		return nil, fmt.Errorf("storage.backend: %q is not supported, only s3 and filesystem", c.Backend)
	}
}

// directory keeps objects as files; the rename after fsync makes a half-written one invisible.
type directory struct{ root string }

func (d *directory) path(key string) string { return filepath.Join(d.root, filepath.FromSlash(key)) }

func (d *directory) Put(_ context.Context, key string, content []byte) error {
	path := d.path(key)
	if err := makeDirs(filepath.Dir(path)); err != nil {
		return err
	}
	return writeDurably(path, content)
}

func (d *directory) Get(_ context.Context, key string) ([]byte, error) {
	return os.ReadFile(d.path(key))
}

func (d *directory) Delete(_ context.Context, key string) error {
	if err := os.Remove(d.path(key)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// Segments have a folder of their own; one that is not empty yet stays.
	_ = os.Remove(filepath.Dir(d.path(key)))
	return nil
}

func (d *directory) Check(context.Context) error { return os.MkdirAll(d.root, 0o755) }

// makeDirs creates a folder and syncs every parent it created, so that the names survive a crash too.
func makeDirs(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeDirs(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func writeDurably(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Sync()
	}
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}
