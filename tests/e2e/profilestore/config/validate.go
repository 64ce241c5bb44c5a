package config

import (
	"errors"
	"fmt"
	"slices"
)

// Validate refuses what the server refuses before it starts any of its parts.
func (c *Config) Validate() error {
	if len(c.Target) == 0 || slices.Contains(c.Target, "") {
		return errors.New("no modules specified")
	}
	for _, target := range c.Target {
		if target != "all" {
			return fmt.Errorf("target: this store runs every module in one process: %q is not supported, only \"all\"", target)
		}
	}
	if err := c.Storage.validate(); err != nil {
		return err
	}
	if err := c.refuseUnsupported(); err != nil {
		return err
	}
	if !slices.Contains([]string{"v1", "v1-v2-dual", "v2"}, c.ArchitectureStorage) {
		return fmt.Errorf("invalid storage layer %q: must be v1, v1-v2-dual or v2", c.ArchitectureStorage)
	}
	if c.ArchitectureStorage != "v1" && c.Storage.Backend == "" {
		return fmt.Errorf("storage.backend is required for %s storage layer", c.ArchitectureStorage)
	}
	if c.ArchitectureStorage == "v2" && c.Limits.WritePath != "segment-writer" {
		return errors.New("write-path=segment-writer is required for v2 storage layer")
	}
	return nil
}

// refuseUnsupported names what the server can do and this store cannot, where going on without it would
// make a test pass that must not.
func (c *Config) refuseUnsupported() error {
	switch {
	case c.ArchitectureStorage == "v1":
		return errors.New("architecture_storage: this store keeps blocks as v2 does: v1 is not supported")
	case c.Server.HTTPTLS != ServerTLS{}:
		return errors.New("server.http_tls_config: this store speaks plain HTTP only")
	case c.Server.HTTPPathPrefix != "":
		return errors.New("server.http_path_prefix: this store serves at / only")
	case c.AdminServer.Mode != "disabled":
		return fmt.Errorf("admin_server.mode: %q is not supported, only \"disabled\"", c.AdminServer.Mode)
	case c.RuntimeConfig.File != "":
		return errors.New("runtime_config.file: this store has the same limits for every tenant")
	}
	return nil
}
