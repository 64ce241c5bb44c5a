package store

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	profilev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"

	"profiling.dev/profiling-operator/tests/e2e/profilestore/profile"
)

// A block file is the magic line, the length of the header as a big-endian 32-bit number, the header as
// JSON (label sets in clear: the file is self-describing), then the profiles, each a gzip
// member whose offset counts from the end of the header.
const magic = "profilestore block 1\n"

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// Entry describes one stored profile.
type Entry struct {
	Tenant    string         `json:"tenant"`
	Labels    profile.Labels `json:"labels"`
	Types     []string       `json:"types"` // profile type identifiers, in the order of the dimensions
	TimeNanos int64          `json:"time_nanos"`
	Offset    int            `json:"offset"`
	Length    int            `json:"length"`
	CRC       uint32         `json:"crc"`
}

// TimeMillis is the profile's time as queries count it.
func (e *Entry) TimeMillis() int64 { return e.TimeNanos / 1e6 }

// Record is a profile to be stored.
type Record struct {
	Tenant string
	profile.Series
}

func encodeBlock(records []encoded) ([]byte, []Entry, error) {
	var data bytes.Buffer
	entries := make([]Entry, 0, len(records))
	for _, record := range records {
		entry := record.entry
		entry.Offset, entry.Length = data.Len(), len(record.data)
		entry.CRC = crc32.Checksum(record.data, crcTable)
		entries = append(entries, entry)
		data.Write(record.data)
	}
	header, err := json.Marshal(entries)
	if err != nil {
		return nil, nil, err
	}
	file := append([]byte(magic), binary.BigEndian.AppendUint32(nil, uint32(len(header)))...)
	file = append(file, header...)
	return append(file, data.Bytes()...), entries, nil
}

// encoded is a record ready to be put into a block.
type encoded struct {
	entry Entry
	data  []byte
}

func encode(record Record) (encoded, error) {
	plain, err := record.Profile.MarshalVT()
	if err != nil {
		return encoded{}, err
	}
	var data bytes.Buffer
	writer, err := gzip.NewWriterLevel(&data, gzip.BestSpeed)
	if err != nil {
		return encoded{}, err
	}
	if _, err := writer.Write(plain); err != nil {
		return encoded{}, err
	}
	if err := writer.Close(); err != nil {
		return encoded{}, err
	}
	return encoded{data: data.Bytes(), entry: Entry{
		Tenant: record.Tenant, Labels: record.Labels, TimeNanos: record.Profile.TimeNanos,
		Types: profile.Types(record.Profile, record.Labels.Get(profile.LabelName)),
	}}, nil
}

// blockData returns the entries of a block file and the part that their offsets count from.
func blockData(file []byte) ([]Entry, []byte, error) {
	rest, found := bytes.CutPrefix(file, []byte(magic))
	if !found || len(rest) < 4 {
		return nil, nil, errors.New("not a block of this store")
	}
	length := int(binary.BigEndian.Uint32(rest))
	if length > len(rest)-4 {
		return nil, nil, errors.New("the block is cut off in its header")
	}
	var entries []Entry
	if err := json.Unmarshal(rest[4:4+length], &entries); err != nil {
		return nil, nil, fmt.Errorf("the block's header: %w", err)
	}
	return entries, rest[4+length:], nil
}

func decode(data []byte, entry *Entry) (*profilev1.Profile, error) {
	if entry.Offset < 0 || entry.Length < 0 || entry.Offset+entry.Length > len(data) {
		return nil, errors.New("the block is cut off")
	}
	member := data[entry.Offset : entry.Offset+entry.Length]
	if crc32.Checksum(member, crcTable) != entry.CRC {
		return nil, errors.New("the block's checksum does not match")
	}
	reader, err := gzip.NewReader(bytes.NewReader(member))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	p := &profilev1.Profile{}
	return p, p.UnmarshalVT(plain)
}
