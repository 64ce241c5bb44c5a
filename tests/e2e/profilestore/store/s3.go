package store

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/config"
)

type s3Bucket struct {
	client *minio.Client
	name   string
	sse    encrypt.ServerSide
}

func newS3(c config.S3) (*s3Bucket, error) {
	if err := c.CheckClient(); err != nil {
		return nil, err
	}
	transport, err := minio.DefaultTransport(!c.Insecure)
	if err != nil {
		return nil, fmt.Errorf("initialize s3 client: %w", err)
	}
	transport.ResponseHeaderTimeout = c.HTTP.ResponseHeaderTimeout
	if c.HTTP.InsecureSkipVerify {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}
	}
	lookup := minio.BucketLookupAuto
	switch {
	case c.ForcePathStyle || c.BucketLookupType == "path-style":
		lookup = minio.BucketLookupPath
	case c.BucketLookupType == "virtual-hosted-style":
		lookup = minio.BucketLookupDNS
	}
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds: keys(c), Secure: !c.Insecure, Region: c.Region, Transport: transport, BucketLookup: lookup,
	})
	if err != nil {
		return nil, fmt.Errorf("initialize s3 client: %w", err)
	}
	sse, err := encryption(c.SSE)
	if err != nil {
		return nil, fmt.Errorf("initialize s3 client SSE-KMS: %w", err)
	}
	return &s3Bucket{client: client, name: c.BucketName, sse: sse}, nil
}

// keys follows the server: the file's keys, else the AWS environment, the shared file, the metadata
// service, in this order.
func keys(c config.S3) *credentials.Credentials {
	if c.AccessKeyID != "" {
		if c.SignatureVersion == "v2" {
			return credentials.NewStaticV2(c.AccessKeyID, string(c.SecretAccessKey), "")
		}
		return credentials.NewStaticV4(c.AccessKeyID, string(c.SecretAccessKey), "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{},
		&credentials.FileAWSCredentials{},
		&credentials.IAM{Client: &http.Client{Transport: http.DefaultTransport}},
	})
}

func encryption(c config.SSE) (encrypt.ServerSide, error) {
	switch c.Type {
	case "SSE-S3":
		return encrypt.NewSSE(), nil
	case "SSE-KMS":
		context, err := c.Context()
		if err != nil {
			return nil, err
		}
		return encrypt.NewSSEKMS(c.KMSKeyID, context)
	}
	return nil, nil
}

func (b *s3Bucket) Put(ctx context.Context, key string, content []byte) error {
	_, err := b.client.PutObject(ctx, b.name, key, bytes.NewReader(content), int64(len(content)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", ServerSideEncryption: b.sse})
	return err
}

func (b *s3Bucket) Get(ctx context.Context, key string) ([]byte, error) {
	object, err := b.client.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Close() }()
	return io.ReadAll(object)
}

func (b *s3Bucket) Delete(ctx context.Context, key string) error {
	return b.client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{})
}

// Check lists the bucket: unlike a HEAD, a refused listing carries the reason in its body.
func (b *s3Bucket) Check(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the listing's goroutine ends with it
	for object := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{MaxKeys: 1}) {
		return object.Err
	}
	return nil
}
