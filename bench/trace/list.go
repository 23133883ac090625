package trace

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// Info describes a trace file without reading its rows.
type Info struct {
	Name        string `json:"name"`
	File        string `json:"file"` // its path; in a manifest that within the directory
	Description string `json:"description"`
	Kind        Kind   `json:"value_kind"`
	Unit        string `json:"unit"`
}

// List returns the traces of a directory: those that its manifest.yaml names
// under "series", in that order, or without a manifest its .csv and .csv.gz files
// in order of their names, all taken for rates. A manifest without series is an error,
// because it must belong to something else.
func List(dir string) ([]Info, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("trace: %s is a file, want a directory of them", dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, "manifest.yaml"))
	if os.IsNotExist(err) {
		return listFiles(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	var manifest struct {
		Series []Info `json:"series"`
	}
	if err := yaml.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("trace: %s: want a list of series, each with a name and a file: %w", filepath.Join(dir, "manifest.yaml"), err)
	}
	if len(manifest.Series) == 0 {
		return nil, fmt.Errorf("trace: %s: lists no series, want some, each with a name and a file; without a manifest all .csv and .csv.gz files are read",
			filepath.Join(dir, "manifest.yaml"))
	}
	for i := range manifest.Series {
		info := &manifest.Series[i]
		if info.Kind == "" {
			info.Kind = Rate
		}
		if info.Name == "" || info.File == "" || !filepath.IsLocal(info.File) {
			return nil, fmt.Errorf("trace: %s: series %d has name %q and file %q, want a name and a file below the directory",
				filepath.Join(dir, "manifest.yaml"), i, info.Name, info.File)
		}
		info.File = filepath.Join(dir, info.File)
	}
	return manifest.Series, nil
}

func listFiles(dir string) ([]Info, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	var infos []Info
	for _, f := range files {
		name, found := strings.CutSuffix(strings.TrimSuffix(f.Name(), ".gz"), ".csv")
		if found && !f.IsDir() {
			infos = append(infos, Info{Name: name, File: filepath.Join(dir, f.Name()), Kind: Rate})
		}
	}
	return infos, nil
}
