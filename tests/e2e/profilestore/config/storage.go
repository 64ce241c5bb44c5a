package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	errPrefixSlash = errors.New("storage prefix starts with a slash")
	errPrefixEmpty = errors.New("storage prefix contains an empty path segment")
	// The misspelling is the server's: tests compare its last words.
	errPrefixCharacters = errors.New("storage prefix contains invalid characters: only alphanumeric, " +
		"hyphen, underscore, dot, and no segement should be '.' or '..'")
	errPrefixBoth = errors.New("both storage.prefix and storage.storage-prefix are set, please use " +
		"only storage.prefix, as storage.storage-prefix is deprecated")
)

// KeyPrefix is what every object's key begins with, without a slash at its end.
func (s *Storage) KeyPrefix() string {
	prefix := s.Prefix
	if prefix == "" {
		prefix = s.DeprecatedPrefix
	}
	return strings.TrimSuffix(prefix, "/")
}

func (s *Storage) validate() error {
	if s.Prefix != "" && s.DeprecatedPrefix != "" {
		return errPrefixBoth
	}
	prefix := s.Prefix + s.DeprecatedPrefix
	if err := validatePrefix(prefix); err != nil {
		return err
	}
	switch s.Backend {
	case "", "filesystem":
		return nil
	case "s3":
		return s.S3.validate()
	case "gcs", "azure", "swift", "cos":
		return fmt.Errorf("storage.backend: this store writes to s3 or filesystem: %q is not supported", s.Backend)
	default:
		return errors.New("unsupported storage backend")
	}
}

func validatePrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	elements := strings.Split(prefix, "/")
	for i, element := range elements {
		if element == "" && i == 0 {
			return errPrefixSlash
		}
		if element == "" && i != len(elements)-1 {
			return errPrefixEmpty
		}
		if element == "." || element == ".." || strings.IndexFunc(element, notInPrefix) >= 0 ||
			element != "" && element[0] >= '0' && element[0] <= '9' { // the server's own quirk
			return errPrefixCharacters
		}
	}
	return nil
}

func notInPrefix(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("-_.", r)
}

func (s *S3) validate() error {
	if !slices.Contains([]string{"v4", "v2"}, s.SignatureVersion) {
		return errors.New("unsupported signature version")
	}
	if s.ForcePathStyle && s.BucketLookupType == "virtual-hosted-style" {
		return errors.New("cannot use s3.force-path-style = true and s3.bucket-lookup-type = " +
			"virtual-hosted-style at the same time")
	}
	if !slices.Contains([]string{"path-style", "virtual-hosted-style", "auto"}, s.BucketLookupType) {
		return errors.New("invalid S3 bucket lookup type")
	}
	if !slices.Contains([]string{"", "SSE-KMS", "SSE-S3"}, s.SSE.Type) {
		return errors.New("unsupported S3 SSE type")
	}
	if _, err := s.SSE.Context(); err != nil {
		return errors.New("invalid S3 SSE encryption context")
	}
	return nil
}

// Context is the KMS encryption context, a JSON object of strings.
func (s *SSE) Context() (map[string]string, error) {
	context := map[string]string{}
	if s.KMSEncryptionContext == "" {
		return context, nil
	}
	return context, json.Unmarshal([]byte(s.KMSEncryptionContext), &context)
}

// CheckClient refuses what the server's S3 client refuses when it is made.
func (s *S3) CheckClient() error {
	switch {
	case s.Endpoint == "":
		return errors.New("no s3 endpoint in config file")
	case strings.Contains(s.Endpoint, "/"):
		// Newer releases of the S3 client than the server's word this in another way.
		return errors.New("initialize s3 client: Endpoint url cannot have fully qualified paths.")
	case s.NativeAWSAuth && s.AccessKeyID != "":
		return errors.New("aws_sdk_auth and access_key are mutually exclusive configurations")
	case s.AccessKeyID == "" && s.SecretAccessKey != "":
		return errors.New("no s3 access_key specified while secret_key is present in config file; " +
			"either both should be present in config or envvars/IAM should be used.")
	case s.AccessKeyID != "" && s.SecretAccessKey == "":
		return errors.New("no s3 secret_key specified while access_key is present in config file; " +
			"either both should be present in config or envvars/IAM should be used.")
	}
	return nil
}
