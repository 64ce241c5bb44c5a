package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Block is one segment in the bucket.
type Block struct {
	Key     string  `json:"key"`
	Entries []Entry `json:"entries"`
}

// newest is the time of the youngest profile in it.
func (b *Block) newest() int64 {
	var newest int64
	for i := range b.Entries {
		newest = max(newest, b.Entries[i].TimeNanos)
	}
	return newest
}

// index knows every block. It is a log of lines "<crc32c in hex> <block as JSON>"; a line is there for
// good once add returned. A torn last line, left by a kill, was never acknowledged and is cut off.
type index struct {
	path string

	mutex  sync.RWMutex
	file   *os.File
	size   int64 // where the acknowledged part of the log ends
	blocks []*Block
}

func openIndex(dir string) (*index, error) {
	if err := makeDirs(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "index.log")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	idx := &index{path: path, file: file}
	if err := idx.recover(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return idx, syncDir(dir)
}

func (i *index) recover() error {
	reader := bufio.NewReaderSize(i.file, 1<<20)
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		block, valid := parseLine(line)
		if !valid {
			// Only the last line may be torn. Anything after it means damage that must not be hidden.
			if _, next := reader.Peek(1); !errors.Is(next, io.EOF) {
				return fmt.Errorf("damaged at byte %d", i.size)
			}
			break
		}
		i.size += int64(len(line))
		i.blocks = append(i.blocks, block)
	}
	if err := i.file.Truncate(i.size); err != nil {
		return err
	}
	_, err := i.file.Seek(i.size, io.SeekStart)
	return err
}

func formatLine(block *Block) ([]byte, error) {
	text, err := json.Marshal(block)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(text, crcTable), text), nil
}

func parseLine(line []byte) (*Block, bool) {
	sum, text, found := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	if !found || !bytes.HasSuffix(line, []byte("\n")) ||
		string(sum) != fmt.Sprintf("%08x", crc32.Checksum(text, crcTable)) {
		return nil, false
	}
	block := &Block{}
	return block, json.Unmarshal(text, block) == nil
}

// add returns when the block is in the log for good. After an error the log is as before.
func (i *index) add(block *Block) error {
	line, err := formatLine(block)
	if err != nil {
		return err
	}
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if _, err = i.file.WriteAt(line, i.size); err == nil {
		err = i.file.Sync()
	}
	if err != nil {
		return errors.Join(err, i.file.Truncate(i.size))
	}
	i.size += int64(len(line))
	i.blocks = append(i.blocks, block)
	return nil
}

// snapshot returns the blocks known now; neither it nor the blocks may be changed.
func (i *index) snapshot() []*Block {
	i.mutex.RLock()
	defer i.mutex.RUnlock()
	return i.blocks[:len(i.blocks):len(i.blocks)]
}

// drop forgets blocks: the log is written anew and put in the old one's place.
func (i *index) drop(dead map[*Block]bool) error {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	var text []byte
	kept := make([]*Block, 0, len(i.blocks))
	for _, block := range i.blocks {
		if dead[block] {
			continue
		}
		line, err := formatLine(block)
		if err != nil {
			return err
		}
		text = append(text, line...)
		kept = append(kept, block)
	}
	if err := writeDurably(i.path, text); err != nil {
		return err
	}
	file, err := os.OpenFile(i.path, os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	_ = i.file.Close() // everything in it was synced
	i.file, i.size, i.blocks = file, int64(len(text)), kept
	return nil
}

func (i *index) close() error {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.file.Close()
}
